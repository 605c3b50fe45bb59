"""The pure functions around pros and cons."""

import tomllib
from datetime import date
from itertools import combinations

import pytest

from apps.tools import points
from apps.tools.catalogue import CATALOGUE_DIR

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  One   file\tis enough ", "One file is enough"),
        ("One file\r\nis enough", "One file is enough"),
        ("One\u2028file", "One file"),
        ("O\u200bne \u202efile\u2066 is\x1b enough", "One file is enough"),
        ("<b>One</b> & only", "<b>One</b> & only"),
    ],
)
def test_text_becomes_one_line_of_what_is_seen(text: str, expected: str) -> None:
    assert points.one_line(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "See https://example.net/page for it",
        "See HTTP://EXAMPLE for it",
        "See javascript://x for it",
        "More on www.example.net",
        "Write to mailto:me",
        "Ask me@example.net about it",
        "Cheaper at best-hosting.com",
        "Cheaper at best.shop today",
        "Read bit.ly/abc first",
        "Read docs.example.co.uk/abc first",
    ],
)
def test_address_is_found(text: str) -> None:
    assert points.names_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "Works with Node.js and socket.io",
        "Runs on ASP.NET/C# without a change",
        "Node.js/Express and Deno share code",
        "One release e.g. 3.1 broke it",
        "@angular/core@18.0 is small",
        "Ends well.It has no space",
    ],
)
def test_name_of_a_tool_is_no_address(text: str) -> None:
    assert not points.names_address(text)


@pytest.mark.parametrize(
    "about",
    ["3.1", "v2", "V2", "18.x", "18.X", "3", "3.1.4.1", "140", "1970", "2026", "24.04", "0.115", "2026.1"],
)
def test_version_or_year_is_taken(about: str) -> None:
    assert points.problem_of_about(about, today=TODAY) == ""


@pytest.mark.parametrize("about", ["1969", "2027", "0000", "9999"])
def test_year_out_of_range_is_refused(about: str) -> None:
    assert points.problem_of_about(about, today=TODAY) == "Write a year from 1970 to 2026."


@pytest.mark.parametrize(
    "about", ["", "latest", "3.", ".3", "3..1", "v", "x", "3.x.1", "1.2.3.4.5", "3 1", "३.१", "3\n"]
)
def test_what_is_no_version_or_year_is_refused(about: str) -> None:
    assert points.problem_of_about(about, today=TODAY).startswith("Write the version or the year")


@pytest.mark.parametrize(
    ("tag", "major"),
    [
        ("v3.1.0", 3),
        ("3", 3),
        ("php-8.4.1", 8),
        ("go1.27", 1),
        ("jdk-21+35", 21),
        ("2.0.0-rc.1", 2),
        ("", None),
        ("latest", None),
        ("REL_17_2", None),
        ("log4j 2.24", None),
    ],
)
def test_major_version_is_read_from_a_tag(tag: str, major: int | None) -> None:
    assert points.major_version(tag) == major


def marks(
    about: str = "3.1", true: int = 0, outdated: int = 0, latest: str = "v3.9.0", today: date = TODAY
) -> tuple[str, ...]:
    return points.marks(
        about=about, true_count=true, outdated_count=outdated, latest_release=latest, today=today
    )


@pytest.mark.parametrize(
    ("about", "expected"),
    [("2024", ()), ("2026", ()), ("2023", ("3 years old",)), ("1999", ("27 years old",))],
)
def test_year_grows_old_after_three(about: str, expected: tuple[str, ...]) -> None:
    assert marks(about, latest="") == expected


@pytest.mark.parametrize(
    ("about", "latest"),
    [("2.9", "v3.0.0"), ("v2", "3.0"), ("18.x", "v19.0.1"), ("17", "18.0.0-rc.1"), ("0.115", "1.0")],
)
def test_version_is_old_when_a_higher_major_is_out(about: str, latest: str) -> None:
    assert marks(about, latest=latest) == ("about an older version",)


@pytest.mark.parametrize(
    ("about", "latest"),
    [
        ("3.0", "v3.9.0"),
        ("4", "v3.9.0"),
        ("3.1", ""),
        ("3.1", "nightly"),
        ("since 2", "v3.9.0"),
        ("core 2.18", "v3.9.0"),
        ("2024 edition", "v3.9.0"),
    ],
)
def test_version_is_not_old_when_nothing_says_so(about: str, latest: str) -> None:
    assert marks(about, latest=latest) == ()


@pytest.mark.parametrize(
    ("true", "outdated", "expected"),
    [
        (0, 2, ()),
        (0, 3, ("3 of 3 say it is no longer true",)),
        (1, 2, ("2 of 3 say it is no longer true",)),
        (1, 3, ("3 of 4 say it is no longer true",)),
        (2, 2, ()),
        (3, 1, ()),
    ],
)
def test_answers_make_old_when_enough_and_most_say_no(
    true: int, outdated: int, expected: tuple[str, ...]
) -> None:
    assert marks(true=true, outdated=outdated) == expected


def test_all_that_makes_old_is_said() -> None:
    assert marks("2", true=1, outdated=3) == ("about an older version", "3 of 4 say it is no longer true")


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("It is easy to learn for beginners", "Beginners find it easy to learn"),
        ("Fast cold start", "Cold starts are fast"),
        ("Great documentation with examples", "The documentation has great examples"),
        ("ONE file, with a dozen lines!", "One file with a dozen lines is a working application"),
    ],
)
def test_statement_in_other_words_is_similar(text: str, other: str) -> None:
    assert points.similar(text, {1: "Nothing to do with anything at all", 7: other}) == [7]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("It is easy to learn", "It is hard to configure"),
        ("Handles a million connections", "Handles errors well"),
        ("", "Handles errors well"),
        ("err", "Err on the safe side"),
    ],
)
def test_other_statement_is_not_similar(text: str, other: str) -> None:
    assert points.similar(text, {7: other}) == []


def test_similar_ones_come_by_likeness_and_few() -> None:
    others = {at: f"Cold starts are fast {'very ' * at}indeed" for at in range(12)}

    found = points.similar("Cold starts are fast indeed", others)

    assert len(found) == points.SHOWN_SIMILAR
    assert found[0] == 0


def test_no_two_statements_of_a_tool_in_the_catalogue_are_similar() -> None:
    lists = [
        [point["text"] for point in tool.get(kind, [])]
        for path in (CATALOGUE_DIR / "tools").glob("*.toml")
        for tool in tomllib.loads(path.read_text()).get("tool", [])
        for kind in ("pros", "cons")
    ]

    pairs = [pair for texts in lists for pair in combinations(texts, 2)]

    assert len(pairs) > 500
    assert [pair for pair in pairs if points.similar(pair[0], {1: pair[1]})] == []


def test_texts_are_paired_by_likeness_the_best_first() -> None:
    old = {1: "One file with a dozen lines is a working application", 2: "Cold starts are fast"}
    new = {
        10: "Fast cold starts",
        11: "A file of a dozen lines is a working application",
        12: "Has a mascot",
        13: "Cold starts are really fast",
    }

    assert points.pair_up(old, new) == {2: 10, 1: 11}


def test_texts_that_are_not_alike_are_not_paired() -> None:
    assert points.pair_up({1: "Cold starts are fast"}, {2: "Has a mascot that is liked"}) == {}
    assert points.pair_up({}, {2: "Has a mascot"}) == points.pair_up({1: "Has a mascot"}, {}) == {}
