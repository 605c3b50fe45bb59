"""The matrix of a comparison: facts side by side, each with its source and date. Pure functions over dataclasses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from apps.core.templatetags.ui import compact, host, license_name, partial_date, signed
from apps.github.growth import Growth, Reading, growth
from apps.github.models import Repository
from apps.tools.models import Package, Tool

UNKNOWN = "unknown"

# The periods over which growth is shown, in days.
QUARTER, YEAR = 90, 365


@dataclass(frozen=True, slots=True)
class Column:
    """What the matrix needs to know of one tool."""

    tool: Tool
    repository: Repository | None
    readings: Sequence[Reading]
    packages: Sequence[Package]


@dataclass(frozen=True, slots=True)
class Cell:
    """A fact: its text ("unknown" where it is not known), a link, and the day that it is of."""

    text: str
    url: str = ""
    as_of: date | None = None

    @property
    def is_known(self) -> bool:
        return self.text != UNKNOWN


@dataclass(frozen=True, slots=True)
class Row:
    """A fact of every tool."""

    label: str
    cells: Sequence[Cell]

    @property
    def is_same(self) -> bool:
        """Whether the tools are known to be the same in this; the switch "differences only" hides such rows."""
        return len({cell.text for cell in self.cells}) == 1 and self.cells[0].is_known


@dataclass(frozen=True, slots=True)
class Section:
    """Facts of one source. `as_of` is the day that all of them are of; None: each cell says its own."""

    source: str
    rows: Sequence[Row]

    @property
    def as_of(self) -> date | None:
        days = {cell.as_of for row in self.rows for cell in row.cells if cell.is_known}
        return days.pop() if len(days) == 1 else None

    @property
    def is_same(self) -> bool:
        return all(row.is_same for row in self.rows)


def matrix(columns: Sequence[Column]) -> list[Section]:
    """The facts of two to four tools by their source, cells in the order of `columns`."""
    sources = sorted({c.repository.get_figures_source_display() for c in columns if c.repository} - {""})
    return [
        _section(
            "our catalogue",
            columns,
            {
                "Language": lambda c: _catalogue(c, c.tool.language),
                "Licence": lambda c: _catalogue(c, license_name(c.tool.license)),
                "Status": lambda c: _catalogue(c, c.tool.get_status_display()),
                "First release": lambda c: _catalogue(c, partial_date(c.tool.first_release)),
                "Packages": lambda c: _catalogue(c, ", ".join(str(package) for package in c.packages)),
                "Website": lambda c: _catalogue(c, host(c.tool.website), c.tool.website),
                "Source code": _source,
            },
        ),
        _section(
            f"GitHub, by the {' and '.join(sources)}" if sources and sources != ["GitHub"] else "GitHub",
            columns,
            {
                "Stars": lambda c: _figure(c, c.repository.stars if c.repository else None),
                f"Stars gained in {QUARTER} days": lambda c: _growth(growth(c.readings, days=QUARTER)),
                "Stars gained in a year": lambda c: _growth(growth(c.readings, days=YEAR)),
                "Forks": lambda c: _figure(c, c.repository.forks if c.repository else None),
                "Latest release": _latest_release,
            },
        ),
        _section(
            "counted on this site",
            columns,
            {
                "Stacks": lambda c: Cell(compact(c.tool.stack_count)),
                "Followers": lambda c: Cell(compact(c.tool.follower_count)),
                "Votes": lambda c: Cell(compact(c.tool.vote_count)),
            },
        ),
    ]


def _section(source: str, columns: Sequence[Column], facts: dict[str, Callable[[Column], Cell]]) -> Section:
    return Section(
        source, [Row(label, [fact(column) for column in columns]) for label, fact in facts.items()]
    )


def _catalogue(column: Column, text: str, url: str = "") -> Cell:
    return Cell(text, url, column.tool.facts_on) if text else Cell(UNKNOWN)


def _figure(column: Column, count: int | None) -> Cell:
    if column.repository is None or count is None:
        return Cell(UNKNOWN)
    return Cell(compact(count), as_of=column.repository.figures_on)


def _growth(grown: Growth | None) -> Cell:
    return Cell(signed(grown.added), as_of=grown.until) if grown else Cell(UNKNOWN)


def _latest_release(column: Column) -> Cell:
    repository = column.repository
    if repository is None or not repository.latest_release:
        return Cell(UNKNOWN)
    return Cell(repository.latest_release, as_of=repository.latest_release_on)


def _source(column: Column) -> Cell:
    if column.repository is None:
        return Cell(UNKNOWN)
    return _catalogue(column, column.repository.full_name, column.repository.url)
