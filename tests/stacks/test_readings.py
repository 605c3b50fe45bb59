"""Readings: kept, compared, published."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from apps.accounts.models import User
from apps.detection.sights import Finding, Kind, Report, Scope, Unread
from apps.stacks.models import Change, Evidence, Item, Reading, Stack, Tier
from apps.stacks.services import readings
from apps.stacks.services.items import add_items, drop_item
from apps.stacks.services.readings import (
    MAX_EVIDENCE,
    MAX_FINDINGS,
    PROPRIETARY,
    Row,
    ask_for_reading,
    compare_reading,
    publish_reading,
    read_names,
    store_reading,
)
from apps.stacks.services.stacks import create_stack
from apps.tools.models import Tool
from tests.factories.stacks import EvidenceFactory, ReadingFactory
from tests.factories.tools import CategoryFactory, FunctionFactory, LayerFactory, PackageFactory, ToolFactory
from tests.stacks.counts import check_counts

FLASK = Finding(
    "flask",
    Kind.PACKAGE,
    "flask",
    "pyproject.toml",
    7,
    "pkg:pypi/flask",
    "~=3.0",
    Scope.RUNTIME,
    1.0,
    is_direct=True,
)
LOCKED = replace(FLASK, path="uv.lock", line=90, version="3.0.4", is_direct=False)
RUFF = replace(FLASK, tool="ruff", name="ruff", purl="pkg:pypi/ruff", version="", scope=Scope.DEVELOPMENT)
MENTION = replace(
    FLASK,
    tool="redis",
    kind=Kind.SCHEME,
    name="redis",
    path=".env.example",
    confidence=0.3,
    purl="",
    version="",
)


@pytest.fixture(autouse=True)
def catalogue(db: None) -> None:
    for name in ("Flask", "Ruff", "Redis"):
        ToolFactory(name=name)


@pytest.fixture
def stack(alice: User) -> Stack:
    return create_stack(person=alice, name="Site")


def report_of(*findings: Finding, **values: Any) -> Report:
    return Report(tools=tuple({one.tool for one in findings}), findings=findings, **values)


def read(person: User, *findings: Finding, source: str = "upload", **values: Any) -> Reading:
    return store_reading(person=person, report=report_of(*findings), source=source, **values)


def brief(rows: list[Row]) -> list[tuple[str, str]]:
    return [(row.change, row.tool.slug) for row in rows]


# --- Keeping -------------------------------------------------------------------------------------


def test_reading_keeps_what_was_found(alice: User, stack: Stack) -> None:
    report = report_of(
        LOCKED, FLASK, unread=(Unread("go.mod", "It ends too early."),), unknown=("pkg:pypi/own",)
    )

    reading = store_reading(
        person=alice, report=report, source="cli", stack=stack, repository="alice/site", commit="abc"
    )

    reading = Reading.objects.get(pk=reading.pk)
    assert (reading.state, reading.due_at, reading.source, reading.repository) == (
        "ready", None, "cli", "alice/site",
    )  # fmt: skip
    assert [one["path"] for one in reading.findings] == ["pyproject.toml", "uv.lock"]
    assert reading.findings[0] | {"kind": "package", "scope": "runtime", "line": 7} == reading.findings[0]
    assert reading.unread == [{"path": "go.mod", "reason": "It ends too early."}]
    assert reading.unknown == ["pkg:pypi/own"]


def test_hostile_texts_are_cut_and_cleaned(alice: User) -> None:
    bad = "a\0b\ud800\u202e" + "x" * 999
    finding = replace(FLASK, name=bad, path=bad, purl=bad, version=bad)
    report = report_of(finding, unread=(Unread(bad, bad),) * 999, unknown=(bad,) * 999)

    reading = Reading.objects.get(pk=store_reading(person=alice, report=report, source="upload").pk)

    (kept,) = reading.findings
    assert [len(kept[name]) for name in ("name", "path", "purl", "version")] == [200, 300, 300, 60]
    assert kept["path"].startswith("abx")
    assert (len(reading.unread), len(reading.unknown)) == (200, 500)


def test_direct_and_sure_findings_are_kept_first_where_there_are_too_many(alice: User) -> None:
    many = [replace(LOCKED, path=f"{number}/uv.lock") for number in range(MAX_FINDINGS)]

    reading = store_reading(person=alice, report=report_of(*many, FLASK), source="upload")

    assert len(reading.findings) == MAX_FINDINGS
    assert reading.findings[0]["is_direct"]


@pytest.mark.parametrize("values", [{"source": "guess"}, {"source": "cli", "repository": "x"}])
def test_wrong_reading_is_refused(alice: User, values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        store_reading(person=alice, report=Report(), **values)


def test_readings_of_a_day_have_an_end(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "READINGS_A_DAY", 1)
    read(alice)

    with pytest.raises(ValidationError, match="1 readings in a day"):
        read(alice)


def test_nobody_reads_for_a_strangers_stack(mallory: User, stack: Stack) -> None:
    for attempt in (
        lambda: read(mallory, stack=stack),
        lambda: read_names(person=mallory, text="Flask", stack=stack),
        lambda: ask_for_reading(person=mallory, repository="a/b", stack=stack),
    ):
        with pytest.raises(PermissionDenied):
            attempt()


# --- Names ---------------------------------------------------------------------------------------


def test_names_become_a_reading_of_their_tools(alice: User) -> None:
    Tool.objects.filter(slug="ruff").update(is_minor=True)

    reading = read_names(person=alice, text="flask, Ruff\nFlask.js\nNobody's tool")
    rows = compare_reading(Reading.objects.get(pk=reading.pk), None)

    assert reading.unknown == ["Nobody's tool"]
    assert [(row.change, row.tool.slug, row.is_chosen, row.findings) for row in rows] == [
        ("added", "flask", True, []),
        ("added", "ruff", True, []),
    ]


@pytest.mark.parametrize("text", ["", " \n,,", "x" * 100_001])
def test_text_without_names_or_end_is_refused(alice: User, text: str) -> None:
    with pytest.raises(ValidationError):
        read_names(person=alice, text=text)


def test_published_names_are_claims(alice: User, stack: Stack) -> None:
    reading = read_names(person=alice, text="Flask")

    publish_reading(person=alice, reading=reading, stack=stack, tools=["flask"])

    item = stack.items.get()
    assert (item.tier, item.evidence.count()) == (Tier.CLAIMED, 0)
    check_counts()


# --- Asking --------------------------------------------------------------------------------------


def test_repository_waits_for_a_worker(
    alice: User,
    queued_tasks: Callable[[], list[str]],
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        reading = ask_for_reading(person=alice, repository="https://github.com/pallets/flask/tree/main")
        again = ask_for_reading(person=alice, repository="Pallets/Flask")

    assert (reading.repository, reading.state) == ("pallets/flask", "waiting")
    assert reading.due_at
    assert again.pk == reading.pk
    assert set(queued_tasks()) == {"apps.stacks.tasks.read_due_repositories"}


@pytest.mark.parametrize("repository", ["", "flask", "https://example.com/a/b", "a/.."])
def test_what_is_no_repository_is_refused_by_field(alice: User, repository: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ask_for_reading(person=alice, repository=repository)

    assert list(caught.value.message_dict) == ["repository"]


def test_another_stack_is_another_reading(alice: User, stack: Stack) -> None:
    first = ask_for_reading(person=alice, repository="a/b")

    assert ask_for_reading(person=alice, repository="a/b", stack=stack).pk != first.pk


# --- Comparing -----------------------------------------------------------------------------------


def test_review_of_a_new_stack_chooses_what_is_worth_naming(alice: User) -> None:
    ToolFactory(name="Lodash", is_minor=True)
    ToolFactory(name="Hidden", is_listed=False)
    lodash = replace(FLASK, tool="lodash", name="lodash")
    hidden = replace(FLASK, tool="hidden")
    gone = replace(FLASK, tool="nobody-knows")

    rows = compare_reading(read(alice, FLASK, LOCKED, RUFF, MENTION, lodash, hidden, gone), None)

    assert [(row.tool.slug, row.version, row.scope, row.is_chosen, len(row.findings)) for row in rows] == [
        ("flask", "3.0.4", "runtime", True, 2),
        ("lodash", "3.0", "runtime", False, 1),
        ("redis", "", "runtime", False, 1),
        ("ruff", "", "development", True, 1),
    ]
    assert {row.change for row in rows} == {"added"}


def test_review_says_what_changes(alice: User, stack: Stack) -> None:
    publish_reading(person=alice, reading=read(alice, FLASK, RUFF), stack=stack, tools=["flask", "ruff"])
    flask = replace(FLASK, version="^4")

    rows = compare_reading(read(alice, flask, MENTION), stack)

    assert brief(rows) == [("added", "redis"), ("upgraded", "flask"), ("gone", "ruff")]
    assert (rows[1].before, rows[1].version, rows[2].is_chosen) == ("3.0", "4", True)


def test_rows_stand_by_layer_and_name(alice: User) -> None:
    operations = LayerFactory(slug="devops", position=1)
    ToolFactory(
        name="Zeit", function=FunctionFactory(parent=CategoryFactory(slug="x", parent=LayerFactory()))
    )
    ToolFactory(name="Anvil", function=FunctionFactory(parent=CategoryFactory(slug="y", parent=operations)))

    found = [replace(FLASK, tool=slug) for slug in ("anvil", "zeit", "ruff")]

    assert [row.tool.slug for row in compare_reading(read(alice, *found), None)] == ["ruff", "zeit", "anvil"]


@pytest.mark.parametrize(
    ("change", "row"),
    [
        ("3", "same"),
        ("3.0.9", "same"),
        ("", "same"),
        ("*", "same"),
        ("3.1", "upgraded"),
        ("2", "upgraded"),
    ],
)
def test_less_or_more_exact_version_is_the_same(alice: User, stack: Stack, change: str, row: str) -> None:
    add_items(person=alice, stack=stack, tools=[Tool.objects.get(slug="flask")], version="3.0")

    (found,) = compare_reading(read(alice, replace(FLASK, version=change)), stack)

    assert found.change == row


@pytest.mark.parametrize(
    ("findings", "version"),
    [
        ([FLASK], "3.0"),
        ([FLASK, replace(FLASK, name="flask-extra", version="9")], ""),
        ([replace(FLASK, kind=Kind.RUNTIME, version="3.12"), replace(FLASK, name="x", version="9")], "3.12"),
        (
            [replace(FLASK, purl="pkg:docker/library/flask", version="16-alpine"), replace(FLASK, name="x")],
            "16",
        ),
        ([replace(FLASK, confidence=0.3)], ""),
        ([LOCKED], "3.0.4"),
    ],
)
def test_version_is_the_tools_own(alice: User, findings: list[Finding], version: str) -> None:
    (row,) = compare_reading(read(alice, *findings), None)

    assert row.version == version


def test_package_of_a_tool_with_an_image_is_a_client(alice: User) -> None:
    PackageFactory(tool=Tool.objects.get(slug="flask"), type="docker", name="library/flask")

    (row,) = compare_reading(read(alice, FLASK), None)

    assert row.version == ""


def test_package_of_a_service_is_a_client(alice: User) -> None:
    Tool.objects.filter(slug="flask").update(license=PROPRIETARY)

    (row,) = compare_reading(read(alice, FLASK), None)

    assert row.version == ""


def test_tools_of_a_layer_come_in_the_order_of_the_taxonomy(alice: User) -> None:
    category = CategoryFactory()
    for position, slug in enumerate(("ruff", "flask")):
        function = FunctionFactory(parent=category, slug=f"function-{position}", position=position)
        Tool.objects.filter(slug=slug).update(function=function)

    rows = compare_reading(read(alice, FLASK, RUFF), None)

    assert [row.tool.slug for row in rows] == ["ruff", "flask"]


# What an item of the stack is shown by, what is read now without it, and whether it counts as gone.
GONE = [
    ("upload", {"path": "pyproject.toml"}, {}, True),
    ("upload", {"path": "Dockerfile"}, {}, False),
    ("upload", {"path": "pyproject.toml", "source": "cli"}, {}, False),
    ("cli", {"path": "Dockerfile", "source": "cli"}, {}, True),
    ("cli", {"path": "Dockerfile", "source": "cli", "repository": "a/b"}, {"repository": "A/B"}, True),
    ("cli", {"path": "Dockerfile", "source": "cli", "repository": "a/b"}, {"repository": "a/c"}, False),
    ("repository", {"path": "x", "source": "repository", "repository": "a/b"}, {"repository": "a/b"}, True),
]


@pytest.mark.parametrize(("source", "evidence", "values", "is_gone"), GONE)
def test_tool_is_gone_where_all_that_showed_it_was_read_again(
    alice: User, stack: Stack, source: str, evidence: dict[str, str], values: dict[str, str], is_gone: bool
) -> None:
    (item,) = add_items(person=alice, stack=stack, tools=[Tool.objects.get(slug="ruff")])
    EvidenceFactory(item=item, **evidence)

    rows = compare_reading(read(alice, FLASK, source=source, **values), stack)

    assert (("gone", "ruff") in brief(rows)) is is_gone


def test_tool_that_the_catalogue_lists_no_more_is_not_gone(alice: User, stack: Stack) -> None:
    (item,) = add_items(person=alice, stack=stack, tools=[Tool.objects.get(slug="ruff")])
    EvidenceFactory(item=item, source="cli", path="pyproject.toml")
    Tool.objects.filter(slug="ruff").update(is_listed=False)

    assert brief(compare_reading(read(alice, FLASK, source="cli"), stack)) == [("added", "flask")]


@pytest.mark.parametrize(
    ("limits", "unread"),
    [
        ({}, [Unread("", "The repository has more files than GitHub lists at once.")]),
        ({"MAX_UNREAD": 1}, [Unread("a", "It is too long."), Unread("b", "It is too long.")]),
        ({"MAX_FINDINGS": 1}, []),
    ],
)
def test_tool_is_not_gone_where_not_all_was_read(
    alice: User,
    stack: Stack,
    monkeypatch: pytest.MonkeyPatch,
    limits: dict[str, int],
    unread: list[Unread],
) -> None:
    (item,) = add_items(person=alice, stack=stack, tools=[Tool.objects.get(slug="ruff")])
    EvidenceFactory(item=item, path="pyproject.toml", source="cli")
    for name, limit in limits.items():
        monkeypatch.setattr(readings, name, limit)
    report = report_of(FLASK, unread=tuple(unread))

    rows = compare_reading(store_reading(person=alice, report=report, source="cli"), stack)

    assert brief(rows) == [("added", "flask")]


def test_tool_is_not_gone_where_its_file_could_not_be_read_or_nothing_showed_it(
    alice: User, stack: Stack
) -> None:
    tools = [Tool.objects.get(slug=slug) for slug in ("ruff", "redis")]
    items = add_items(person=alice, stack=stack, tools=tools)
    EvidenceFactory(item=items[0], path="Dockerfile", source="cli")
    report = report_of(FLASK, unread=(Unread("Dockerfile", "It is too long."),))

    rows = compare_reading(store_reading(person=alice, report=report, source="cli"), stack)

    assert brief(rows) == [("added", "flask")]


@pytest.mark.parametrize("count", [5, 60])
def test_comparing_costs_the_same_for_any_number(
    alice: User, stack: Stack, count: int, count_queries: Callable[..., Any]
) -> None:
    tools = ToolFactory.create_batch(count)
    items = add_items(person=alice, stack=stack, tools=tools)
    Evidence.objects.bulk_create(EvidenceFactory.build(item=item, path="a") for item in items)
    reading = read(alice, *(replace(FLASK, tool=tool.slug) for tool in tools[: count // 2]))

    with count_queries(at_most=4):
        assert len(compare_reading(reading, stack)) >= count // 2


# --- Publishing ----------------------------------------------------------------------------------


def test_chosen_tools_come_with_evidence(alice: User, stack: Stack) -> None:
    reading = read(alice, FLASK, LOCKED, RUFF, MENTION, repository="alice/site", commit="abc")

    published = publish_reading(person=alice, reading=reading, stack=stack, tools=["flask", "redis"])

    assert {item.tool.slug: (item.version, item.tier) for item in published.items.select_related("tool")} == {
        "flask": ("3.0.4", "verified"),
        "redis": ("", "claimed"),
    }
    rows = Evidence.objects.filter(item__tool__slug="flask").order_by("path")
    assert [(row.path, row.line, row.version, row.source, row.commit) for row in rows] == [
        ("pyproject.toml", 7, "~=3.0", "upload", "abc"),
        ("uv.lock", 90, "3.0.4", "upload", "abc"),
    ]
    reading.refresh_from_db()
    assert (reading.state, reading.stack) == ("published", stack)
    assert (published.item_count, published.repository) == (2, "")
    check_counts()


def test_publishing_again_is_success_without_effect(alice: User, stack: Stack) -> None:
    reading = read(alice, FLASK)
    publish_reading(person=alice, reading=reading, stack=stack, tools=["flask"])
    drop_item(person=alice, item=stack.items.get())

    again = publish_reading(person=alice, reading=reading, stack=stack, tools=["flask"])

    assert (again.item_count, again.version) == (0, 3)


def test_publishing_what_the_stack_says_already_is_no_change_but_new_evidence(
    alice: User, stack: Stack
) -> None:
    first = publish_reading(person=alice, reading=read(alice, FLASK), stack=stack, tools=["flask"])
    moved = replace(FLASK, line=99)

    second = publish_reading(person=alice, reading=read(alice, moved), stack=stack, tools=["flask"])
    third = publish_reading(
        person=alice, reading=read(alice, replace(moved, version="4")), stack=stack, tools=["flask"]
    )

    # In the database, as the list of stacks reads it.
    stack.refresh_from_db()
    assert first.changed_at == second.changed_at < third.changed_at == stack.changed_at
    assert first.version < second.version < third.version == stack.version
    assert Evidence.objects.get(item__stack=stack).line == 99


def test_next_publishing_upgrades_refreshes_and_drops(alice: User, stack: Stack) -> None:
    publish_reading(person=alice, reading=read(alice, FLASK, RUFF), stack=stack, tools=["flask", "ruff"])
    Evidence.objects.update(found_at="2024-01-01T00:00Z")
    later = replace(FLASK, version="^3.1", line=9)
    reading = read(alice, later, replace(LOCKED, version="3.1.2"))

    publish_reading(person=alice, reading=reading, stack=stack, tools=["flask", "ruff"])

    flask = stack.items.current().get()
    assert (flask.version, flask.tier) == ("3.1.2", "verified")
    assert [(row.path, row.line, row.found_at.year > 2024) for row in flask.evidence.order_by("path")] == [
        ("pyproject.toml", 9, True),
        ("uv.lock", 90, True),
    ]
    steps = Change.objects.order_by("id").values_list("kind", "tool__slug", "before", "after")
    assert list(steps)[2:] == [("dropped", "ruff", "", ""), ("upgraded", "flask", "3.0", "3.1.2")]
    check_counts()


def test_what_is_not_chosen_stays_as_it_is(alice: User, stack: Stack) -> None:
    publish_reading(person=alice, reading=read(alice, FLASK, RUFF), stack=stack, tools=["flask", "ruff"])

    publish_reading(person=alice, reading=read(alice, replace(FLASK, version="4")), stack=stack, tools=[])

    assert dict(stack.items.current().values_list("tool__slug", "version")) == {"flask": "3.0", "ruff": ""}
    assert Change.objects.count() == 2


def test_vaguer_version_takes_nothing_away(alice: User, stack: Stack) -> None:
    publish_reading(person=alice, reading=read(alice, LOCKED, FLASK), stack=stack, tools=["flask"])

    publish_reading(person=alice, reading=read(alice, FLASK), stack=stack, tools=["flask"])

    item = stack.items.get()
    assert item.version == "3.0.4"
    assert item.evidence.count() == 2


def test_evidence_of_one_tool_has_an_end(alice: User, stack: Stack) -> None:
    many = [replace(LOCKED, path=f"{number}/uv.lock") for number in range(30)]
    publish_reading(person=alice, reading=read(alice, FLASK, *many), stack=stack, tools=["flask"])
    first = stack.items.get()
    assert first.evidence.count() == MAX_EVIDENCE
    assert first.evidence.filter(path="pyproject.toml").exists()

    new = [replace(LOCKED, path=f"new/{number}/uv.lock") for number in range(3)]
    publish_reading(person=alice, reading=read(alice, *new, source="sbom"), stack=stack, tools=["flask"])

    assert first.evidence.count() <= MAX_EVIDENCE + 1
    assert first.evidence.filter(source="sbom").exists()


def test_repository_read_by_us_becomes_the_stacks_and_proves_once_it_is_shown(
    alice: User, stack: Stack
) -> None:
    reading = read(alice, FLASK, source="repository", repository="alice/site", commit="abc")

    published = publish_reading(person=alice, reading=reading, stack=stack, tools=["flask"])

    assert (published.repository, published.commit) == ("alice/site", "abc")
    assert published.read_at
    assert Stack.objects.get().repository == "alice/site"
    assert published.items.get().tier == "verified"
    other = read(alice, FLASK, source="repository", repository="alice/other", commit="def")
    again = publish_reading(person=alice, reading=other, stack=stack, tools=["flask"])
    assert (again.repository, again.commit) == ("alice/site", "abc")


def test_another_repository_of_the_same_name_ends_the_proof(alice: User, stack: Stack) -> None:
    Stack.objects.update(repository="alice/site", proved_at=stack.created_at, proved_by="file", github_id=1)
    seen = []
    for github_id in (1, 2):
        reading = read(alice, FLASK, source="repository", repository="alice/site", commit="abc")
        Reading.objects.filter(pk=reading.pk).update(github_id=github_id)
        publish_reading(person=alice, reading=reading, stack=stack, tools=["flask"])
        seen.append((stack.items.get().tier, Stack.objects.get().proved_by))

    assert seen == [("proved", "file"), ("verified", "")]
    check_counts()


def test_evidence_is_as_of_the_reading_whenever_it_is_published(alice: User, stack: Stack) -> None:
    reading = read(alice, FLASK, source="repository", repository="alice/site", commit="abc")
    days_ago = reading.created_at - timedelta(days=5)
    Reading.objects.update(created_at=days_ago)

    published = publish_reading(person=alice, reading=reading, stack=stack, tools=["flask"])

    assert published.read_at == Evidence.objects.get().found_at == days_ago


def test_older_reading_takes_back_nothing_of_a_newer_one(alice: User, stack: Stack) -> None:
    older, newer = (
        read(alice, FLASK, source="repository", repository="alice/site", commit=commit)
        for commit in ("abc", "def")
    )
    publish_reading(person=alice, reading=newer, stack=stack, tools=["flask"])

    with pytest.raises(ValidationError, match="newer reading"):
        publish_reading(person=alice, reading=older, stack=stack, tools=["flask"])

    assert Stack.objects.get().commit == "def"
    publish_reading(
        person=alice, reading=older, stack=create_stack(person=alice, name="Other"), tools=["flask"]
    )
    publish_reading(person=alice, reading=newer, stack=stack, tools=["flask"])


def test_techstack_of_another_site_is_a_claim(alice: User, stack: Stack) -> None:
    reading = read(alice, FLASK, source="techstack")

    publish_reading(person=alice, reading=reading, stack=stack, tools=["flask"])

    assert stack.items.get().tier == "claimed"
    assert Evidence.objects.get().source == "techstack"


def test_reading_is_published_by_who_had_it_read_to_their_own_stack(
    alice: User, mallory: User, stack: Stack
) -> None:
    with pytest.raises(PermissionDenied, match="had it read"):
        publish_reading(person=mallory, reading=read(alice, FLASK), stack=stack, tools=["flask"])
    with pytest.raises(PermissionDenied, match="Only its owner"):
        publish_reading(person=mallory, reading=read(mallory, FLASK), stack=stack, tools=["flask"])

    assert not Item.objects.exists()


@pytest.mark.parametrize("state", ["waiting", "reading", "failed"])
def test_reading_that_is_not_ready_is_refused(alice: User, stack: Stack, state: str) -> None:
    reading = ReadingFactory(person=alice, state=state)

    with pytest.raises(ValidationError, match="not ready"):
        publish_reading(person=alice, reading=reading, stack=stack, tools=[])


def test_reading_that_is_forgotten_is_refused(alice: User, stack: Stack) -> None:
    reading = ReadingFactory(person=alice)
    Reading.objects.all().delete()

    with pytest.raises(ValidationError, match="too old"):
        publish_reading(person=alice, reading=reading, stack=stack, tools=[])


def test_publishing_to_a_stack_that_changed_meanwhile_is_refused(alice: User, stack: Stack) -> None:
    reading = read(alice, FLASK)

    with pytest.raises(ValidationError, match="changed this stack meanwhile"):
        publish_reading(person=alice, reading=reading, stack=stack, tools=["flask"], seen_version=7)

    assert not Item.objects.exists()
