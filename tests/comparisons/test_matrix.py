from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.comparisons.matrix import UNKNOWN, Cell, Column, Row, Section
from apps.comparisons.matrix import matrix as matrix_at
from apps.github.models import FigureSource, Repository
from apps.tools.models import Tool
from tests.factories.tools import PackageFactory, RepositoryFactory, ToolFactory

FACTS_ON, FIGURES_ON, GROWTH_ON, READ_ON = (
    date(2026, 11, 22),
    date(2026, 8, 1),
    date(2026, 7, 31),
    date(2026, 8, 2),
)
READ_AT = datetime(2026, 8, 2, 23, 59, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def column(
    *, tool: dict[str, Any] | None = None, repository: dict[str, Any] | None = None, **others: Any
) -> Column:
    values: dict[str, Any] = {"packages": []} | others
    return Column(
        tool=ToolFactory.build(function=None, facts_on=FACTS_ON, **(tool or {})),
        repository=None if repository is None else RepositoryFactory.build(**repository),
        **values,
    )


def figures(**values: Any) -> dict[str, Any]:
    return {"figures_on": FIGURES_ON, "figures_source": FigureSource.DATASET} | values


def matrix(columns: list[Column]) -> list[Section]:
    return matrix_at(columns, now=NOW)


def row(sections: list[Section], label: str) -> Row:
    return next(row for section in sections for row in section.rows if row.label == label)


def test_matrix_has_its_facts_by_source() -> None:
    sections = matrix([column(repository=figures()), column()])

    assert [(section.source, [row.label for row in section.rows]) for section in sections] == [
        (
            "our catalogue",
            ["Language", "Licence", "Status", "First release", "Packages", "Website", "Source code"],
        ),
        (
            "GitHub, by the star-history dataset",
            [
                "Stars",
                "Stars gained in 7 days",
                "Stars gained in 90 days",
                "Stars gained in a year",
                "Forks",
                "Open issues",
                "Last push",
                "Latest release seen",
                "Releases",
                "Repository",
            ],
        ),
        ("counted on this site", ["Stacks", "Of these verified", "Of these proved", "Followers", "Votes"]),
    ]


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        (["github", "github"], "GitHub"),
        (["github", "dataset"], "GitHub, in part by the star-history dataset"),
        (["dataset", ""], "GitHub, by the star-history dataset"),
        (["", ""], "GitHub"),
    ],
)
def test_matrix_names_whose_figures_they_are(sources: list[str], words: str) -> None:
    sections = matrix([column(repository={"figures_source": source}) for source in sources])

    assert sections[1].source == words


def test_matrix_shows_what_is_known() -> None:
    tool = ToolFactory.build(function=None)
    known = column(
        tool={
            "language": "Python",
            "license": "LicenseRef-Proprietary",
            "first_release": "2010-04",
            "website": "https://www.flask.example/docs",
            "status": Tool.Status.DEPRECATED,
            "stack_count": 19_300,
        },
        repository=figures(
            full_name="pallets/flask",
            stars=72_014,
            forks=0,
            latest_release="3.1.2",
            latest_release_on=date(2026, 7, 9),
            grew_7=0,
            grew_90=-12,
            grew_365=1_900,
            growth_on=GROWTH_ON,
            open_issues=5,
            pushed_at=datetime(2026, 7, 30, 8, tzinfo=UTC),
            release_days=41,
            state=Repository.State.OK,
            read_at=READ_AT,
        ),
        packages=[
            PackageFactory.build(tool=tool, type="docker", name="flask"),
            PackageFactory.build(tool=tool, type="pypi", name="Flask"),
        ],
    )

    cells = {row.label: row.cells[0] for section in matrix([known]) for row in section.rows}

    assert cells == {
        "Language": Cell("Python", as_of=FACTS_ON),
        "Licence": Cell("Proprietary", as_of=FACTS_ON),
        "Status": Cell("deprecated", as_of=FACTS_ON),
        "First release": Cell("Apr 2010", as_of=FACTS_ON),
        "Packages": Cell("docker: flask, pypi: Flask", as_of=FACTS_ON),
        "Website": Cell("flask.example", "https://www.flask.example/docs", FACTS_ON),
        "Source code": Cell("pallets/flask", "https://github.com/pallets/flask", FACTS_ON),
        "Stars": Cell("72K", as_of=FIGURES_ON),
        "Stars gained in 7 days": Cell("0", as_of=GROWTH_ON),
        "Stars gained in 90 days": Cell("−12", as_of=GROWTH_ON),
        "Stars gained in a year": Cell("+1.9K", as_of=GROWTH_ON),
        "Forks": Cell("0", as_of=FIGURES_ON),
        "Open issues": Cell("5", as_of=READ_ON),
        "Last push": Cell("30 Jul 2026", as_of=READ_ON),
        "Latest release seen": Cell("3.1.2, 9 Jul 2026"),
        "Releases": Cell("about every 41 days", as_of=GROWTH_ON),
        "Repository": Cell("not archived", as_of=READ_ON),
        "Stacks": Cell("19.3K"),
        "Of these verified": Cell("0"),
        "Of these proved": Cell("0"),
        "Followers": Cell("0"),
        "Votes": Cell("0"),
    }


SINCE = datetime(2026, 11, 3, 4, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=2_000)


