from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.comparisons.models import Comparison, ComparisonTool, DifferenceText
from apps.comparisons.services import canonical_slug, load_comparisons, read_comparisons
from apps.tools.entries import CatalogueError
from apps.tools.models import Tool
from tests.factories.catalogue import COMPARISON
from tests.factories.comparisons import make_comparison
from tests.factories.tools import ToolFactory

KNOWN = {"flask", "python", "rails"}


def edit(root: Path, old: str, new: str) -> None:
    path = root / "comparisons/flask-vs-python.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def write_related(root: Path, stackups: str) -> None:
    (root / "comparisons/related.toml").write_text(f"stackups = {stackups}")


def problems_of(root: Path) -> list[str]:
    with pytest.raises(CatalogueError) as caught:
        read_comparisons(root, KNOWN)
    return [str(problem) for problem in caught.value.problems]


@given(
    st.lists(st.from_regex(r"[a-z0-9]{1,5}(-[a-z0-9]{1,5})?", fullmatch=True), unique=True, min_size=1),
    st.data(),
)
@settings(deadline=None)
def test_canonical_slug_does_not_depend_on_the_order(slugs: list[str], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(slugs))

    assert canonical_slug(shuffled) == canonical_slug(tuple(slugs)) == "-vs-".join(sorted(slugs))


def test_read_gives_the_written_and_the_related(catalogue_dir: Path) -> None:
    write_related(catalogue_dir, '[["rails", "flask"], ["flask", "python", "rails"]]')

    comparisons = read_comparisons(catalogue_dir, KNOWN)

    assert [entry.tools for entry in comparisons.written] == [("flask", "python")]
    assert comparisons.related == [("rails", "flask"), ("flask", "python", "rails")]


def test_read_of_no_files_gives_nothing(tmp_path: Path) -> None:
    comparisons = read_comparisons(tmp_path, KNOWN)

    assert (comparisons.written, comparisons.related) == ([], [])


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('tools = ["flask", "python"]', 'tools = ["flask"]', "tools: has too few items: at least 2."),
        ("topic =", "tropic =", "topic: is missing; add it."),
        ("[pick]", "[pick", "is not valid TOML in UTF-8"),
    ],
)
def test_read_refuses_a_file_with_a_mistake(catalogue_dir: Path, old: str, new: str, problem: str) -> None:
    edit(catalogue_dir, old, new)

    assert any(problem in line for line in problems_of(catalogue_dir))


def test_read_refuses_a_file_that_is_not_named_by_its_tools(catalogue_dir: Path) -> None:
    path = catalogue_dir / "comparisons/flask-vs-python.toml"
    path.rename(path.with_name("python-vs-flask.toml"))

    assert problems_of(catalogue_dir) == [
        "comparisons/python-vs-flask.toml: tools: name the file flask-vs-python.toml."
    ]


def test_read_names_every_slug_that_is_no_tool(catalogue_dir: Path) -> None:
    write_related(catalogue_dir, '[["flask", "nothing"]]')

    with pytest.raises(CatalogueError) as caught:
        read_comparisons(catalogue_dir, {"flask"})

    assert [str(problem) for problem in caught.value.problems] == [
        "comparisons/flask-vs-python.toml: flask-vs-python: 'python' is no tool's slug.",
        "comparisons/related.toml: flask-vs-nothing: 'nothing' is no tool's slug.",
    ]


@pytest.mark.parametrize(
    ("stackups", "problem"),
    [
        (
            '[["flask", "flask"]]',
            "comparisons/related.toml: flask-vs-flask: names a tool twice; name each once.",
        ),
        (
            '[["flask", "rails"], ["rails", "flask"]]',
            "comparisons/related.toml: flask-vs-rails: stands here twice; keep one.",
        ),
    ],
)
def test_read_refuses_what_is_related_twice(catalogue_dir: Path, stackups: str, problem: str) -> None:
    write_related(catalogue_dir, stackups)

    assert problems_of(catalogue_dir) == [problem]


def test_read_tells_the_mistakes_of_all_files_at_once(catalogue_dir: Path) -> None:
    edit(catalogue_dir, "topic =", "tropic =")
    write_related(catalogue_dir, '[["flask"]]')

    files = {line.split(":")[0] for line in problems_of(catalogue_dir)}

    assert files == {"comparisons/flask-vs-python.toml", "comparisons/related.toml"}


@pytest.fixture
def load(db: None, catalogue_dir: Path) -> Callable[[], int]:
    """Load the small catalogue's comparisons into a database that has their tools."""
    for name in ("Flask", "Python", "Rails"):
        ToolFactory(name=name)
    return lambda: load_comparisons(read_comparisons(catalogue_dir, KNOWN))


