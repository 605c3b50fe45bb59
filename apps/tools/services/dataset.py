"""Import of the open dataset of tools: a CSV file in the form of its data package.

A row gives a name, a place in the taxonomy and that source's figures; its prose is left out. What is imported is
marked so and not listed until somebody says so; what is in the catalogue already, or was edited, is not changed.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from django.db import transaction
from django.utils import timezone
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from apps.core.locks import hold_lock
from apps.tools.catalogue import is_reserved
from apps.tools.models import Category, ImportedTool, Tool, ToolAlias

SOURCE = "stackshare-dataset"

# Limits before anything is parsed: the dataset has 9,072 rows and 6 MB with its texts.
MAX_FILE_BYTES = 50_000_000
MAX_ROWS = 100_000
MAX_FIELD_CHARACTERS = 20_000

# As long as the columns are that hold them.
MAX_NAME_CHARACTERS = 60
MAX_SLUG_CHARACTERS = 60

REQUIRED_COLUMNS = ("url", "object_id", "name", "popularity", "votes", "stack_count", "category", "function")


class DatasetError(Exception):
    """The file as a whole can't be imported; the message says why and what to do."""


class DatasetRow(BaseModel):
    """One row of the dataset, with the columns that we use."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    url: Annotated[str, StringConstraints(pattern=r"^https://[^/\s\p{Cc}]+/[^\s\p{Cc}]+$", max_length=200)]
    object_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]+_\d+$", max_length=40)]
    name: Annotated[
        str, StringConstraints(pattern=r"^[^\p{Cc}]*$", min_length=1, max_length=MAX_NAME_CHARACTERS)
    ]
    popularity: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    votes: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    stack_count: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    category: Annotated[str, StringConstraints(max_length=60)]
    function: Annotated[str, StringConstraints(min_length=1, max_length=60)]

    @property
    def slug(self) -> str:
        """The last part of the address in our form of slugs: lower case, single hyphens."""
        return _slug(self.url.rstrip("/").rsplit("/", 1)[-1])


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not imported: its line in the file, what it names, and why."""

    line: int
    name: str
    reason: str


