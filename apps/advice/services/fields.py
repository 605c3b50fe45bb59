"""What people may write in which field, in the form in which it is kept. Raises `ValidationError` by field."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from apps.accounts.models import User
from apps.advice.limits import MAX_CHOSEN, MAX_RECOMMENDED, MAX_TOOLS
from apps.advice.models import (
    MAX_CONTEXT_CHARACTERS,
    MAX_TITLE_CHARACTERS,
    MAX_WHY_CHARACTERS,
    MIN_TITLE_CHARACTERS,
    Post,
    PostTool,
)
from apps.core.folding import one_line
from apps.stacks.dates import check_date
from apps.stacks.models import Stack
from apps.tools.models import Tool

Role = PostTool.Role

# Of each kind of post: its fields, and how many tools may play which role.
FIELDS = {
    Post.Kind.ADVICE: ("team_size", "stage", "scale", "constraints", "decide_by"),
    Post.Kind.DECISION: ("since", "again", "stack"),
}
ROLES = {
    Post.Kind.ADVICE: {Role.ABOUT: MAX_TOOLS, Role.OPTION: MAX_TOOLS},
    Post.Kind.DECISION: {Role.CHOSEN: MAX_CHOSEN, Role.REJECTED: MAX_TOOLS},
}
CHOICES = {"team_size": Post.TeamSize, "stage": Post.Stage, "again": Post.Again}
_LINES = ("scale", "constraints")
_SLUG_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Named:
    """A tool that a post names, in which role (`PostTool.Role`), and why it was rejected."""

    tool: Tool
    role: str
    why: str = ""


def slug_of(title: str) -> str:
    """The title in an address: lower-case letters, digits, single hyphens, whole words if it has some."""
    slug = slugify(title.replace("_", "-")).strip("-")
    if len(slug) > _SLUG_CHARACTERS:
        cut = slug[: _SLUG_CHARACTERS + 1]
        slug = cut.rpartition("-")[0] or cut[:_SLUG_CHARACTERS]
    return slug or "post"


def clean_title(title: str) -> str:
    title = one_line(title)
    if len(title) < MIN_TITLE_CHARACTERS:
        raise _error("title", f"Write at least {MIN_TITLE_CHARACTERS} characters: what it is about.")
    if len(title) > MAX_TITLE_CHARACTERS:
        raise _error("title", f"Write at most {MAX_TITLE_CHARACTERS} characters; these are {len(title)}.")
    return title


def clean_body(body: str, most: int) -> str:
    """A text of several lines, without characters that no database keeps or no reader sees at its ends."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n")
    body = "".join(
        letter for letter in lines if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs")
    )
    # Not the indentation of the first line, which makes it code.
    body = body.strip("\n").rstrip()
    if not one_line(body):
        raise _error("body", "Write something.")
    if len(body) > most:
        raise _error("body", f"Write at most {most} characters; these are {len(body)}.")
    return body


def clean_tools(kind: str, named: Sequence[Named], *, known: frozenset[int] = frozenset()) -> list[Named]:
    """The tools of a post, the main one first, each once; `known` are the ids of those that it names already.

    A tool that a question is about and considers, too, is one of its options.
    """
    roles = ROLES[Post.Kind(kind)]
    found: dict[int, Named] = {}
    for one in named:
        if one.role not in roles:
            raise _error("tools", "These tools play no part in such a post.")
        before = found.get(one.tool.pk, one)
        if before.role != one.role and kind == Post.Kind.DECISION:
            raise _error("tools", f"{one.tool.name} is either chosen or rejected.")
        role = Role.OPTION if Role.OPTION in (before.role, one.role) else one.role
        found[one.tool.pk] = replace(before, role=str(role), why=before.why or one.why)
    tools = sorted((_with_reason(one) for one in found.values()), key=lambda one: one.role == Role.REJECTED)
    _check_listed([one.tool for one in tools], known)
    for role, most in roles.items():
        if sum(one.role == role for one in tools) > most:
            raise _error("tools", f"Name at most {most} that are {_PLAIN[role]}.")
    if not tools:
        raise _error("tools", "Name at least one tool.")
    if kind == Post.Kind.DECISION and tools[0].role != Role.CHOSEN:
        raise _error("tools", "Name what was chosen.")
    return tools