def test_load_writes_what_the_file_says(load: Callable[[], int]) -> None:
    assert load() == 1

    comparison = Comparison.objects.get(slug="flask-vs-python")
    difference = comparison.differences.get()
    assert comparison.summary.startswith("One is a framework")
    assert (comparison.texts_on, comparison.is_edited) == (date(2026, 11, 22), False)
    assert [(side.tool.slug, side.pick_when) for side in comparison.sides.all()] == [
        ("flask", ["you need a small web application"]),
        ("python", ["you need no web at all"]),
    ]
    assert (difference.position, difference.topic, difference.about) == (1, "Kind", "2026")
    assert {text.tool.slug: text.text for text in difference.texts.all()} == {
        "flask": "Flask is a web framework of a few thousand lines.",
        "python": "Python is a language with a large standard library.",
    }


def test_load_changes_nothing_the_second_time(load: Callable[[], int], catalogue_dir: Path) -> None:
    write_related(catalogue_dir, '[["flask", "rails"]]')
    first = load()
    before = list(Comparison.objects.order_by("pk").values())

    second = load()

    assert (first, second) == (2, 0)
    assert list(Comparison.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("this pair exists for tests only", "this pair exists for many tests only"),
        ("as_of = 2026-11-22", "as_of = 2026-11-23"),
        ("you need no web at all", "you need none of that"),
        ('topic = "Kind"', 'topic = "Sort"'),
        ('about = "2026"', 'about = "2027"'),
        ("a large standard library", "a small standard library"),
        (
            "[[difference]]",
            COMPARISON[COMPARISON.index("[[difference]]") :].replace("Kind", "Size") + "[[difference]]",
        ),
    ],
)
def test_load_brings_a_change_of_the_file(
    load: Callable[[], int], catalogue_dir: Path, old: str, new: str
) -> None:
    load()
    before = Comparison.objects.get()
    edit(catalogue_dir, old, new)

    changed = [load(), load()]

    after = Comparison.objects.get()
    assert changed == [1, 0]
    assert after.pk == before.pk
    assert after.changed_at > before.changed_at
    assert ComparisonTool.objects.count() == 2


def test_load_leaves_alone_what_a_person_edited(load: Callable[[], int], catalogue_dir: Path) -> None:
    load()
    Comparison.objects.update(is_edited=True, summary="In a person's words.")
    edit(catalogue_dir, "a large standard library", "a small standard library")

    assert load() == 0
    assert Comparison.objects.get().summary == "In a person's words."
    assert DifferenceText.objects.filter(text__contains="large").exists()


def test_load_adds_a_related_comparison_without_a_text(load: Callable[[], int], catalogue_dir: Path) -> None:
    write_related(catalogue_dir, '[["rails", "flask"]]')

    load()

    comparison = Comparison.objects.get(slug="flask-vs-rails")
    assert (comparison.summary, comparison.texts_on) == ("", None)
    assert [side.tool.slug for side in comparison.sides.all()] == ["flask", "rails"]


def test_load_keeps_the_text_of_what_is_related_too(load: Callable[[], int], catalogue_dir: Path) -> None:
    write_related(catalogue_dir, '[["python", "flask"]]')

    assert [load(), load()] == [1, 0]
    assert Comparison.objects.get().summary


def test_load_gives_a_text_to_a_comparison_that_had_none(load: Callable[[], int]) -> None:
    bare = make_comparison(*Tool.objects.filter(slug__in=["flask", "python"]))

    assert load() == 1
    assert Comparison.objects.get(pk=bare.pk).summary


def test_load_moves_a_comparison_when_its_tool_has_another_slug(
    load: Callable[[], int], catalogue_dir: Path
) -> None:
    load()
    before = Comparison.objects.get()
    Tool.objects.filter(slug="rails").delete()
    Tool.objects.filter(slug="flask").update(slug="rails")
    path = catalogue_dir / "comparisons/flask-vs-python.toml"
    path.with_name("python-vs-rails.toml").write_text(path.read_text().replace("flask", "rails"))
    path.unlink()

    changed = [load(), load()]

    after = Comparison.objects.get()
    assert changed == [1, 0]
    assert (after.pk, after.slug) == (before.pk, "python-vs-rails")
    assert after.changed_at > before.changed_at


def test_load_leaves_a_comparison_where_it_is_when_the_new_address_is_taken(load: Callable[[], int]) -> None:
    load()
    stale = Comparison.objects.create(slug="flask-vs-snake")
    for tool in Tool.objects.filter(slug__in=["flask", "python"]):
        ComparisonTool.objects.create(comparison=stale, tool=tool)

    load()

    assert set(Comparison.objects.values_list("slug", flat=True)) == {"flask-vs-python", "flask-vs-snake"}


def test_load_costs_few_queries_when_nothing_changed(
    load: Callable[[], int], count_queries: Callable[..., Any]
) -> None:
    load()

    with count_queries(at_most=10):
        assert load() == 0
