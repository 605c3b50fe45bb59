"""Inputs that nobody writes by accident, for every parser there is."""

import json
import random
from collections.abc import Iterator

from apps.detection.parsers import PARSERS
from apps.detection.parsers.base import Parser

# One file name for each pattern of each parser.
NAMES: list[tuple[str, Parser]] = [
    (pattern.replace("**/", "").replace("[-_.]", "-").replace("*", "x"), parser)
    for parser in PARSERS
    for pattern in parser.patterns
]

_LAUGHS = "\n".join(
    ["a: &a [x, x, x, x, x, x, x, x, x]"]
    + [
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]"
        for old, new in zip("abcdefghijk", "bcdefghijkl", strict=True)
    ]
    + ["services: *l", "jobs: *l", "<<: *l"]
)
_XML_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><project>&i;</project>"
)


def texts(size: int) -> Iterator[str]:
    """By hand: what breaks readers, of about `size` characters where size is the point."""
    deep = size // 2
    yield from (
        "",
        "\n",
        " ",
        "\t",
        "\ufeff",
        "\ufffd" * 9,
        "null",
        "0",
        "[]",
        "{}",
        '""',
        "true",
        "~",
        "---",
        "...",
    )
    yield from ("-1e999", "1" * size, "-" + "9" * size, "0x" + "f" * 999, "1e" + "9" * 999, "NaN", "Infinity")
    for opening, closing in (
        ("[", "]"),
        ("{", "}"),
        ("(", ")"),
        ("<a>", "</a>"),
        ('{"a":', "}"),
        ("- ", ""),
        ("? ", ""),
    ):
        count = deep // len(opening)
        yield opening * count
        yield opening * count + closing * count
        yield (opening * 59) + (closing * 59)
    for piece in (
        '"', "'", "`", "\\", '\\"', "#", "/*", "<!--", "<![CDATA[", "${", "{{", "<<EOF\n", "\n\n", " ", "\t", ",", ":",
        "a.", "a/", "a@", "=", "==", "a=", "a:\n ", " a\n", "&a ", "*a ", "!!python/object/apply:os.system ", "%",
        "|\n", ">=", "@", "-", "..", "/", "from a\n", "<x ", "x:\n- ", "\u2028", "\U0001f600", "'''", '"""', "$(", "[[",
        "]]", "a,", "a;", "a b ", "(a", "a\\\n", "\r", "end\n", "do\n", "if a\n", "=>", "{a", "[a", '"a', "'a",
        "a'",
    ):  # fmt: skip
        yield piece * (size // len(piece))
    yield _LAUGHS
    yield _XML_LAUGHS
    yield "a: &a [*a]\nb: &b {c: *b}\n<<: *b\nservices: *a\n"
    yield "".join(f"{'  ' * depth}a:\n" for depth in range(200))
    yield "".join(f"{' ' * (depth % 7)}- {'a: ' * (depth % 3)}\n" for depth in range(500))
    yield '<?xml version="1.0" encoding="utf-16"?><project><dependencies/></project>'
    yield '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x>&y;</x>'
    yield "[" + ".".join(["a"] * 5000) + "]\n" + ".".join(["b"] * 5000) + " = 1\n"
    yield "\n".join(f"a{number} = {number}" for number in range(size // 10))
    yield "[[a]]\n" * (size // 6)
    yield json.dumps({str(number): [number] for number in range(size // 12)})


# What once took minutes: a time that grew with the square of the size, or texts that unfold to many times theirs.
SLOW = [
    ("Dockerfile", "ARG " + "a" * 200_000),
    ("Dockerfile", "FROM a\nRUN " + "-" * 200_000),
    ("Dockerfile", 'FROM a\nRUN "' + '\\"' * 90_000),
    (
        "Dockerfile",
        "ARG a=aaaaaaaaaa\n"
        + "".join(
            f"ARG {new}={f'${old}' * 10}\n" for old, new in zip("abcdefghij", "bcdefghijk", strict=True)
        )
        + "FROM $k\nRUN $k",
    ),
    ("Dockerfile", "ARG A=" + "$A" * 200 + "\nFROM x\nRUN " + "$A " * 30_000),
    (".nvmrc", "1" * 200_000 + "!"),
    ("yarn.lock", ("a" * 1990 + ":\n") * 300),
    ("pnpm-lock.yaml", "packages:\n  a@1" + "b" * 200_000),
    ("go.mod", "tool " + "a/" * 50_000),
    ("main.tf", "terraform {\nrequired_providers {\na = {" + "a" * 200_000),
    ("main.tf", 'module "a" {\nsource = "a/b/c"\nversion = "' + " " * 200_000 + 'x"\n}'),
    ("k8s/a.yaml", "apiVersion:\n" + "{{" * 200_000),
    ("setup.cfg", "[options]\na" + " " * 200_000 + "b"),
    ("setup.cfg", "[options]\n" + "=\n" * 100_000),
    ("requirements.txt", "a" + " " * 200_000 + "b"),
    ("supervisord.conf", ("\t" * 50 + "\n") * 4_000 + "command = a\n" * 4_000),
    (".github/workflows/a.yml", "x: &x '" + "a " * 100_000 + "'\njobs:\n" + "  - run: *x\n" * 5_000),
    (
        "package-lock.json",
        json.dumps({"packages": {f"a{at}": {"dependencies": {f"b{at}": ""}} for at in range(15_000)}}),
    ),
    ("package.json", json.dumps({"dependencies": {f"@types/a{at}": "catalog:" for at in range(15_000)}})),
    ("composer.lock", '"' * 2_000_000),
    ("Package.resolved", "[" + "{}," * 700_000 + "{}]"),
    ("package-lock.json", "[" + "1," * 700_000 + "1]"),
]

# Words that parsers look for, in every format.
WORDS = """
    name version dependencies devDependencies peerDependencies optionalDependencies workspaces packages scripts engines
    packageManager catalog catalogs project optional-dependencies dependency-groups tool poetry group dev uv sources
    build-system requires default develop package source require require-dev services service image build context jobs
    job steps uses run with container on stages script stage pipeline variables include extends orbs executors docker
    plugins plugin dependency groupId artifactId versionRef module id url repositories repos repo rev hooks updates
    package-ecosystem Resources Type Properties Runtime resource provider runtime plugins custom environment env
    values templates chart apiVersion kind metadata spec template containers initContainers resources bases images
    newName newTag buildpacks addons formation buildCommand framework functions dev_dependencies sdk flutter workspace
    members features target cfg patch deps aliases project deploy web worker release PackageReference ItemGroup
    PackageVersion Include Version TargetFramework Sdk properties parent modules profiles tools node python manifest
    resolution importers specifiers specifier lockfileVersion configurations pins identity object state
    """.split()  # fmt: skip  # noqa: SIM905
_SCALARS = [
    "",
    "a",
    "^1.2",
    "catalog:",
    "workspace:*",
    "npm:b@1",
    "postgres:16",
    "${X}",
    "{{ x }}",
    "../a",
    "\0",
    "a\nb",
]


def values(chance: random.Random, depth: int = 5) -> object:
    """A tree of known words with values of any type in any place."""
    kind = chance.randrange(8 if depth else 5)
    if kind < 2:
        return chance.choice([*_SCALARS, *WORDS])
    if kind < 5:
        return chance.choice([None, True, False, 0, -1, 1.5, 10**30, [], {}, "x" * 400])
    if kind < 6:
        return [values(chance, depth - 1) for _ in range(chance.randrange(4))]
    return {chance.choice(WORDS): values(chance, depth - 1) for _ in range(chance.randrange(1, 6))}


def document(chance: random.Random) -> dict[str, object]:
    return {chance.choice(WORDS): values(chance) for _ in range(12)}


def as_json(value: object) -> str:
    return json.dumps(value, indent=1)


def as_yaml(value: object, indent: int = 0) -> str:
    """In blocks; what stands deepest in flow style."""
    if isinstance(value, dict) and value and indent < 5:
        lines = [f"{'  ' * indent}{key}:{as_yaml(inner, indent + 1)}" for key, inner in value.items()]
        return "\n" + "\n".join(lines)
    if isinstance(value, list) and value and indent < 5:
        lines = [f"{'  ' * indent}-{as_yaml(inner, indent + 1)}" for inner in value]
        return "\n" + "\n".join(lines)
    return f" {json.dumps(value)}"


def as_toml(value: dict[str, object]) -> str:
    lines = []
    for number, (key, inner) in enumerate(value.items()):
        if isinstance(inner, dict) and number % 2:
            lines += [f"[{key}]", *(f"{name} = {_inline(one)}" for name, one in inner.items())]
        else:
            lines.insert(0, f"{key} = {_inline(inner)}")
    return "\n".join(lines)


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_inline(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return "1970-01-01" if value is None else json.dumps(value)


def as_xml(value: object, name: str = "Project") -> str:
    if isinstance(value, dict):
        inner = "".join(as_xml(one, key) for key, one in value.items())
        attributes = "".join(f' {key}="{key}"' for key in value if key.isalpha())
        return f"<{name}{attributes}>{inner}</{name}>"
    if isinstance(value, list):
        return f"<{name}>{''.join(as_xml(one, 'dependency') for one in value)}</{name}>"
    return f"<{name}>{str(value).replace(chr(0), '')}</{name}>"
