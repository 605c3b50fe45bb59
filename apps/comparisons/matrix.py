"""The matrix of a comparison: facts side by side, each with its source and date. Pure functions over dataclasses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format

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
    """A fact: its text ("unknown" where it is not known), a link, and where it is from and of when."""

    text: str
    url: str = ""
    source: str = ""
    as_of: date | None = None

    @property
    def is_known(self) -> bool:
        return self.text != UNKNOWN

    @property
    def note(self) -> str:
        """Source and date, as they stand below the fact."""
        return ", ".join(part for part in (self.source, date_format(self.as_of, "j M Y") if self.as_of else "") if part)


@dataclass(frozen=True, slots=True)
class Row:
    """A fact of every tool. `note` stands once where all cells have the same source and date."""

    label: str
    cells: Sequence[Cell]

    @property
    def is_same(self) -> bool:
        """Whether the tools are known to be the same in this; the switch "differences only" hides such rows."""
        return len({cell.text for cell in self.cells}) == 1 and self.cells[0].is_known

    @property
    def note(self) -> str:
        notes = {cell.note for cell in self.cells if cell.is_known}
        return notes.pop() if len(notes) == 1 else ""


def matrix(columns: Sequence[Column]) -> list[Row]:
    """The rows of facts for two to four tools, in the order of `columns`."""
    rows: list[tuple[str, Callable[[Column], Cell]]] = [
        ("Language", lambda c: _catalogue(c, c.tool.language)),
        ("Licence", lambda c: _catalogue(c, license_name(c.tool.license))),
        ("Status", lambda c: _catalogue(c, c.tool.get_status_display())),
        ("First release", lambda c: _catalogue(c, partial_date(c.tool.first_release) if c.tool.first_release else "")),
        ("Latest release", _latest_release),
        ("GitHub stars", lambda c: _figure(c, c.repository.stars if c.repository else None)),
        (f"Stars gained in {QUARTER} days", lambda c: _growth(growth(c.readings, days=QUARTER), c)),
        ("Stars gained in a year", lambda c: _growth(growth(c.readings, days=YEAR), c)),
        ("Forks", lambda c: _figure(c, c.repository.forks if c.repository else None)),
        ("Packages", lambda c: _catalogue(c, ", ".join(str(package) for package in c.packages))),
        ("Website", lambda c: _catalogue(c, host(c.tool.website), c.tool.website)),
        ("Source code", _source),
    ]
    return [Row(label, [cell(column) for column in columns]) for label, cell in rows]


def _catalogue(column: Column, text: str, url: str = "") -> Cell:
    if not text:
        return Cell(UNKNOWN)
    return Cell(text, url, "our catalogue" if column.tool.facts_on else "", column.tool.facts_on)


def _figure(column: Column, count: int | None) -> Cell:
    repository = column.repository
    if repository is None or count is None:
        return Cell(UNKNOWN)
    return Cell(compact(count), "", repository.get_figures_source_display(), repository.figures_on)


def _growth(grown: Growth | None, column: Column) -> Cell:
    if grown is None or column.repository is None:
        return Cell(UNKNOWN)
    return Cell(signed(grown.added), "", column.repository.get_figures_source_display(), grown.until)


def _latest_release(column: Column) -> Cell:
    repository = column.repository
    if repository is None or not repository.latest_release:
        return Cell(UNKNOWN)
    return Cell(repository.latest_release, "", "GitHub", repository.latest_release_on)


def _source(column: Column) -> Cell:
    if column.repository is None:
        return Cell(UNKNOWN)
    return _catalogue(column, column.repository.full_name, column.repository.url)
