"""A decision as a record in Markdown."""

from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from apps.advice.madr import Decision, record
from tests.payloads import PAYLOADS

# What others read records with: HTML in it is HTML.
READER = MarkdownIt("commonmark", {"html": True})
SECTIONS = ["Context and Problem Statement", "Considered Options", "Decision Outcome", "More Information"]


def make(**values: Any) -> Decision:
    given = {
        "title": "We moved off React",
        "decided_on": date(2025, 11, 3),
        "decider": "maya-okafor",
        "body": "It was slow.",
        "chosen": ["htmx"],
        "rejected": [("React", "Too much to load"), ("Vue", "")],
        "since": "2025-11",
        "again": "Would choose it again",
        "address": "https://site.example/advice/7-we-moved/",
    }
    return Decision(**(given | values))


def headings(text: str) -> list[tuple[str, str]]:
    """Tag and text of the headings below the front matter; not of those in lists and quotes."""
    tokens = READER.parse(text.split("\n---\n", 1)[1])
    return [
        (token.tag, tokens[at + 1].content)
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and not token.level
    ]


def test_record_has_all_parts() -> None:
    assert (
        record(make(stack_name="Maya: Claims", stack_address="https://site.example/maya-okafor/claims/"))
        == """---
status: "accepted"
date: 2025-11-03
decision-makers: "@maya-okafor"
---

# We moved off React

## Context and Problem Statement

It was slow.

## Considered Options

* htmx
* React
* Vue

## Decision Outcome

Chosen option: "htmx", for the reasons given above.

### Consequences

* In use since 2025-11.
* Would choose it again.

## Pros and Cons of the Options

### React

* Bad, because: Too much to load

## More Information

* Discussion: <https://site.example/advice/7-we-moved/>
* In use in: [Maya: Claims](<https://site.example/maya-okafor/claims/>)
"""
    )


def test_record_leaves_out_what_nobody_said() -> None:
    text = record(make(decider="", rejected=[], since="", again=""))

    assert "decision-makers" not in text
    assert [title for _, title in headings(text)] == ["We moved off React", *SECTIONS]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"since": ""}, "* Would choose it again."),
        ({"again": ""}, "* In use since 2025-11."),
        ({"chosen": ["htmx", "Django"]}, 'Chosen option: "htmx" and "Django", for the reasons given above.'),
        ({"chosen": ["a", "b", "c"]}, 'Chosen option: "a", "b" and "c", for the reasons given above.'),
        ({"chosen": ["C*"]}, r"* C\*"),
        ({"chosen": ["1. FC"]}, r"* 1\. FC"),
        ({"chosen": ["- x"]}, r"* \- x"),
        ({"title": "# <b> [x](y) `z` #"}, r"# \# \<b\> \[x\](y) \`z\` \#"),
        ({"rejected": [("React", "a\n# b")]}, r"* Bad, because: a \# b"),
    ],
)
def test_record_line(values: Any, line: str) -> None:
    assert line in record(make(**values)).splitlines()


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("# One\n\ntext", "### One\n\ntext"),
        ("## Two ##", "### Two ##"),
        ("### Three\n#### Four", "### Three\n#### Four"),
        ("One\n===", "### One"),
        ("One\ntwo\n---\nthree", "### One two\nthree"),
        ("a <b>c</b>", r"a \<b>c\</b>"),
        ("<!-- a", r"\<!-- a"),
        (r"\<b>", r"\<b>"),
        ("<https://a.example> <mailto:a@b.example>", "<https://a.example> <mailto:a@b.example>"),
        ("`<b>` ``<c> ` d``", "`<b>` ``<c> ` d``"),
        ("    <b>", "    <b>"),
        ("```html\n# <b>\n```", "```html\n# <b>\n```"),
        ("```\na", "```\na\n```"),
        ("```", "```\n```"),
        ("~~~~\n~~~", "~~~~\n~~~\n~~~~"),
        ("```\na\n````", "```\na\n````"),
        ("> ```\n> a", "> ```\n> a"),
        ("", ""),
    ],
)
def test_record_contains_what_people_write(body: str, kept: str) -> None:
    assert f"## Context and Problem Statement\n\n{kept}\n\n## Considered Options\n" in record(make(body=body))


bodies = st.lists(
    st.sampled_from([
        *"#=-`~<>*[]()\n\n\n \\&!a1", "```", "~~~", "<!--", "<pre>", "    ", "\n- ", "\n> ", "\n\n",
        "x", *PAYLOADS[:30],
    ]),
    max_size=15,
).map("".join)  # fmt: skip


@given(
    bodies,
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40
    ),
)
@example("a\n```\n<!--", "- <!-- #")
@example("\n- #", "0")
@settings(max_examples=150)
def test_record_keeps_its_sections_whatever_is_written(body: str, line: str) -> None:
    text = record(make(title=f"x{line}", body=body, rejected=[("React", line)], chosen=[f"y{line}"]))

    found = headings(text)
    assert [title for tag, title in found if tag == "h2"][:2] == SECTIONS[:2]
    assert [title for tag, title in found if tag == "h2"][-1] == SECTIONS[-1]
    assert [tag for tag, _ in found].count("h1") == 1
    assert "html_block" not in {token.type for token in READER.parse(text.split("## Considered Options")[-1])}
