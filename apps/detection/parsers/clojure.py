"""Clojure: deps.edn, project.clj, shadow-cljs.edn, bb.edn. Read as tokens, never run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from apps.detection.parsers.base import MAX_DEPTH, Lines, Parser, TextFile, Tree
from apps.detection.parsers.groups import scope_of
from apps.detection.sights import Kind, Scope, Sight, UnreadableError

_TOKEN = re.compile(
    r""";[^\n]*|"((?:[^"\\]|\\.)*+)"?|(#?[(\[{])|([)\]}])|(#_)|([^\s,;"()\[\]{}]+)""", re.DOTALL
)
_NAME = re.compile(r"[A-Za-z][\w.*+!?<>=-]*(?:/[\w.*+!?<>=-]+)?")
_VERSION_KEYS = (":mvn/version", ":git/tag", ":git/sha", ":sha", ":tag")

_LANGUAGES = {"org.clojure/clojure": "clojure"}


@dataclass(slots=True)
class Form:
    """An open bracket: the words and strings right in it so far, and the keyword that led to it."""

    opened: str
    lead: str
    at: int
    hidden: bool
    words: list[tuple[str, int]] = field(default_factory=list)


def parse_clojure(file: TextFile, tree: Tree) -> Iterator[Sight]:
    lines = Lines(file.text)
    forms = [Form("", "", 0, hidden=False)]
    hide_next = 0
    named_language = False
    for match in _TOKEN.finditer(file.text):
        text, opening, closing, discard, atom = match.groups()
        if discard:
            hide_next += 1
        elif opening:
            if len(forms) > MAX_DEPTH:
                raise UnreadableError(f"is nested more than {MAX_DEPTH} deep", lines.at(match.start()))
            above = forms[-1]
            lead = above.words[-1][0] if above.words else ""
            forms.append(Form(opening, lead, match.start(), hidden=above.hidden or hide_next > 0))
            hide_next = 0
        elif closing:
            if len(forms) == 1:
                continue
            form = forms.pop()
            for sight in () if form.hidden else _closed(form, forms, file.path, lines):
                named_language = named_language or sight.name == "clojure"
                yield sight
            forms[-1].words.append(("", form.at))
        elif text is not None or atom:
            if hide_next:
                hide_next -= 1
            else:
                value = f'"{text}' if text is not None else atom
                forms[-1].words.append((value, match.start()))
    if file.text.strip() and not named_language:
        yield Sight(Kind.RUNTIME, "clojure", file.path)


def _closed(form: Form, above: list[Form], path: str, lines: Lines) -> Iterator[Sight]:
    """What a form names, seen when it closes."""
    words = [word for word, _ in form.words]
    name, version, at = "", "", form.at
    if form.opened == "(" and words[:1] == ["defproject"] and len(words) > 1:
        yield Sight(Kind.OWN, _full(words[1]), path, type="maven")
    elif form.opened == "{" and (found := next((words[i + 1] for i in _keys(words)), "")):
        # org.clojure/clojure {:mvn/version "1.12.0"}
        name, version = form.lead, found
        # The name is the word before this form, whose place was not kept when it was opened.
        at = next((place for word, place in reversed(above[-1].words) if word == form.lead), form.at)
    elif form.opened == "[" and len(words) > 1 and words[1].startswith('"') and _in_list_of_packages(above):
        # [ring/ring-core "1.12.1"]
        name, version, at = words[0], words[1], form.words[0][1]
    if not name or not _NAME.fullmatch(name):
        return
    full, line = _full(name), lines.at(at)
    version = version.removeprefix('"')[:100]
    scope = _scope(above)
    yield Sight(Kind.PACKAGE, full, path, line, "maven", version, scope)
    if language := _LANGUAGES.get(full):
        yield Sight(Kind.RUNTIME, language, path, line, version=version)


def _keys(words: list[str]) -> Iterator[int]:
    for index, word in enumerate(words[:-1]):
        if word in _VERSION_KEYS and words[index + 1].startswith('"'):
            yield index


def _in_list_of_packages(above: list[Form]) -> bool:
    return above[-1].lead in (":dependencies", ":plugins", ":managed-dependencies", ":extra-deps")


def _scope(above: list[Form]) -> Scope:
    if any(form.lead == ":plugins" for form in above):
        return Scope.BUILD
    # {:aliases {:test {:extra-deps {...}}}}, :profiles {:dev {:dependencies [...]}}
    for outer, inner in pairwise(above):
        if outer.lead in (":aliases", ":profiles"):
            return scope_of(inner.lead.removeprefix(":"))
    return Scope.RUNTIME


def _full(name: str) -> str:
    """Clojure's short names stand for a group of the same name."""
    return name if "/" in name else f"{name}/{name}"


PARSERS = (Parser(("deps.edn", "bb.edn", "project.clj", "shadow-cljs.edn"), parse_clojure),)
