import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.tools.models import Category, ImportedTool, Tool
from apps.tools.services.dataset import (
    MAX_FIELD_CHARACTERS,
    MAX_FILE_BYTES,
    DatasetError,
    ImportReport,
    Refusal,
    count_rows,
    import_dataset,
    refusal_reasons,
)
from tests.factories.tools import FunctionFactory, ToolAliasFactory, ToolFactory
from tests.tools.dataset import COLUMNS, dataset_row, write_dataset

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_taxonomy")]

# Three of the batches in which rows are written. The open dataset has ten, of the same kind.
ROWS = 2_500


@pytest.fixture
def _taxonomy(db: None) -> None:
    FunctionFactory()


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., ImportReport]:
    """`run(row, row, publish=True)`: the import of a file of these rows."""

    def run(*rows: dict[str, str], **options: Any) -> ImportReport:
        return import_dataset(write_dataset(tmp_path / "tools.csv", rows), **options)

    return run


@pytest.fixture
def refusal(run: Callable[..., ImportReport]) -> Callable[..., Refusal]:
    """`refusal(row)`: why the import of this row was refused."""

    def refusal(*rows: dict[str, str]) -> Refusal:
        [refused] = run(*rows).refused
        return refused

    return refusal


Run = Callable[..., ImportReport]


def many(count: int, **values: str) -> list[dict[str, str]]:
    return [dataset_row(number, **values) for number in range(1, count + 1)]


def test_row_becomes_a_tool_that_is_not_listed(run: Run) -> None:
    report = run(dataset_row(name="Flask", url="https://stackshare.io/flask"))

    tool = Tool.objects.get()
    assert (tool.name, tool.slug, tool.function.slug) == ("Flask", "flask", "microframeworks")
    assert (tool.origin, tool.is_listed, tool.description) == (Tool.Origin.IMPORT, False, "")
    assert (report.read, report.created, report.published) == (1, 1, 0)


def test_row_leaves_the_figures_of_its_source(run: Run) -> None:
    run(dataset_row(popularity="828409.5", votes="8063", stack_count="35981"))

    record = ImportedTool.objects.get()
    assert (record.source, record.external_id) == ("stackshare-dataset", "Service_1")
    assert record.url == "https://stackshare.io/tool-1"
    assert (record.popularity, record.votes, record.stacks) == (828_409.5, 8063, 35_981)


def test_figures_that_are_unknown_stay_so(run: Run) -> None:
    report = run(dataset_row(popularity="", votes="", stack_count=""))

    record = ImportedTool.objects.get()
    assert (record.popularity, record.votes, record.stacks) == (None, None, None)
    assert report.refused == []


def test_texts_of_the_source_are_not_taken_over(run: Run) -> None:
    run(dataset_row(title="Somebody's title", description="Somebody's text"))

    tool = Tool.objects.get()
    assert (tool.tagline, tool.description) == ("", "")


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("https://stackshare.io/Node.js", "node-js"),
        ("https://stackshare.io/a__b--c/", "a-b-c"),
        ("https://stackshare.io/companies/flask?x=1", "flask-x-1"),
    ],
)
def test_slug_is_the_last_part_of_the_address(run: Run, url: str, slug: str) -> None:
    run(dataset_row(url=url))

    assert Tool.objects.get().slug == slug


def test_function_is_made_where_the_taxonomy_has_none_of_its_name(run: Run) -> None:
    run(dataset_row(1, function="group-chat"), dataset_row(2, function="group-chat"))

    function = Category.objects.get(slug="group-chat")
    assert (function.name, function.level, function.parent.slug) == (
        "Group Chat",
        "function",
        "languages-and-frameworks",
    )
    assert function.tools.count() == 2


def test_published_tools_are_listed_at_once(run: Run) -> None:
    report = run(*many(2), publish=True)

    assert Tool.objects.listed().count() == report.published == 2


