"""What people may write in which field, and what is kept of it."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.advice.limits import MAX_CHOSEN, MAX_RECOMMENDED, MAX_TOOLS
from apps.advice.models import Post
from apps.advice.services.fields import (
    Named,
    clean_body,
    clean_recommended,
    clean_title,
    clean_tools,
    clean_values,
    slug_of,
)
from apps.tools.models import Tool

TODAY = date(2026, 11, 23)
FLASK, DJANGO, REACT, GONE = (
    Tool(pk=pk, name=name, is_listed=name != "Gone")
    for pk, name in enumerate(("Flask", "Django", "React", "Gone"), 1)
)


def tools(count: int) -> list[Tool]:
    return [Tool(pk=100 + number, name=f"Tool {number}", is_listed=True) for number in range(count)]


def named(role: str, *those: Tool) -> list[Named]:
    return [Named(tool, role) for tool in those]


def said(kind: str, parts: list[Named], **more: Any) -> list[tuple[str, str, str]]:
    return [(one.tool.name, one.role, one.why) for one in clean_tools(kind, parts, **more)]


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Flask or Django for my first API?", "flask-or-django-for-my-first-api"),
        ("  Why_do_we use C++ & C#?", "why-do-we-use-c-c"),
        ("Größe: 日本語 and more", "groe-and-more"),
        ("日本語のタイトルです。", "post"),
        ("_______________", "post"),
        ("a" * 79 + " bc", "a" * 79),
        ("a" * 78 + " b c", "a" * 78 + "-b"),
        ("a" * 120, "a" * 80),
    ],
)
def test_slug_is_made_of_the_title(title: str, slug: str) -> None:
    assert slug_of(title) == slug


@given(st.text(max_size=200))
def test_slug_of_any_title_makes_an_address(title: str) -> None:
    slug = slug_of(title)

    assert 0 < len(slug) <= 80
    assert reverse("advice:detail", kwargs={"pk": 1, "slug": slug}) == f"/advice/1-{slug}/"


def test_title_is_one_line() -> None:
    assert clean_title("  Flask\nor \x00\u202eDjango? ") == "Flask or Django?"


@pytest.mark.parametrize("title", ["", "Flask?", "\u200b" * 40, "x" * 121])
def test_title_of_another_length_is_refused(title: str) -> None:
    with pytest.raises(ValidationError) as caught:
        clean_title(title)

    assert list(caught.value.message_dict) == ["title"]


def test_body_keeps_its_lines_and_loses_what_nobody_sees() -> None:
    assert clean_body("\r\n\r\n    code\r\ttab\x00\x1b[1m\ud800  \n\n", 100) == "    code\n\ttab[1m"


@pytest.mark.parametrize("body", ["", " \n\t", "\x00\x00", "\u200b\u2060", "x" * 101])
def test_body_that_is_empty_or_too_long_is_refused(body: str) -> None:
    with pytest.raises(ValidationError) as caught:
        clean_body(body, 100)

    assert list(caught.value.message_dict) == ["body"]


@given(st.text(max_size=100))
def test_cleaned_body_stays_as_it_is(body: str) -> None:
    try:
        cleaned = clean_body(body, 100)
    except ValidationError:
        return
    assert clean_body(cleaned, 100) == cleaned
    # PostgreSQL takes it.
    assert "\0" not in cleaned.encode().decode()


def test_tools_of_a_question_are_each_named_once() -> None:
    parts = [*named("about", FLASK, DJANGO), *named("option", DJANGO, REACT), *named("about", FLASK)]

    assert said("advice", parts) == [
        ("Flask", "about", ""),
        ("Django", "option", ""),
        ("React", "option", ""),
    ]


def test_tools_of_a_decision_begin_with_what_was_chosen() -> None:
    parts = [Named(REACT, "rejected", " too\nlarge "), Named(FLASK, "chosen", "we like it")]

    assert said("decision", parts) == [("Flask", "chosen", ""), ("React", "rejected", "too large")]


@pytest.mark.parametrize(
    ("kind", "parts", "words"),
    [
        ("advice", [], "at least one"),
        ("advice", named("chosen", FLASK), "play no part"),
        ("advice", named("about", *tools(MAX_TOOLS + 1)), "at most 5"),
        ("advice", named("option", *tools(MAX_TOOLS + 1)), "at most 5"),
        ("advice", named("about", FLASK, GONE), "not in the catalogue"),
        ("decision", [], "at least one"),
        ("decision", named("rejected", FLASK), "what was chosen"),
        ("decision", named("about", FLASK), "play no part"),
        ("decision", named("chosen", *tools(MAX_CHOSEN + 1)), "at most 3"),
        ("decision", [*named("chosen", FLASK), *named("rejected", FLASK)], "either chosen or rejected"),
        ("decision", [*named("chosen", FLASK), Named(REACT, "rejected", "x" * 501)], "500 characters why React"),
    ],
)  # fmt: skip
def test_tools_that_make_no_post_are_refused(kind: str, parts: list[Named], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        clean_tools(kind, parts)

    assert words in caught.value.message_dict["tools"][0]


def test_tool_that_left_the_catalogue_stays_where_it_was_named() -> None:
    parts = named("about", FLASK, GONE)

    assert len(clean_tools("advice", parts, known=frozenset({GONE.pk}))) == 2


def test_recommended_tools_are_each_named_once() -> None:
    assert clean_recommended([FLASK, DJANGO, FLASK]) == [FLASK, DJANGO]
    assert clean_recommended([GONE], known=frozenset({GONE.pk})) == [GONE]


@pytest.mark.parametrize("those", [[GONE], tools(MAX_RECOMMENDED + 1)], ids=["gone", "too many"])
def test_recommended_tools_are_few_and_in_the_catalogue(those: list[Tool]) -> None:
    with pytest.raises(ValidationError) as caught:
        clean_recommended(those)

    assert list(caught.value.message_dict) == ["tools"]


def test_values_that_are_missing_are_empty() -> None:
    assert clean_values("advice", {"scale": " 10\nrequests "}, owner=None, today=TODAY) == {
        "team_size": "",
        "stage": "",
        "scale": "10 requests",
        "constraints": "",
        "decide_by": None,
    }
    # A form for both kinds may send those of the other empty.
    empty = {"since": "2025-11", "again": "no", "stage": "", "decide_by": None}
    assert clean_values("decision", empty, owner=None, today=TODAY) == {
        "since": "2025-11",
        "again": "no",
        "stack": None,
    }


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("advice", {"team_size": "12"}),
        ("advice", {"stage": "somewhere"}),
        ("advice", {"scale": "x" * 301}),
        ("advice", {"constraints": "x" * 301}),
        ("advice", {"decide_by": date(2026, 11, 21)}),
        ("advice", {"since": "2025"}),
        ("advice", {"again": "yes"}),
        ("decision", {"again": "perhaps"}),
        ("decision", {"since": "2027"}),
        ("decision", {"since": "2026-13"}),
        ("decision", {"since": "yesterday"}),
        ("decision", {"stage": "live"}),
    ],
)
def test_value_that_is_wrong_is_refused_by_its_field(kind: str, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        clean_values(kind, values, owner=None, today=TODAY)

    assert set(caught.value.message_dict) == set(values)


def test_day_to_decide_by_may_be_today_anywhere_on_earth() -> None:
    values = {"decide_by": date(2026, 11, 22)}

    assert clean_values("advice", values, owner=None, today=TODAY)["decide_by"] == date(2026, 11, 22)


def test_values_stay_as_they_were_or_are_cleared() -> None:
    # What was chosen from a list that is another one now, and a day that is over.
    post = Post(kind="advice", stage="retired", scale="Small", decide_by=date(2020, 1, 1))

    kept = clean_values("advice", {}, owner=None, today=TODAY, post=post)
    cleared = clean_values("advice", {"scale": "", "decide_by": None}, owner=None, today=TODAY, post=post)

    assert (kept["stage"], kept["scale"], kept["decide_by"]) == ("retired", "Small", date(2020, 1, 1))
    assert (cleared["stage"], cleared["scale"], cleared["decide_by"]) == ("retired", "", None)


def test_value_of_no_post_is_an_error_of_ours() -> None:
    with pytest.raises(TypeError, match="No post has colour"):
        clean_values("advice", {"colour": "red"}, owner=None, today=TODAY)