_PLAIN = {
    Role.ABOUT: "what it is about",
    Role.OPTION: "considered",
    Role.CHOSEN: "chosen",
    Role.REJECTED: "rejected",
}


def _with_reason(one: Named) -> Named:
    why = one_line(one.why) if one.role == Role.REJECTED else ""
    if len(why) > MAX_WHY_CHARACTERS:
        raise _error(
            "tools", f"Say in at most {MAX_WHY_CHARACTERS} characters why {one.tool.name} was rejected."
        )
    return replace(one, why=why)


def clean_recommended(tools: Sequence[Tool], *, known: frozenset[int] = frozenset()) -> list[Tool]:
    """The tools that a reply recommends, each once."""
    found = list({tool.pk: tool for tool in tools}.values())
    if len(found) > MAX_RECOMMENDED:
        raise _error("tools", f"Recommend at most {MAX_RECOMMENDED} tools.")
    _check_listed(found, known)
    return found


def _check_listed(tools: Sequence[Tool], known: frozenset[int]) -> None:
    for tool in tools:
        if not tool.is_listed and tool.pk not in known:
            raise _error("tools", "One of these tools is not in the catalogue any more. Choose another one.")


def clean_values(
    kind: str, values: Mapping[str, Any], *, owner: User | None, today: date, post: Post | None = None
) -> dict[str, Any]:
    """The fields of a post of this kind; those that `values` lack are as they are in `post`, or empty.

    The stack of a decision is one of `owner`'s, or of their companies, that others may see: those who know its
    address. It may become private later, so pages show others only what is public.
    """
    fields = FIELDS[Post.Kind(kind)]
    problems: dict[str, ValidationError] = {}
    cleaned: dict[str, Any] = {}
    for name in values.keys() - set(fields):
        if name not in _ALL_FIELDS:
            raise TypeError(f"No post has {name}.")
        if values[name]:
            problems[name] = ValidationError("Such a post has none of this.", code="kind")
    for name in fields:
        empty = None if name in ("decide_by", "stack") else ""
        before = getattr(post, name) if post else empty
        value = values.get(name, before) or empty
        try:
            # What has been so is let be: a day passes, a stack becomes private.
            cleaned[name] = value if value == before else _clean_value(name, value, owner=owner, today=today)
        except ValidationError as error:
            problems[name] = error
    if problems:
        raise ValidationError(problems)
    return cleaned


_ALL_FIELDS = {name for fields in FIELDS.values() for name in fields}


def _clean_value(name: str, value: Any, *, owner: User | None, today: date) -> Any:
    if not value:
        return value
    if name in CHOICES and value not in CHOICES[name].values:
        raise ValidationError("Choose one of the list.", code="choice")
    if name in _LINES:
        value = one_line(value)
        if len(value) > MAX_CONTEXT_CHARACTERS:
            raise ValidationError(
                f"Write at most {MAX_CONTEXT_CHARACTERS} characters; these are {len(value)}."
            )
    if name == "since":
        check_date(value, today=today)
    # A day less, as yesterday is today in the west.
    if name == "decide_by" and value < today - timedelta(days=1):
        raise ValidationError("This day is over. Leave it empty if there is no hurry.", code="past")
    if name == "stack":
        _check_stack(value, owner)
    return value


def _check_stack(stack: Stack, owner: User | None) -> None:
    own = Stack.objects.editable_by(owner) if owner else Stack.objects.none()
    if not own.filter(pk=stack.pk, is_hidden=False).exclude(visibility=Stack.Visibility.PRIVATE).exists():
        raise ValidationError("Choose a stack of yours that is public or unlisted.", code="stack")


def _error(field: str, words: str) -> ValidationError:
    return ValidationError({field: words})