def test_tools_imported_before_can_be_published_later(run: Run) -> None:
    run(*many(2))
    before = timezone.now()

    report = run(*many(2), publish=True)

    assert (report.created, report.updated, report.published) == (0, 2, 2)
    assert Tool.objects.listed().filter(changed_at__gt=before).count() == 2


def test_publishing_again_publishes_none(run: Run) -> None:
    run(*many(2), publish=True)

    report = run(*many(2), publish=True)

    assert (report.published, report.unchanged) == (0, 2)


def test_import_without_publish_takes_nothing_off_the_lists(run: Run) -> None:
    run(*many(2), publish=True)

    run(*many(2))

    assert Tool.objects.listed().count() == 2


def test_rows_below_the_popularity_asked_for_are_passed_over(run: Run) -> None:
    report = run(
        dataset_row(1, popularity="99.9"),
        dataset_row(2, popularity="100"),
        dataset_row(3, popularity=""),
        min_popularity=100,
    )

    assert (report.read, report.created, report.below_popularity) == (3, 1, 2)
    assert Tool.objects.get().slug == "tool-2"


def test_dry_run_reports_the_same_and_changes_nothing(run: Run) -> None:
    run(dataset_row(1))
    rows = [dataset_row(1, votes="8"), dataset_row(2, function="new"), dataset_row(3, category="none")]
    before = (Tool.objects.count(), Category.objects.count(), ImportedTool.objects.get().votes)

    promised = run(*rows, dry_run=True)

    assert (Tool.objects.count(), Category.objects.count(), ImportedTool.objects.get().votes) == before
    assert run(*rows) == promised


def test_import_is_the_same_when_repeated(run: Run) -> None:
    run(*many(3))
    before = list(Tool.objects.order_by("pk").values())

    report = run(*many(3))

    assert (report.created, report.updated, report.unchanged) == (0, 0, 3)
    assert list(Tool.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    "values", [{"popularity": "1"}, {"votes": "1"}, {"stack_count": "1"}, {"url": "https://a.b/tool-1"}]
)
def test_figures_follow_the_file(run: Run, values: dict[str, str]) -> None:
    run(dataset_row())

    report = run(dataset_row(**values))

    [column] = values
    name = {"stack_count": "stacks"}.get(column, column)
    assert str(getattr(ImportedTool.objects.get(), name)).removesuffix(".0") == values[column]
    assert (report.updated, report.unchanged) == (1, 0)


def test_name_and_function_follow_the_file_and_the_address_stays(run: Run) -> None:
    run(dataset_row())

    report = run(dataset_row(name="Renamed", function="queues", url="https://stackshare.io/renamed"))

    tool = Tool.objects.get()
    assert (tool.name, tool.function.slug, tool.slug) == ("Renamed", "queues", "tool-1")
    assert report.updated == 1


@pytest.mark.parametrize(
    ("field", "value"), [("name", "My name"), ("is_listed", False), ("function", "my-function")]
)
def test_what_a_person_edited_is_not_overwritten(run: Run, field: str, value: Any) -> None:
    run(dataset_row())
    tool = Tool.objects.get()
    mine = FunctionFactory(slug=value) if field == "function" else value
    setattr(tool, field, mine)
    tool.edited_fields = [field]
    tool.save()

    run(dataset_row(name="Other", function="queues"), publish=True)

    tool.refresh_from_db()
    assert getattr(tool, field) == mine


@pytest.mark.parametrize("origin", [Tool.Origin.CATALOGUE, Tool.Origin.PERSON])
@pytest.mark.parametrize(
    "values",
    [
        {"url": "https://stackshare.io/nodejs", "name": "Anything"},
        {"url": "https://stackshare.io/anything", "name": "NodeJS"},
        {"url": "https://stackshare.io/node", "name": "Anything"},
    ],
)
def test_tool_that_is_there_already_only_gets_its_figures(
    run: Run, origin: str, values: dict[str, str]
) -> None:
    tool = ToolFactory(name="Node.js", slug="nodejs", origin=origin, is_listed=False)
    ToolAliasFactory(tool=tool, slug="node")
    before = Tool.objects.values().get()

    report = run(dataset_row(**values), publish=True)

    assert Tool.objects.values().get() == before
    assert tool.imported.votes == 7
    assert (report.created, report.matched, report.published) == (0, 1, 0)