@dataclass(slots=True)
class ImportReport:
    """What an import did, or would do, in counts of rows."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    matched: int = 0
    published: int = 0
    below_popularity: int = 0
    refused: list[Refusal] = field(default_factory=list)


def import_dataset(
    path: Path,
    *,
    min_popularity: float = 0,
    publish: bool = False,
    dry_run: bool = False,
    tick: Callable[[], object] = lambda: None,
) -> ImportReport:
    """Import `path`; with `dry_run` say what would happen and change nothing.

    Raises `DatasetError` where the file is no such dataset. `tick` is called for each row.
    """
    report = ImportReport()
    with transaction.atomic(), hold_lock("catalogue"):
        if not Category.objects.exists():
            raise DatasetError("The taxonomy is not there yet: run `manage.py load_catalogue` first.")
        _Import(report, publish=publish).run(_rows(path, report, min_popularity, tick))
        if dry_run:
            transaction.set_rollback(True)
    return report


def count_rows(path: Path) -> int:
    """The number of lines below the header, for a progress bar."""
    with path.open("rb") as file:
        return max(sum(1 for _ in file) - 1, 0)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _fold(name: str) -> str:
    """A name without case, spaces and punctuation, but for what sets "C#" and "C++" apart from "C"."""
    return re.sub(r"[^a-z0-9#+]", "", name.lower()) or name.casefold()


def _rows(
    path: Path, report: ImportReport, min_popularity: float, tick: Callable[[], object]
) -> Iterator[tuple[int, DatasetRow]]:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise DatasetError(f"{path.name} is larger than {MAX_FILE_BYTES // 1_000_000} MB; split it.")
    # The limit is one of the whole process.
    former_limit = csv.field_size_limit(MAX_FIELD_CHARACTERS)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in REQUIRED_COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise DatasetError(
                    f"{path.name} has no column {', '.join(missing)}. The first line must name the columns: "
                    f"{', '.join(REQUIRED_COLUMNS)}; others are ignored."
                )
            for row in reader:
                report.read += 1
                if report.read > MAX_ROWS:
                    raise DatasetError(f"{path.name} has more than {MAX_ROWS} rows; split it.")
                tick()
                if None in row:
                    reason = "has more values than the file has columns; put a text with commas in quotes"
                    report.refused.append(Refusal(reader.line_num, _label(row), reason))
                    continue
                try:
                    parsed = DatasetRow.model_validate(
                        {k: v for k, v in row.items() if k and v not in (None, "")}
                    )
                except ValidationError as error:
                    report.refused.append(Refusal(reader.line_num, _label(row), _why(error)))
                    continue
                if (parsed.popularity or 0) < min_popularity:
                    report.below_popularity += 1
                    continue
                yield reader.line_num, parsed
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path.name} is not UTF-8: {error}. Save it as UTF-8.") from None
    except csv.Error as error:
        raise DatasetError(f"{path.name}, line {report.read + 2}: {error}.") from None
    finally:
        csv.field_size_limit(former_limit)


def _label(row: Mapping[str, str | None]) -> str:
    """The name in a row that was not checked, as far as it can do no harm in a terminal."""
    name = (row.get("name") or "")[:MAX_NAME_CHARACTERS]
    return "".join(character if character.isprintable() else "?" for character in name)


def _why(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_url=False)
    )


class _Import:
    """One run: what the database knows, and the rows to write."""

    def __init__(self, report: ImportReport, *, publish: bool) -> None:
        self.report = report
        self.publish = publish
        self.categories = {c.slug: c for c in Category.objects.filter(level=Category.Level.CATEGORY)}
        self.functions = {
            (f.parent_id, f.slug): f for f in Category.objects.filter(level=Category.Level.FUNCTION)
        }
        self.records = {
            r.external_id: r
            for r in ImportedTool.objects.filter(source=SOURCE).select_related("tool__function")
        }
        self.tools = {tool.slug: tool for tool in Tool.objects.all()}
        self.by_alias = {a.slug: a.tool for a in ToolAlias.objects.select_related("tool")}
        self.by_name = {_fold(tool.name): tool for tool in self.tools.values()}
        self.lines: dict[str, int] = {}
        self.claimed: dict[int | str, int] = {r.tool_id: 0 for r in self.records.values()}
        self.new: list[tuple[Tool, ImportedTool]] = []
        self.changed_tools: list[Tool] = []
        self.changed_records: list[ImportedTool] = []
        self.new_records: list[ImportedTool] = []

    def run(self, rows: Iterator[tuple[int, DatasetRow]]) -> None:
        for line, row in rows:
            reason = self._refusal(line, row)
            if reason:
                self.report.refused.append(Refusal(line, row.name, reason))
            else:
                self._take(line, row)
        self._write()

    def _refusal(self, line: int, row: DatasetRow) -> str:
        if row.object_id in self.lines:
            return f"object_id {row.object_id} stands in line {self.lines[row.object_id]} already"
        self.lines[row.object_id] = line
        if row.category not in self.categories:
            close = ", ".join(sorted(self.categories))
            return f"category {row.category!r} is unknown; known: {close}"
        if not 0 < len(row.slug) <= MAX_SLUG_CHARACTERS or is_reserved(row.slug):
            return f"url: {row.url!r} gives no usable address"
        if not 0 < len(_slug(row.function)) <= MAX_SLUG_CHARACTERS:
            return f"function {row.function!r} gives no usable address"
        return ""

    def _take(self, line: int, row: DatasetRow) -> None:
        record = self.records.get(row.object_id)
        if record:
            self._update(record, row)
            return
        match = self.tools.get(row.slug) or self.by_alias.get(row.slug) or self.by_name.get(_fold(row.name))
        if match is None:
            self._create(line, row)
            return
        claimed = self.claimed.get(match.pk or match.slug)
        if claimed is not None or match.pk is None:
            where = f"by line {claimed}" if claimed else "by another row of the dataset"
            self.report.refused.append(
                Refusal(line, row.name, f"is the tool {match.slug!r}, which is taken {where} already")
            )
            return
        self.claimed[match.pk] = line
        self.report.matched += 1
        self.new_records.append(self._record(match, row))

    def _record(self, tool: Tool, row: DatasetRow) -> ImportedTool:
        return ImportedTool(
            tool=tool,
            source=SOURCE,
            external_id=row.object_id,
            url=row.url,
            popularity=row.popularity,
            votes=row.votes,
            stacks=row.stack_count,
        )

    def _create(self, line: int, row: DatasetRow) -> None:
        tool = Tool(
            name=row.name,
            slug=row.slug,
            function=self._function(row),
            origin=Tool.Origin.IMPORT,
            is_listed=self.publish,
        )
        self.tools[tool.slug] = self.by_name[_fold(row.name)] = tool
        self.claimed[tool.slug] = line
        self.new.append((tool, self._record(tool, row)))
        self.report.created += 1
        self.report.published += self.publish

    def _function(self, row: DatasetRow) -> Category:
        """The function of the row, made where the taxonomy has none of that name yet."""
        category = self.categories[row.category]
        slug = _slug(row.function)
        key = (category.pk, slug)
        if key not in self.functions:
            self.functions[key] = Category.objects.create(
                level=Category.Level.FUNCTION,
                parent=category,
                slug=slug,
                name=slug.replace("-", " ").title(),
                # Behind those of the catalogue.
                position=1000,
            )
        return self.functions[key]

    def _update(self, record: ImportedTool, row: DatasetRow) -> None:
        tool, before = record.tool, (record.url, record.popularity, record.votes, record.stacks)
        changed = False
        record.url, record.popularity, record.votes, record.stacks = (
            row.url,
            row.popularity,
            row.votes,
            row.stack_count,
        )
        if before != (record.url, record.popularity, record.votes, record.stacks):
            self.changed_records.append(record)
            changed = True
        if tool.origin == Tool.Origin.IMPORT:
            wanted: dict[str, object] = {"name": row.name, "function": self._function(row)}
            if self.publish:
                wanted["is_listed"] = True
            wanted = {
                k: v for k, v in wanted.items() if k not in tool.edited_fields and getattr(tool, k) != v
            }
            for name, value in wanted.items():
                setattr(tool, name, value)
            self.report.published += "is_listed" in wanted
            if wanted:
                tool.changed_at = timezone.now()
                self.changed_tools.append(tool)
                changed = True
        self.report.updated += changed
        self.report.unchanged += not changed

    def _write(self) -> None:
        Tool.objects.bulk_create([tool for tool, _ in self.new], batch_size=1000)
        ImportedTool.objects.bulk_create(
            [*(record for _, record in self.new), *self.new_records], batch_size=1000
        )
        Tool.objects.bulk_update(
            self.changed_tools, ["name", "function", "is_listed", "changed_at"], batch_size=1000
        )
        ImportedTool.objects.bulk_update(
            self.changed_records, ["url", "popularity", "votes", "stacks"], batch_size=1000
        )


def refusal_reasons(report: ImportReport) -> list[tuple[str, int]]:
    """How often each reason occurs, most frequent first, with what differs between rows left out."""
    return Counter(re.sub(r"('[^']*'|\d+)", "…", refusal.reason) for refusal in report.refused).most_common()
