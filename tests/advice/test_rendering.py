"""Mentions of people and tools, and what counts as a link to another site."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import User
from apps.advice.rendering import MAX_MENTIONED, link_count, render
from apps.tools.models import ToolAlias
from tests.factories.accounts import UserFactory
from tests.factories.tools import ToolFactory

REL = 'rel="nofollow ugc noopener"'
ALICE = f'<a href="/@alice/" {REL}>@alice</a>'


@pytest.fixture
def django() -> Any:
    tool = ToolFactory(name="Django", slug="django")
    ToolAlias.objects.create(tool=tool, slug="django-framework")
    return tool


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("@alice", ALICE),
        ("(@alice)", f"({ALICE})"),
        ("@alice, see.", f"{ALICE}, see."),
        ("Ask @alice.", f"Ask {ALICE}."),
        ("@alice's", f"{ALICE}'s"),
        ("@Alice", ALICE.replace("@alice<", "@Alice<")),
        ("**@alice**", f"<strong>{ALICE}</strong>"),
        ("_@alice_", f"<em>{ALICE}</em>"),
        ("a\n@alice", f"a\n{ALICE}"),
        ("x&nbsp;@alice", f"x\u00a0{ALICE}".replace("\u00a0", "&nbsp;")),
        ("@alice @alice", f"{ALICE} {ALICE}"),
        ("@alice-", f"{ALICE}-"),
        ("@alice--x", f"{ALICE}--x"),
        ("@alice:", f"{ALICE}:"),
    ],
)
def test_render_links_mentions_of_people(alice: User, text: str, html: str) -> None:
    rendered = render(text)

    assert rendered.html == f"<p>{html}</p>\n"
    assert list(rendered.people) == [alice]


@pytest.mark.parametrize(
    "text",
    [
        "bob@alice", "bob@alice.example", "me.@alice", "@alicex", "@alice_x", "@alice-x", "@aliceé",
        "@alice/cli", "@alice.route",
        "@alice(60)", "@alice@example.social", "@@alice", "/@alice", "https://a.example/@alice",
        "?by=@alice", "`@alice`",
        "```\n@alice\n```", "    @alice", "[@alice](https://a.example)", "[see *@alice*](/x)",
        "<https://a.example/x?@alice>",
        r"\@alice", "&#64;alice", "![@alice](x.png)", "x+@alice", "@al", "@", "@-alice", "@alice#tag",
    ],
)  # fmt: skip
def test_render_links_nobody_where_no_mention_is_meant(alice: User, text: str) -> None:
    rendered = render(text)

    assert '/@alice/"' not in rendered.html
    assert list(rendered.people) == []


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("#django", "#django"), ("a #django b", "#django"), ("(#Django)", "#Django"),
        ("#django-framework", "#django-framework"),
        ("# Use #django", "#django"), ("#django.", "#django"),
    ],
)  # fmt: skip
def test_render_links_mentions_of_tools(db: None, django: Any, text: str, slug: str) -> None:
    rendered = render(text)

    assert f'<a href="/tools/django/" {REL}>{slug}</a>' in rendered.html
    assert list(rendered.tools) == [django]


@pytest.mark.parametrize(
    "text",
    [
        "# django", "C#django", "/x#django", "##django", "#djangos", "#django/x", "`#django`",
        "[#django](/x)", "&#django;", r"\#django",
    ],
)  # fmt: skip
def test_render_links_no_tool_where_none_is_meant(db: None, django: Any, text: str) -> None:
    assert list(render(text).tools) == []


def test_render_links_no_tool_that_is_not_listed(db: None) -> None:
    ToolAlias.objects.create(tool=ToolFactory(slug="secret", is_listed=False), slug="hidden")

    rendered = render("#secret #hidden")

    assert (rendered.html, list(rendered.tools)) == ("<p>#secret #hidden</p>\n", [])


def test_render_links_nobody_who_is_not_shown(db: None) -> None:
    UserFactory(username="locked", is_active=False)
    UserFactory(username="unverified", verified=False)

    rendered = render("@locked @unverified @nobody-there")

    assert (rendered.html, list(rendered.people)) == ("<p>@locked @unverified @nobody-there</p>\n", [])


def test_render_links_a_former_name_to_who_had_it(alice: User) -> None:
    alice.former_usernames.create(username="Alison")

    rendered = render("@alison and @alice")

    assert rendered.html == f'<p><a href="/@alice/" {REL}>@alison</a> and {ALICE}</p>\n'
    assert list(rendered.people) == [alice]


def test_render_names_whom_it_mentions_in_their_order(alice: User, mallory: User, django: Any) -> None:
    rendered = render("@mallory, @alice, #django and @mallory")

    assert (list(rendered.people), list(rendered.tools)) == ([mallory, alice], [django])


def test_render_looks_names_up_together(alice: User, django: Any, count_queries: Callable[..., Any]) -> None:
    names = " ".join(f"@person-{at} #tool-{at}" for at in range(20))

    with count_queries(at_most=0):
        render("nobody and nothing")
    with count_queries(at_most=2):
        render("@alice #django " * 20)
    with count_queries(at_most=4):
        render(f"@alice #django {names}")


def test_render_links_no_more_mentions_than_anybody_means(alice: User) -> None:
    assert render("@alice " * (MAX_MENTIONED + 5)).html.count("<a ") == MAX_MENTIONED


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("[a](https://a.example) <https://b.example>", 2),
        ("[a][1]\n\n[1]: http://a.example", 1),
        ("[a](//a.example)", 1),
        ("[a](mailto:a@b.example)", 1),
        ("https://a.example and www.b.example, HTTP://c.example", 3),
        ("[https://a.example](https://a.example)", 1),
        ("[own](/tools/flask/) [top](#top) [x](x)", 0),
        ("[own](https://stackshare.example/tools/) [alike](https://stackshare.example.evil/)", 1),
        ("`https://a.example`\n\n```\nhttps://a.example\n```", 0),
        ("![x](https://a.example/x.png)", 0),
        ("> - https://a.example", 1),
    ],
)
def test_link_count_counts_what_leads_elsewhere(settings: Any, text: str, count: int) -> None:
    settings.SITE_URL = "https://stackshare.example"

    assert link_count(text) == count


def test_link_count_knows_no_own_address_without_one(settings: Any) -> None:
    settings.SITE_URL = ""

    assert link_count("[x](http://localhost:8000/x)") == 1