def test_tool_that_was_matched_is_unchanged_when_repeated(run: Run) -> None:
    ToolFactory(name="Tool 1")
    run(dataset_row())

    report = run(dataset_row(), publish=True)

    assert (report.matched, report.unchanged) == (0, 1)


@pytest.mark.parametrize(("first", "second"), [("C", "C#"), ("C", "C++"), ("C#", "C++"), ("微信", "支付宝")])
def test_names_that_differ_in_what_matters_are_two_tools(run: Run, first: str, second: str) -> None:
    report = run(dataset_row(1, name=first), dataset_row(2, name=second))

    assert (report.created, report.refused) == (2, [])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"url": ""}, "url: Field required"),
        ({"url": "http://stackshare.io/x"}, "url: String should match pattern"),
        ({"url": "https://stackshare.io/a b"}, "url: String should match pattern"),
        ({"url": "https://stackshare.io/a\0b"}, "url: String should match pattern"),
        ({"url": f"https://stackshare.io/{'x' * 200}"}, "url: String should have at most 200 characters"),
        ({"url": f"https://stackshare.io/{'x' * 61}"}, "gives no usable address"),
        ({"url": "https://stackshare.io/微信"}, "gives no usable address"),
        ({"url": "https://stackshare.io/options"}, "gives no usable address"),
        ({"url": "https://stackshare.io/a-vs-b"}, "gives no usable address"),
        ({"object_id": ""}, "object_id: Field required"),
        ({"object_id": "1209"}, "object_id: String should match pattern"),
        ({"object_id": "Service_1; DROP TABLE"}, "object_id: String should match pattern"),
        ({"name": ""}, "name: Field required"),
        ({"name": "  "}, "name: String should have at least 1 character"),
        ({"name": "x" * 61}, "name: String should have at most 60 characters"),
        ({"name": "a\0b"}, "name: String should match pattern"),
        ({"name": "a\x1b[2Jb"}, "name: String should match pattern"),
        ({"name": "a\nb"}, "name: String should match pattern"),
        ({"popularity": "much"}, "popularity: Input should be a valid number"),
        ({"popularity": "-1"}, "popularity: Input should be greater than or equal to 0"),
        ({"popularity": "nan"}, "popularity: Input should be"),
        ({"popularity": "1e999"}, "popularity: Input should be a finite number"),
        ({"votes": "1.5"}, "votes: Input should be a valid integer"),
        ({"votes": "-1"}, "votes: Input should be greater than or equal to 0"),
        ({"votes": "2147483648"}, "votes: Input should be less than or equal to 2147483647"),
        ({"stack_count": "9" * 5000}, "stack_count: "),
        ({"category": ""}, "category: Field required"),
        ({"category": "dentistry"}, "category 'dentistry' is unknown; known: languages-and-frameworks"),
        ({"category": "x" * 61}, "category: String should have at most 60 characters"),
        ({"function": ""}, "function: Field required"),
        ({"function": "微信"}, "function '微信' gives no usable address"),
        ({"function": "İ" * 60}, "gives no usable address"),
        ({"function": "x" * 61}, "function: String should have at most 60 characters"),
    ],
)
def test_row_is_refused_with_its_reason(
    refusal: Callable[..., Refusal], values: dict[str, str], reason: str
) -> None:
    refused = refusal(dataset_row(**values))

    assert reason in refused.reason
    assert refused.line == (3 if "\n" in values.get("name", "") else 2)
    assert not Tool.objects.exists()


def test_refusal_names_the_row_in_a_few_harmless_characters(refusal: Callable[..., Refusal]) -> None:
    refused = refusal(dataset_row(name="\x1b[2J" + "x" * 5000))

    assert refused.name.isprintable()
    assert len(refused.name) <= 60


