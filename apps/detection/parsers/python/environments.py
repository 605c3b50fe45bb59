"""Lock files of Python, and the environments of conda."""

import re
from collections.abc import Iterator

from apps.detection.parsers import yamls
from apps.detection.parsers.base import TextFile, Tree
from apps.detection.parsers.groups import scope_of
from apps.detection.parsers.places import MAX_LINES_OF_LOCK, numbered
from apps.detection.parsers.python.requirements import language, package
from apps.detection.parsers.tables import items, table, words
from apps.detection.sights import Kind, Sight

_SETTING = re.compile(r"""(name|version|source|category)\s*=\s*(?:"([^"\n]*)"|(\{.*))""")


def parse_lock(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """uv.lock, poetry.lock, pdm.lock and pylock.toml, line by line: always written alike, and TOML is slow to read."""
    found: dict[str, str] = {}
    start = 0
    inside = False
    for number, line in numbered(file.text, MAX_LINES_OF_LOCK):
        if line.startswith("["):
            if inside:
                yield from _locked(found, file.path, start)
            inside = line.strip() in ("[[package]]", "[[packages]]")
            found, start = {}, number + 1
        elif inside and (match := _SETTING.match(line)):
            found.setdefault(match[1], match[2] if match[2] is not None else match[3])
            if match[1] == "name":
                start = number
    if inside:
        yield from _locked(found, file.path, start)


def _locked(found: dict[str, str], path: str, line: int) -> Iterator[Sight]:
    name = found.get("name", "")
    # uv lists the members of the workspace among the packages.
    if re.match(r"\{\s*(?:editable|virtual|directory)\b", found.get("source", "")):
        yield Sight(Kind.OWN, name, path, type="pypi")
    elif name:
        scope = scope_of(found.get("category", ""))
        yield from package(name, path, line, scope, version=found.get("version", ""), is_direct=False)


def parse_conda(file: TextFile, tree: Tree) -> Iterator[Sight]:
    """environment.yml of conda: "channel::name=version=build", and a list of pip's requirements."""
    for entry in items(table(yamls.load(file.text)).get("dependencies")):
        if isinstance(entry, str):
            match = re.match(r"(?:[^:\s]+::)?([A-Za-z_][\w.-]*)\s*([=<>!~].*)?$", entry.strip())
            if match is None:
                continue
            version = (match[2] or "").strip()
            line = yamls.line_of(entry)
            if match[1] == "python":
                yield language(file.path, version, line)
            elif match[1] != "pip":
                yield Sight(Kind.PACKAGE, match[1], file.path, line, "conda", version[:100])
        else:
            for requirement in words(table(entry).get("pip")):
                yield from package(requirement, file.path, yamls.line_of(requirement))
