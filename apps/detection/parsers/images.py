"""Names of container images in one spelling."""

import re
from dataclasses import dataclass

from apps.detection.sights import Kind, Scope, Sight

# Other names of Docker Hub, and mirrors of it.
_HUB = (
    "docker.io/",
    "index.docker.io/",
    "registry-1.docker.io/",
    "registry.hub.docker.com/",
    "public.ecr.aws/docker/",
    "mirror.gcr.io/",
    # GitLab's proxy of Docker Hub.
    "${CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX}/",
    "$CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX/",
    "${CI_DEPENDENCY_PROXY_DIRECT_GROUP_IMAGE_PREFIX}/",
)
# Docker Hub has the official images again for each of these, by name of the architecture.
_ARCHITECTURES = frozenset(
    ["amd64", "arm32v5", "arm32v6", "arm32v7", "arm64v8", "i386", "mips64le", "ppc64le", "riscv64", "s390x"]
)
# CircleCI's images of languages and databases carry the names of the official ones.
_CIRCLE = frozenset(["cimg", "circleci"])
_CIRCLE_OWN = frozenset(["base", "android", "deploy", "azure", "aws", "gcp"])
# Bitnami's and others' images of a program whose official image is of another name.
_SAME_AS_OFFICIAL = {
    "bitnami/postgresql": "library/postgres",
    "bitnami/mongodb": "library/mongo",
    "bitnami/apache": "library/httpd",
    "bitnami/java": "library/eclipse-temurin",
}
_OFFICIAL_OF_BITNAMI = frozenset(
    [
        "cassandra",
        "consul",
        "couchdb",
        "drupal",
        "elasticsearch",
        "ghost",
        "golang",
        "haproxy",
        "influxdb",
        "joomla",
        "kibana",
        "kong",
        "logstash",
        "mariadb",
        "matomo",
        "mediawiki",
        "memcached",
        "mysql",
        "neo4j",
        "nginx",
        "node",
        "odoo",
        "php",
        "python",
        "rabbitmq",
        "redis",
        "redmine",
        "ruby",
        "rust",
        "solr",
        "sonarqube",
        "spark",
        "telegraf",
        "tomcat",
        "vault",
        "wordpress",
        "zookeeper",
    ]
)

# A name of 255, and defaults of variables in it.
MAX_REFERENCE_CHARACTERS = 500
# Of a script, before and after variables are filled in.
MAX_SUBSTITUTED_CHARACTERS = 100_000

_VARIABLE = re.compile(r"\$\{(\w+)(?::?[-?+]((?:[^{}]|\$\{[^{}]*\})*))?\}|\$(\w+)")
_NAME = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
_REGISTRY = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::\d+)?")


@dataclass(frozen=True, slots=True)
class Image:
    """`name` as in package URLs of the type docker, official ones with "library/"; `version` out of the tag or ""."""

    name: str
    version: str

    def sight(self, path: str, line: int | None, *, scope: Scope, confidence: float = 1.0) -> Sight:
        return Sight(
            Kind.PACKAGE,
            self.name,
            path,
            line,
            type="docker",
            version=self.version,
            scope=scope,
            confidence=confidence,
        )


def substitute(text: str, values: dict[str, str]) -> str:
    """`text` with ${NAME} and $NAME out of `values`, or else the default written there; what is neither stays.

    What is longer than a script is cut off.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[3]
        if values.get(name):
            return values[name]
        default = match[2] if match[2] is not None and ":?" not in match[0] and ":+" not in match[0] else None
        return default if default is not None else match[0]

    # Twice, for defaults that are variables themselves.
    for _ in range(2):
        text = _VARIABLE.sub(value, text[:MAX_SUBSTITUTED_CHARACTERS])[:MAX_SUBSTITUTED_CHARACTERS]
    return text


def read_image(reference: str, values: dict[str, str] | None = None) -> Image | None:
    """The image that a reference names; None if a variable hides its name, or it is none that others could have."""
    text = reference.strip()
    if len(text) > MAX_REFERENCE_CHARACTERS:
        return None
    for prefix in _HUB:
        text = text.removeprefix(prefix)
    text = substitute(text, values or {})[:MAX_REFERENCE_CHARACTERS].removeprefix("docker://").strip().lower()
    # GitHub's "${{ matrix.image }}", Jinja's and Helm's "{{ .Values.image }}".
    text = re.sub(r"\$?\{\{.*?\}\}|\$\(\w+\)", "$x", text)
    text = text.partition("@")[0]
    folder, slash, last = text.rpartition("/")
    last, _, tag = last.partition(":")
    text = folder + slash + last
    for prefix in _HUB:
        text = text.removeprefix(prefix)
    registry, slash, rest = text.partition("/")
    if slash and ("." in registry or ":" in registry or registry == "localhost"):
        if not _REGISTRY.fullmatch(registry) or registry.partition(":")[0] in ("localhost", "127.0.0.1"):
            return None
        registry += "/"
    else:
        registry, rest = "", text
    if not _NAME.fullmatch(rest) or rest == "scratch" or len(rest) > 200:
        return None
    name = registry + rest if registry else _official(rest)
    version = re.match(r"v?(\d+(?:\.\d+)*)(?=$|[-_+.a-z])", tag)
    return Image(name, version[1] if version else "")


def _official(name: str) -> str:
    owner, slash, program = name.rpartition("/")
    if not slash or owner in _ARCHITECTURES or (owner in _CIRCLE and program not in _CIRCLE_OWN):
        return f"library/{program}"
    if name in _SAME_AS_OFFICIAL:
        return _SAME_AS_OFFICIAL[name]
    if owner in ("bitnami", "bitnamilegacy", "bitnamisecure"):
        return _SAME_AS_OFFICIAL.get(f"bitnami/{program}") or (
            f"library/{program}" if program in _OFFICIAL_OF_BITNAMI else name
        )
    return name