def test_row_with_more_values_than_columns_is_refused(tmp_path: Path) -> None:
    path = write_dataset(tmp_path / "tools.csv", [dataset_row(1), dataset_row(2)])
    path.write_text(path.read_text().replace("Tool 1", "Tool, 1"))

    report = import_dataset(path)

    assert [(refused.line, refused.reason) for refused in report.refused] == [
        (2, "has more values than the file has columns; put a text with commas in quotes")
    ]
    assert report.created == 1


def test_row_with_fewer_values_than_columns_is_refused(tmp_path: Path) -> None:
    path = write_dataset(tmp_path / "tools.csv", [dataset_row(1)])
    with path.open("a") as file:
        file.write("https://stackshare.io/x,Service_2,X\n")

    report = import_dataset(path)

    assert [refused.reason for refused in report.refused] == [
        "category: Field required; function: Field required"
    ]


def test_row_that_stands_twice_is_refused_the_second_time(refusal: Callable[..., Refusal]) -> None:
    refused = refusal(dataset_row(1), dataset_row(1, name="Other", url="https://stackshare.io/other"))

    assert refused == Refusal(3, "Other", "object_id Service_1 stands in line 2 already")


@pytest.mark.parametrize(
    "values", [{"name": "Tool  1"}, {"url": "https://stackshare.io/tool-1"}, {"url": "https://a.b/TOOL_1"}]
)
def test_second_row_of_the_same_tool_is_refused(
    refusal: Callable[..., Refusal], values: dict[str, str]
) -> None:
    refused = refusal(dataset_row(1), dataset_row(2, **values))

    assert refused.reason == "is the tool 'tool-1', which is taken by line 2 already"


def test_second_row_of_a_tool_that_is_there_is_refused(refusal: Callable[..., Refusal]) -> None:
    ToolFactory(name="Flask")

    refused = refusal(dataset_row(1, url="https://stackshare.io/flask"), dataset_row(2, name="flask"))

    assert refused.reason == "is the tool 'flask', which is taken by line 2 already"


def test_new_row_of_a_tool_imported_before_is_refused(run: Run, refusal: Callable[..., Refusal]) -> None:
    run(dataset_row(1))

    refused = refusal(dataset_row(2, name="Tool 1"))

    assert refused.reason == "is the tool 'tool-1', which is taken by another row of the dataset already"


def test_refused_rows_do_not_hinder_the_others(run: Run) -> None:
    report = run(dataset_row(1, votes="many"), dataset_row(2), dataset_row(3, category="none"))

    assert (report.read, report.created) == (3, 1)
    assert [refused.line for refused in report.refused] == [2, 4]


def test_reasons_are_counted_without_what_differs_between_rows(run: Run) -> None:
    report = run(
        dataset_row(1, category="a"),
        dataset_row(2, category="b"),
        dataset_row(3, name=""),
    )

    assert refusal_reasons(report) == [
        ("category … is unknown; known: languages-and-frameworks", 2),
        ("name: Field required", 1),
    ]


def test_import_needs_the_taxonomy(run: Run) -> None:
    for level in ("function", "category", "layer"):
        Category.objects.filter(level=level).delete()

    with pytest.raises(DatasetError, match=r"run `manage\.py load_catalogue` first"):
        run(dataset_row())

    assert not Tool.objects.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no column url, object_id, name"),
        (b"\n\n", "has no column url, object_id, name"),
        (b"PK\x03\x04 no text at all", "has no column url"),
        (b"https://stackshare.io/x,Service_1,X\n", "has no column url, object_id, name"),
        (b"url;object_id;name;popularity;votes;stack_count;category;function\n", "has no column url"),
        ("url,object_id,name\nx,y,Café\n".encode("utf-16"), "is not UTF-8"),
    ],
)
def test_file_that_is_no_dataset_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "tools.csv"
    path.write_bytes(content)

    with pytest.raises(DatasetError, match=message):
        import_dataset(path)


