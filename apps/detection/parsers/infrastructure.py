"""Infrastructure as code: Terraform, Kubernetes and what is built on it, CloudFormation, Serverless, Pulumi, Ansible.

Terraform is read by lines and not by python-hcl2: that takes 2.9 s for the first file (its grammar is made anew in each
process) and 0.3 s for one of 60 KB (measured with 8.1), and a repository may take 2 s in all. What is asked for here,
the heads of blocks and a few arguments, stands on lines of its own in every file that `terraform fmt` has seen.
"""

import re
from collections.abc import Iterator
from typing import Any

from apps.detection.parsers import commands, images, walks, yamls
from apps.detection.parsers.base import Lines, Parser, TextFile, Tree, each_line, load_json
from apps.detection.parsers.places import Places
from apps.detection.parsers.tables import items, table, word
from apps.detection.sights import Kind, Scope, Sight

# Programs that set-up scripts call.
CALLED = 0.5
NAMED = 0.8

_TF_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*+"?|#[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_TF_HEREDOC = re.compile(r"<<[-~]?\s*([A-Za-z_]\w*)\s*$")
_TF_BLOCK = re.compile(r'\s*(resource|data|provider|module|backend|ephemeral)\s+"([\w.-]+)"')
_TF_ARGUMENT = re.compile(r'\s*"?([\w-]+)"?\s*=\s*"([^"]*)"')
_TF_INLINE = re.compile(r'\b(\w++)\s*+=\s*+"([^"]*+)"')
_TF_PROVIDER = re.compile(r"\s*\"?([\w-]+)\"?\s*=\s*\{(.*)")
_TF_SOURCE = re.compile(r"(?:registry\.(?:terraform\.io|opentofu\.org)/)?([\w-]+/[\w-]+)")
_TF_MODULE = re.compile(r"(?:registry\.terraform\.io/)?([\w-]+/[\w-]+/[\w-]+)(?://.*)?")
_VERSION = re.compile(r"\s*(?:~>|>=|=)?\s*v?(\d[\w.+-]*)\s*")


def _without_comments(text: str) -> list[str]:
    plain = _TF_STRING_OR_COMMENT.sub(
        lambda match: match[0] if match[0][0] == '"' else re.sub(r"[^\n]", " ", match[0]), text
    )
    lines = []
    end = ""
    for line in plain.split("\n"):
        if end:
            if line.strip() == end:
                end = ""
            lines.append("")
            continue
        lines.append(line)
        if found := _TF_HEREDOC.search(line):
            end = found[1]
    return lines


def _version(text: str) -> str:
    found = _VERSION.fullmatch(text[:100])
    return found[1] if found else ""


def _terraform(file: TextFile, tree: Tree) -> Iterator[Sight]:
    seen: set[str] = set()

    def resource(name: str, line: int, confidence: float = 1.0) -> Iterator[Sight]:
        if name not in seen:
            seen.add(name)
            yield Sight(Kind.RESOURCE, name, file.path, line, scope=Scope.DEPLOYMENT, confidence=confidence)

    depth = 0
    # Where `required_providers { aws = { source, version } }` and `module "x" { source, version }` began.
    providers_at: int | None = None
    module_at: int | None = None
    package: dict[str, str] = {}
    begun = 0
    for number, line in enumerate(_without_comments(file.text), 1):
        if not line or line.isspace():
            continue
        block = _TF_BLOCK.match(line)
        if block and block[1] in ("resource", "ephemeral"):
            yield from resource(block[2], number)
        elif block and block[1] == "data":
            # To look something up is not to run it.
            yield from resource(block[2], number, 0.6)
        elif block and block[1] == "backend":
            yield from resource(f"backend.{block[2]}", number)
        elif block and block[1] == "provider" and block[2] not in seen:
            yield from resource(block[2], number)
        elif block and block[1] == "module":
            module_at, package, begun = depth, {}, number
        elif re.match(r"\s*required_providers\s*\{", line):
            providers_at = depth
        elif providers_at is not None and (entry := _TF_PROVIDER.match(line)):
            package, begun = dict(_TF_INLINE.findall(entry[2])), number
        elif (providers_at is not None or module_at is not None) and (argument := _TF_ARGUMENT.match(line)):
            package.setdefault(argument[1], argument[2])
        plain = re.sub(r'"(?:[^"\\]|\\.)*+"?', "", line)
        depth += plain.count("{") - plain.count("}")
        if (
            providers_at is not None
            and "}" in plain
            and (source := _TF_SOURCE.fullmatch(package.get("source", "")))
        ):
            yield _package("terraform", source[1], file, begun, _version(package.get("version", "")))
            package = {}
        if providers_at is not None and depth <= providers_at:
            providers_at = None
        if module_at is not None and depth <= module_at:
            if source := _TF_MODULE.fullmatch(package.get("source", "")):
                yield _package("terraform", source[1], file, begun, _version(package.get("version", "")))
                # The last part of a module's name is the provider.
                yield from resource(source[1].rpartition("/")[2], begun)
            module_at = None