@pytest.mark.parametrize(
    ("state", "pushed_at", "cell"),
    [
        ("new", None, Cell(UNKNOWN)),
        ("failed", NOW, Cell(UNKNOWN)),
        ("duplicate", NOW, Cell(UNKNOWN)),
        ("ok", None, Cell("not archived", as_of=READ_ON)),
        ("ok", LONG_AGO, Cell("looks abandoned", as_of=READ_ON)),
        ("archived", LONG_AGO, Cell("archived by its owner", as_of=READ_ON)),
        ("missing", LONG_AGO, Cell("missing", as_of=SINCE.date())),
        ("replaced", NOW, Cell("another repository bears the name", as_of=SINCE.date())),
        ("blocked", NOW, Cell("blocked for legal reasons", as_of=SINCE.date())),
        ("forbidden", NOW, Cell("refused by its owner's policy", as_of=SINCE.date())),
    ],
)
def test_matrix_says_in_words_what_became_of_a_repository(
    state: str, pushed_at: datetime | None, cell: Cell
) -> None:
    known = column(
        repository={"state": state, "pushed_at": pushed_at, "state_since": SINCE, "read_at": READ_AT}
    )

    assert row(matrix([known]), "Repository").cells == [cell]


@pytest.mark.parametrize(
    ("days", "words"), [(None, UNKNOWN), (1, "about every 1 day"), (30, "about every 30 days")]
)
def test_matrix_says_how_often_there_are_releases(days: int | None, words: str) -> None:
    known = column(repository={"release_days": days, "growth_on": GROWTH_ON})

    assert row(matrix([known]), "Releases").cells[0].text == words


def test_matrix_shows_a_release_without_a_day() -> None:
    known = column(repository={"latest_release": "v1", "read_at": READ_AT})

    assert row(matrix([known]), "Latest release seen").cells == [Cell("v1")]


@pytest.mark.parametrize("repository", [None, {}])
def test_matrix_says_unknown_of_what_is_not_known(repository: dict[str, Any] | None) -> None:
    sections = matrix([column(repository=repository)])

    unknown = {row.label for section in sections for row in section.rows if not row.cells[0].is_known}
    labels = {row.label for section in sections for row in section.rows}
    known = {"Status", "Stacks", "Of these verified", "Of these proved", "Followers", "Votes"} | (
        {"Source code"} if repository is not None else set()
    )
    assert unknown == labels - known
    assert all(
        row.cells[0].text == UNKNOWN for section in sections for row in section.rows if row.label in unknown
    )


@pytest.mark.parametrize(
    ("texts", "is_same"),
    [
        (["MIT", "MIT"], True),
        (["MIT", "Apache-2.0"], False),
        (["MIT", "MIT", "Apache-2.0"], False),
        (["MIT", UNKNOWN], False),
        ([UNKNOWN, UNKNOWN], False),
        (["0", "0", "0", "0"], True),
    ],
)
def test_row_is_the_same_when_all_are_known_to_be(texts: list[str], is_same: bool) -> None:
    assert Row("Licence", [Cell(text) for text in texts]).is_same == is_same


def test_section_is_the_same_when_all_its_rows_are() -> None:
    same, different = Row("a", [Cell("1"), Cell("1")]), Row("b", [Cell("1"), Cell("2")])

    assert Section("s", [same, same]).is_same
    assert not Section("s", [same, different]).is_same


@pytest.mark.parametrize(
    ("cells", "as_of"),
    [
        ([Cell("1", as_of=FACTS_ON), Cell("2", as_of=FACTS_ON)], FACTS_ON),
        ([Cell("1", as_of=FACTS_ON), Cell(UNKNOWN)], FACTS_ON),
        ([Cell("1", as_of=FACTS_ON), Cell("2", as_of=FIGURES_ON)], None),
        ([Cell("1", as_of=FACTS_ON), Cell("2")], None),
        ([Cell("1"), Cell("2")], None),
        ([Cell(UNKNOWN)], None),
    ],
)
def test_section_has_a_date_when_all_that_is_known_is_of_one_day(
    cells: list[Cell], as_of: date | None
) -> None:
    assert Section("s", [Row("a", cells)]).as_of == as_of


counts = st.none() | st.integers(0, 10**9)
columns = st.builds(
    lambda language, license_, first, stars, forks, release, grown, state: column(
        tool={"language": language, "license": license_, "first_release": first},
        repository=figures(
            stars=stars,
            forks=forks,
            latest_release=release,
            grew_7=grown,
            grew_90=grown,
            grew_365=grown,
            growth_on=GROWTH_ON,
            open_issues=forks,
            release_days=stars,
            state=state,
            state_since=READ_AT,
            read_at=READ_AT,
        ),
    ),
    st.sampled_from(["", "Rust", "Python"]),
    st.sampled_from(["", "MIT", "Apache-2.0 OR MIT"]),
    st.sampled_from(["", "2010", "2010-04", "2010-04-01", "2010-02-31"]),
    counts,
    counts,
    st.sampled_from(["", "1.0"]),
    st.none() | st.integers(-(10**6), 10**6),
    st.sampled_from(Repository.State.values),
)


@given(st.lists(columns, min_size=2, max_size=4))
@settings(deadline=None, max_examples=80)
def test_matrix_has_a_cell_with_words_for_every_tool(given_columns: list[Column]) -> None:
    rows = [row for section in matrix(given_columns) for row in section.rows]

    assert {len(row.cells) for row in rows} == {len(given_columns)}
    for cell in (cell for row in rows for cell in row.cells):
        assert cell.text.strip(" -–—")
        assert cell.is_known or (cell.url, cell.as_of) == ("", None)
    for at, one in enumerate(given_columns):
        assert one.repository
        assert row(matrix(given_columns), "Stars").cells[at].is_known == (one.repository.stars is not None)


@given(columns, st.integers(2, 4))
@settings(deadline=None, max_examples=40)
def test_matrix_of_one_tool_repeated_differs_in_nothing_that_is_known(one: Column, times: int) -> None:
    rows = [row for section in matrix([one] * times) for row in section.rows]

    assert all(row.is_same == row.cells[0].is_known for row in rows)