def test_file_in_another_encoding_is_refused_and_nothing_imported(tmp_path: Path) -> None:
    path = write_dataset(tmp_path / "tools.csv", [*many(500), dataset_row(501, name="Café")])
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))

    with pytest.raises(DatasetError, match=r"tools\.csv is not UTF-8: .* Save it as UTF-8\."):
        import_dataset(path)

    assert not Tool.objects.exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('"https://stackshare.io/x" y,Service_2,X', "line 3: .*expected after"),
        ('https://stackshare.io/x,Service_2,"X', "line 3: unexpected end of data"),
        (
            f"https://stackshare.io/x,Service_2,{'x' * (MAX_FIELD_CHARACTERS + 1)}",
            "line 3: field larger than",
        ),
    ],
)
def test_file_that_breaks_off_is_refused_and_nothing_imported(
    tmp_path: Path, line: str, message: str
) -> None:
    path = write_dataset(tmp_path / "tools.csv", [dataset_row(1)])
    with path.open("a") as file:
        file.write(line + "\n")

    with pytest.raises(DatasetError, match=message):
        import_dataset(path)

    assert not Tool.objects.exists()


def test_import_leaves_the_limit_of_other_readers_alone(run: Run) -> None:
    before = csv.field_size_limit()

    run(dataset_row())

    assert csv.field_size_limit() == before


def test_file_that_is_far_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tools.csv"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)

    with pytest.raises(DatasetError, match="larger than 50 MB; split it"):
        import_dataset(path)


def test_file_of_far_too_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.tools.services.dataset.MAX_ROWS", 100)
    path = write_dataset(tmp_path / "tools.csv", [dataset_row()])
    with path.open("a") as file:
        file.write(",\n" * 100)

    with pytest.raises(DatasetError, match="more than 100 rows; split it"):
        import_dataset(path)

    assert not Tool.objects.exists()


def test_further_columns_and_their_order_do_not_matter(tmp_path: Path) -> None:
    names = [*reversed(COLUMNS), *(f"column {number}" for number in range(100))]
    path = tmp_path / "tools.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, names, restval="x")
        writer.writeheader()
        writer.writerow(dataset_row())

    report = import_dataset(path)

    assert (report.created, report.refused) == (1, [])


def test_tick_comes_once_for_each_row(run: Run) -> None:
    ticks: list[None] = []

    run(*many(2), dataset_row(3, votes="x"), tick=lambda: ticks.append(None))

    assert len(ticks) == 3


def test_rows_are_counted_without_the_header(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()

    assert count_rows(write_dataset(tmp_path / "tools.csv", many(3))) == 3
    assert count_rows(empty) == 0


@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from(COLUMNS), st.text(max_size=20), max_size=4), min_size=1, max_size=5
    )
)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_of_any_text_are_imported_or_refused(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    path = write_dataset(
        tmp_path / "tools.csv", (dataset_row(at, **row) for at, row in enumerate(rows, start=1))
    )

    report = import_dataset(path, dry_run=True)

    assert report.created + len(report.refused) == report.read == len(rows)


@given(content=st.binary(max_size=300))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_file_of_any_bytes_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tools.csv"
    path.write_bytes(content)

    with pytest.raises(DatasetError):
        import_dataset(path)


def test_import_costs_the_same_queries_for_many_rows(run: Run) -> None:
    def cost(*rows: dict[str, str], **options: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            run(*rows, **options)
        return len(queries)

    first = [cost(*many(count), dry_run=True) for count in (10, 300)]
    run(*many(300))
    again = [cost(*many(count, name="New"), dry_run=True, publish=True) for count in (10, 300)]

    assert first[0] == first[1]
    assert again[0] == again[1]


def test_import_of_several_batches_takes_few_queries(run: Run, count_queries: Callable[..., Any]) -> None:
    rows = [dataset_row(number, function=f"function-{number % 20}") for number in range(ROWS)]

    with count_queries(at_most=46):
        report = run(*rows)

    assert (report.created, Tool.objects.count()) == (ROWS, ROWS)