def _package(type: str, name: str, file: TextFile, line: int | None, version: str) -> Sight:  # noqa: A002
    return Sight(Kind.PACKAGE, name, file.path, line, type=type, version=version, scope=Scope.DEPLOYMENT)


def _terraform_lock(file: TextFile, tree: Tree) -> Iterator[Sight]:
    name = ""
    for number, line in each_line(file.text):
        if found := re.match(r'provider "registry\.(?:terraform\.io|opentofu\.org)/([\w-]+/[\w-]+)"', line):
            name = found[1]
        elif name and (found := re.match(r'\s+version\s*=\s*"([^"]+)"', line)):
            yield _package("terraform", name, file, number - 1, found[1])
            name = ""


def _chart(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """A Helm chart's dependencies; the older requirements.yaml is of the same form."""
    document = yamls.load(file.text)
    for dependency in items(table(document).get("dependencies")):
        dependency = table(dependency)
        name, repository = dependency.get("name"), word(dependency.get("repository"))
        if not isinstance(name, str) or not name or repository.startswith("file:"):
            continue
        yield from _helm(file, name, repository, word(dependency.get("version")))


def _helm(file: TextFile, name: str, repository: str, version: str) -> Iterator[Sight]:
    line = yamls.line_of(name)
    yield _package("helm", str(name), file, line, _version(version))
    # Bitnami's charts run Bitnami's images, which have the names of what is in them.
    if "bitnami" in repository and (found := images.read_image(f"bitnami/{name}")):
        yield found.sight(file.path, line, scope=Scope.RUNTIME, confidence=NAMED)


def _images(value: Any, path: str, seen: set[str]) -> Iterator[Sight]:
    """The images that maps within `value` name: "image: redis:7", or "image: {registry, repository, tag}"."""
    for key, inner in walks.pairs(value):
        if key not in ("image", "baseImage"):
            continue
        reference: str | None = None
        if isinstance(inner, str):
            reference = inner
        elif isinstance(inner, dict) and isinstance(repository := inner.get("repository"), str):
            registry, tag = word(inner.get("registry")), word(inner.get("tag"))
            reference = f"{registry}/{repository}" if registry else repository
            reference += f":{tag}" if tag else ""
            inner = repository
        if reference and (found := images.read_image(reference)) and found.name not in seen:
            seen.add(found.name)
            yield found.sight(path, yamls.line_of(inner), scope=Scope.RUNTIME)


def _helm_values(file: TextFile, tree: Tree) -> Iterator[Sight]:
    yield from _images(yamls.load(file.text), file.path, set())


def _kustomization(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = table(yamls.load(file.text))
    for image in items(document.get("images")):
        name = table(image).get("newName") or table(image).get("name")
        if isinstance(name, str):
            reference = f"{name}:{word(table(image).get('newTag'))}".rstrip(":")
            if found := images.read_image(reference):
                yield found.sight(file.path, yamls.line_of(name), scope=Scope.RUNTIME)
    for chart in items(document.get("helmCharts")):
        name = table(chart).get("name")
        if isinstance(name, str) and name:
            yield from _helm(file, name, word(table(chart).get("repo")), word(table(chart).get("version")))


# Of Helm's and others' templates only what stands on a line of its own can be read.
def _is_template(text: str) -> bool:
    begin = text.find("{{")
    return begin >= 0 and text.find("}}", begin) >= 0


def _manifests(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """Kubernetes manifests: each document has `apiVersion` and `kind`; CloudFormation and others pass through."""
    if "apiVersion:" not in file.text:
        if "Resources:" in file.text:
            yield from _cloudformation(file, tree)
        return
    seen: set[str] = set()
    if _is_template(file.text):
        for number, line in enumerate(file.text.split("\n"), 1):
            match = re.match(r"""\s*(?:-\s+)?image:\s*["']?([^\s"'{}]+)["']?\s*$""", line)
            if match and (found := images.read_image(match[1])):
                yield found.sight(file.path, number, scope=Scope.RUNTIME)
        return
    for document in yamls.load_all(file.text):
        version, kind = table(document).get("apiVersion"), table(document).get("kind")
        if not isinstance(version, str) or not isinstance(kind, str):
            continue
        name = f"{version}/{kind}"
        if name not in seen:
            seen.add(name)
            # "apps/v1/Deployment", "argoproj.io/v1alpha1/Application": tools claim them by their group.
            yield Sight(Kind.RESOURCE, name, file.path, yamls.line_of(kind), scope=Scope.DEPLOYMENT)
        yield from _images(document, file.path, seen)
        if version.startswith(("argoproj.io/", "helm.toolkit.fluxcd.io/")):
            for key, chart in walks.pairs(document):
                if key == "chart" and isinstance(chart, str) and "/" not in chart:
                    yield from _helm(file, chart, "", "")


_LAMBDA_RUNTIME = re.compile(r"(nodejs|python|java|ruby|go|dotnet(?:core)?)(\d[\d.]*)?(?:\.x|\.al2)?")


def _lambda_runtimes(document: Any, file: TextFile, places: Places | None = None) -> Iterator[Sight]:
    seen: set[str] = set()
    for key, value in walks.pairs(document):
        if key not in ("Runtime", "runtime") or not isinstance(value, str) or value in seen:
            continue
        seen.add(value)
        if match := _LAMBDA_RUNTIME.fullmatch(value):
            name = {"nodejs": "node", "dotnetcore": "dotnet"}.get(match[1], match[1])
            line = places.line(value) if places else yamls.line_of(value)
            yield Sight(
                Kind.RUNTIME, name, file.path, line, version=(match[2] or "").rstrip("."), confidence=NAMED
            )


def _cloudformation(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """CloudFormation and SAM, as YAML or JSON."""
    is_json = file.text.lstrip().startswith("{")
    document = load_json(file.text) if is_json else yamls.load(file.text)
    places = Places(file.text) if is_json else None
    resources = table(document, "Resources")
    yield from _cloud_resources(resources, file, places)
    if any(isinstance(kind, str) and kind.startswith("AWS::") for kind in _types(resources)):
        yield from _lambda_runtimes(resources, file, places)


def _types(resources: dict[str, Any]) -> Iterator[Any]:
    for resource in resources.values():
        yield table(resource).get("Type")


def _cloud_resources(resources: dict[str, Any], file: TextFile, places: Places | None) -> Iterator[Sight]:
    seen: set[str] = set()
    for kind in _types(resources):
        if isinstance(kind, str) and re.fullmatch(r"\w+(::\w+)+", kind) and kind not in seen:
            seen.add(kind)
            line = places.line(kind) if places else yamls.line_of(kind)
            yield Sight(Kind.RESOURCE, str(kind), file.path, line, scope=Scope.DEPLOYMENT)


def _serverless(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = table(yamls.load(file.text))
    provider = document.get("provider")
    name = provider if isinstance(provider, str) else table(provider).get("name")
    line = yamls.line_of(name)
    if isinstance(name, str):
        yield Sight(Kind.RESOURCE, str(name), file.path, line, scope=Scope.DEPLOYMENT)
        if name == "aws" and table(document, "functions"):
            yield Sight(Kind.RESOURCE, "AWS::Lambda::Function", file.path, line, scope=Scope.DEPLOYMENT)
    yield from _lambda_runtimes(document, file)
    for plugin in walks.strings(document.get("plugins")):
        if re.fullmatch(r"(?:@[\w.-]+/)?[\w.-]+", plugin) and not plugin.startswith("."):
            yield Sight(
                Kind.PACKAGE,
                str(plugin),
                file.path,
                yamls.line_of(plugin),
                type="npm",
                scope=Scope.DEVELOPMENT,
            )
    yield from _cloud_resources(table(document, "resources", "Resources"), file, None)


def _pulumi(file: TextFile, tree: Tree) -> Iterator[Sight]:
    document = table(yamls.load(file.text))
    runtime = document.get("runtime")
    name = runtime if isinstance(runtime, str) else table(runtime).get("name")
    if isinstance(name, str) and name != "yaml":
        name, line = name.replace("nodejs", "node"), yamls.line_of(name)
        yield Sight(Kind.RUNTIME, name, file.path, line, scope=Scope.DEPLOYMENT, confidence=NAMED)
    for resource in table(document, "resources").values():
        kind = table(resource).get("type")
        if isinstance(kind, str):
            yield Sight(Kind.RESOURCE, str(kind), file.path, yamls.line_of(kind), scope=Scope.DEPLOYMENT)


def _ansible_requirements(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """Collections (community.postgresql) and roles (geerlingguy.docker) of Ansible Galaxy."""
    document = yamls.load(file.text)
    roles = document if isinstance(document, list) else items(table(document).get("roles"))
    for entry in [*roles, *items(table(document).get("collections"))]:
        name = entry if isinstance(entry, str) else table(entry).get("name") or table(entry).get("src")
        if isinstance(name, str) and re.fullmatch(r"[\w-]+\.[\w-]+", name):
            yield Sight(
                Kind.RESOURCE,
                str(name),
                file.path,
                yamls.line_of(name),
                scope=Scope.DEPLOYMENT,
                confidence=NAMED,
            )


def _ecs(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """A task definition of Amazon ECS."""
    document = load_json(file.text)
    places = Places(file.text)
    for container in items(table(document).get("containerDefinitions")):
        image = word(table(container).get("image"))
        if found := images.read_image(image):
            yield found.sight(file.path, places.line(image), scope=Scope.RUNTIME)


def _vagrant(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """What a Vagrantfile's shell scripts install is left to hints: the machine is for development."""
    lines = Lines(file.text)
    for match in re.finditer(
        r"<<[-~]?['\"]?([A-Z]\w*)['\"]?\n(.*?)(?:\n[ \t]*\1[ \t]*$|\Z)", file.text, re.DOTALL | re.MULTILINE
    ):
        line = lines.at(match.start(2))
        yield from commands.sights_of(match[2], file.path, line, scope=Scope.DEVELOPMENT, confidence=CALLED)


_MANIFEST_FOLDERS = (
    "k8s",
    "kubernetes",
    "kube",
    "manifests",
    "deploy",
    "deployment",
    "deployments",
    "kustomize",
    "base",
    "overlays",
    "argocd",
)

PARSERS = (
    Parser(("*.tf", "*.tofu"), _terraform),
    Parser((".terraform.lock.hcl",), _terraform_lock, is_lock=True),
    Parser(("Chart.yaml", "requirements.yaml"), _chart),
    Parser(("values.yaml", "values.yml", "values-*.yaml", "values.*.yaml"), _helm_values),
    Parser(("kustomization.yaml", "kustomization.yml"), _kustomization),
    Parser(
        (
            *(f"{folder}/**/*.{ending}" for folder in _MANIFEST_FOLDERS for ending in ("yaml", "yml")),
            *(
                "templates/*.yaml",
                "deployment.yaml",
                "deployment.yml",
                "statefulset.yaml",
                "k8s*.yaml",
                "k8s*.yml",
            ),
        ),
        _manifests,
    ),
    Parser(
        (
            *(
                "template.yaml",
                "template.yml",
                "template.json",
                "*.template",
                "*.template.json",
                "*.template.yaml",
            ),
            *("cloudformation*.yml", "cloudformation*.yaml", "cloudformation*.json", "sam.yaml", "sam.yml"),
            *("cloudformation/**/*.yml", "cloudformation/**/*.yaml", "cloudformation/**/*.json"),
        ),
        _cloudformation,
    ),
    Parser(("serverless.yml", "serverless.yaml"), _serverless),
    Parser(("Pulumi.yaml", "Pulumi.yml"), _pulumi),
    Parser(("requirements.yml", "galaxy.yml"), _ansible_requirements),
    Parser(("task-definition*.json", "taskdef*.json"), _ecs),
    Parser(("Vagrantfile",), _vagrant),
)
