from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.tools.catalogue import catalogue_digest, read_catalogue
from apps.tools.entries import CatalogueError
from tests.factories.catalogue import TOOLS

LANGUAGES = "tools/languages-and-frameworks.toml"

POSTGRESQL = """
as_of = 2026-11-01

[[tool]]
name = "PostgreSQL"
slug = "postgresql"
function = "relational-databases"
tagline = "A relational database with extensions and strict types"
"""


def change(root: Path, old: str, new: str) -> None:
    path = root / LANGUAGES
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def problems_of(root: Path) -> list[str]:
    with pytest.raises(CatalogueError) as caught:
        read_catalogue(root)
    return [str(problem) for problem in caught.value.problems]


def test_catalogue_holds_the_tools_of_every_file(catalogue_dir: Path) -> None:
    (catalogue_dir / "tools/data-stores.toml").write_text(POSTGRESQL)

    catalogue = read_catalogue(catalogue_dir)

    assert catalogue.slugs == {"flask", "python", "postgresql"}


def test_tool_knows_its_file_category_and_date(catalogue_dir: Path) -> None:
    (catalogue_dir / "tools/data-stores.toml").write_text(POSTGRESQL)

    found = next(tool for tool in read_catalogue(catalogue_dir).tools if tool.entry.slug == "postgresql")

    assert (found.file, found.category) == ("tools/data-stores.toml", "data-stores")
    assert found.facts_on.isoformat() == "2026-11-01"


def test_file_named_after_no_category_is_refused(catalogue_dir: Path) -> None:
    (catalogue_dir / "tools/databases.toml").write_text(POSTGRESQL)

    assert problems_of(catalogue_dir) == [
        "tools/databases.toml: is named after no category. Known: data-stores, languages-and-frameworks."
    ]


def test_taxonomy_that_is_missing_is_refused(catalogue_dir: Path) -> None:
    (catalogue_dir / "taxonomy.toml").unlink()

    assert problems_of(catalogue_dir) == ["taxonomy.toml: is missing; add it."]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            'function = "microframeworks"',
            'function = "relational-databases"',
            (
                "flask: function: 'relational-databases' belongs to the category 'data-stores': "
                "move the entry to tools/data-stores.toml."
            ),
        ),
        (
            'function = "microframeworks"',
            'function = "frameworks"',
            "flask: function: 'frameworks' is unknown. This category has: languages, microframeworks.",
        ),
        (
            'aliases = ["flask-python"]',
            'aliases = ["python"]',
            (
                f"python: slug or aliases: 'python' is taken by 'flask' in {LANGUAGES}; "
                "an address leads to one tool."
            ),
        ),
        (
            'slug = "python"',
            'slug = "python"\npackages = ["pkg:pypi/flask"]',
            (
                f"python: packages: 'pkg:pypi/flask' is a package of 'flask' in {LANGUAGES}; "
                "it belongs to one tool."
            ),
        ),
        (
            'name = "Python"',
            'name = "FLASK"',
            "python: name: 'FLASK' is also the name of 'flask'; tell the two apart.",
        ),
        (
            'slug = "python"',
            'slug = "python"\nstatus = "archived"\nsuccessor = "mojo"',
            "python: successor: 'mojo' is no tool's slug.",
        ),
        (
            'slug = "python"',
            'slug = "python"\nstatus = "archived"\nsuccessor = "python"',
            "python: successor: names the tool itself.",
        ),
        ('{ tool = "python"', '{ tool = "jinja"', "flask: integrations: 'jinja' is no tool's slug."),
        ('{ tool = "python"', '{ tool = "flask"', "flask: integrations: names the tool itself."),
        (
            'slug = "python"',
            'slug = "python"\ndetect = { implied_by = ["flask", "mojo"] }',
            "python: detect: implied_by: 'mojo' is no tool's slug.",
        ),
        (
            'slug = "python"',
            'slug = "python"\ndetect = { implied_by = ["python"] }',
            "python: detect: implied_by: names the tool itself.",
        ),
    ],
)
def test_entries_that_do_not_fit_together_are_refused(
    catalogue_dir: Path, old: str, new: str, problem: str
) -> None:
    change(catalogue_dir, old, new)

    assert problems_of(catalogue_dir) == [f"{LANGUAGES}: {problem}"]


@pytest.mark.parametrize("slug", ["in", "options", "trending", "flask-vs-django"])
def test_slug_that_the_site_needs_for_itself_is_refused(catalogue_dir: Path, slug: str) -> None:
    change(catalogue_dir, 'aliases = ["flask-python"]', f'aliases = ["{slug}"]')

    assert problems_of(catalogue_dir) == [
        f"{LANGUAGES}: flask: slug: {slug!r} is an address of the site itself."
    ]


def test_problems_of_all_files_are_named_at_once(catalogue_dir: Path) -> None:
    change(catalogue_dir, '"BSD-3-Clause"', '"BSD"')
    (catalogue_dir / "tools/data-stores.toml").write_text(
        POSTGRESQL.replace('slug = "postgresql"', 'slug = "Postgre SQL"')
    )

    problems = problems_of(catalogue_dir)

    assert [problem.split(":")[0] for problem in problems] == ["tools/data-stores.toml", LANGUAGES]


def test_broken_file_does_not_make_references_to_its_tools_unknown(catalogue_dir: Path) -> None:
    change(catalogue_dir, '{ tool = "python"', '{ tool = "postgresql"')
    (catalogue_dir / "tools/data-stores.toml").write_text("as_of = ")

    [problem] = problems_of(catalogue_dir)

    assert problem.startswith("tools/data-stores.toml: is not valid TOML")


def test_digest_stays_while_the_files_do(catalogue_dir: Path) -> None:
    before = catalogue_digest(catalogue_dir)

    (catalogue_dir / LANGUAGES).write_text(TOOLS)

    assert catalogue_digest(catalogue_dir) == before


@pytest.mark.parametrize("what", ["content", "name", "addition"])
def test_digest_changes_with_the_files(catalogue_dir: Path, what: str) -> None:
    before = catalogue_digest(catalogue_dir)

    if what == "content":
        change(catalogue_dir, "Flask maps", "Flask binds")
    elif what == "name":
        (catalogue_dir / LANGUAGES).rename(catalogue_dir / "tools/languages.toml")
    else:
        (catalogue_dir / "tools/data-stores.toml").write_text(POSTGRESQL)

    assert catalogue_digest(catalogue_dir) != before


@given(files=st.dictionaries(st.sampled_from("abc"), st.binary(max_size=4), min_size=1, max_size=3))
@settings(deadline=None, max_examples=30)
def test_digest_tells_files_apart_by_name_and_content(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    one, other = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    for name, content in files.items():
        (one / name).write_bytes(content)
        (other / name).write_bytes(content + b"\0")

    assert catalogue_digest(one) != catalogue_digest(other)
