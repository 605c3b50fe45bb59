"""The matrix of a comparison: facts side by side, each with its source and date. Pure functions over dataclasses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.template.defaultfilters import pluralize
from django.utils.formats import date_format

from apps.core.templatetags.ui import compact, host, license_name, partial_date, signed
from apps.github.models import FigureSource, Repository
from apps.github.releases import is_abandoned
from apps.tools.models import Package, Tool

UNKNOWN = "unknown"

# States of the reading, which tell nothing of the repository itself.
_UNCLEAR = {Repository.State.NEW, Repository.State.DUPLICATE, Repository.State.FAILED}


@dataclass(frozen=True, slots=True)
class Column:
    """What the matrix needs to know of one tool."""

    tool: Tool
    repository: Repository | None
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


def matrix(columns: Sequence[Column], *, now: datetime) -> list[Section]:
    """The facts of two to four tools by their source, cells in the order of `columns`."""
    sources = {c.repository.figures_source for c in columns if c.repository} - {""}
    dataset = f"{'in part ' if len(sources) > 1 else ''}by the {FigureSource.DATASET.label}"
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
            f"GitHub, {dataset}" if FigureSource.DATASET in sources else "GitHub",
            columns,
            {
                "Stars": _github(lambda r: _cell(compact(r.stars), r.figures_on)),
                "Stars gained in 7 days": _github(lambda r: _cell(_signed(r.grew_7), r.growth_on)),
                "Stars gained in 90 days": _github(lambda r: _cell(_signed(r.grew_90), r.growth_on)),
                "Stars gained in a year": _github(lambda r: _cell(_signed(r.grew_365), r.growth_on)),
                "Forks": _github(lambda r: _cell(compact(r.forks), r.figures_on)),
                "Open issues": _github(lambda r: _cell(compact(r.open_issues), _read_on(r))),
                "Last push": _github(lambda r: _cell(_day(r.pushed_at), _read_on(r))),
                # With its own day: not every look tells which is the latest.
                "Latest release seen": _github(lambda r: _cell(_latest_release(r), None)),
                "Releases": _github(lambda r: _cell(_releases(r), r.growth_on)),
                "Repository": _github(lambda r: _state(r, now)),
            },
        ),
        _section(
            "counted on this site",
            columns,
            {
                "Stacks": lambda c: Cell(compact(c.tool.stack_count)),
                "Of these verified": lambda c: Cell(compact(c.tool.verified_count)),
                "Of these proved": lambda c: Cell(compact(c.tool.proved_count)),
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


def _cell(text: str, as_of: date | None) -> Cell:
    return Cell(text, as_of=as_of) if text not in ("", UNKNOWN) else Cell(UNKNOWN)


def _github(fact: Callable[[Repository], Cell]) -> Callable[[Column], Cell]:
    """A fact of the repository, unknown where there is none."""
    return lambda column: fact(column.repository) if column.repository else Cell(UNKNOWN)


def _read_on(repository: Repository) -> date | None:
    """The day of what only our own workers read: the dataset has nothing but stars and forks."""
    return repository.read_at.date() if repository.read_at else None


def _signed(added: int | None) -> str:
    return UNKNOWN if added is None else signed(added)


def _day(value: date | None) -> str:
    return date_format(value, "j M Y") if value else ""


def _latest_release(repository: Repository) -> str:
    on = repository.latest_release and _day(repository.latest_release_on)
    return f"{repository.latest_release}, {on}" if on else repository.latest_release


def _releases(repository: Repository) -> str:
    days = repository.release_days
    return f"about every {days} day{pluralize(days)}" if days else ""


def _state(repository: Repository, now: datetime) -> Cell:
    """Whether anybody still works on it, in a word or two."""
    state = Repository.State(repository.state)
    if state in _UNCLEAR:
        return Cell(UNKNOWN)
    if state not in (Repository.State.OK, Repository.State.ARCHIVED):
        return Cell(str(state.label), as_of=repository.state_since.date())
    if is_abandoned(pushed_at=repository.pushed_at, archived=state == Repository.State.ARCHIVED, now=now):
        return Cell("looks abandoned", as_of=_read_on(repository))
    return Cell(
        "not archived" if state == Repository.State.OK else str(state.label), as_of=_read_on(repository)
    )


def _source(column: Column) -> Cell:
    if column.repository is None:
        return Cell(UNKNOWN)
    return _catalogue(column, column.repository.full_name, column.repository.url)
