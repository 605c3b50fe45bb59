import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packageurl import PackageURL
from pydantic import TypeAdapter, ValidationError

from apps.tools.entries import (
    MAX_FILE_BYTES,
    PACKAGE_TYPES,
    SLUG_PATTERN,
    CatalogueError,
    ComparisonEntry,
    Licence,
    Package,
    PartialDate,
    Problem,
    RelatedEntry,
    Slug,
    TaxonomyFile,
    ToolEntry,
    ToolFile,
    Website,
    read_file,
)
from tests.factories.catalogue import COMPARISON, TAXONOMY, TOOLS

FLASK = {
    "name": '"Flask"',
    "slug": '"flask"',
    "function": '"microframeworks"',
    "tagline": '"A small Python web framework"',
}


def read_tool(root: Path, **fields: str) -> ToolEntry:
    """Flask as a file of one entry, with these TOML values for its fields; an empty one leaves the field out."""
    lines = [f"{name} = {value}" for name, value in (FLASK | fields).items() if value]
    path = root / "tools.toml"
    path.write_text("\n".join(["as_of = 2026-11-22", "[[tool]]", *lines]))
    return read_file(path, ToolFile, root).tool[0]


def problem_of(root: Path, **fields: str) -> Problem:
    with pytest.raises(CatalogueError) as caught:
        read_tool(root, **fields)
    [problem] = caught.value.problems
    return problem


def problems_in(root: Path, text: str, model: type[ToolFile | ComparisonEntry | TaxonomyFile]) -> list[str]:
    path = root / "file.toml"
    path.write_text(text)
    with pytest.raises(CatalogueError) as caught:
        read_file(path, model, root)
    return [str(problem) for problem in caught.value.problems]


def test_tool_needs_only_what_is_sure(tmp_path: Path) -> None:
    tool = read_tool(tmp_path)

    assert (tool.status, tool.license, tool.website, tool.first_release, tool.packages) == (
        "active",
        None,
        None,
        None,
        (),
    )


def test_texts_lose_the_space_around_them(tmp_path: Path) -> None:
    assert read_tool(tmp_path, name='"  Flask "').name == "Flask"


@pytest.mark.parametrize(
    ("field", "value", "advice"),
    [
        ("name", "", "is missing; add it."),
        ("name", '" "', "is too short: at least 1 characters."),
        ("name", f'"{"x" * 61}"', "is too long: at most 60 characters."),
        ("name", "7", "Input should be a valid string."),
        (
            "slug",
            '"Spring Boot"',
            "'Spring Boot' does not have the right form: lower-case letters, digits and ",
        ),
        ("slug", '"a--b"', "'a--b' does not have the right form: lower-case letters"),
        ("slug", f'"{"x" * 61}"', "is too long: at most 60 characters."),
        ("tagline", '"Too short"', "is too short: at least 20 characters."),
        ("website", '"flask.palletsprojects.com"', "write the whole address, such as"),
        ("website", '"javascript:alert(1)"', "write the whole address, such as"),
        ("license", '"Apache 2"', "'Apache 2' is not an SPDX expression. Write one from spdx.org/licenses"),
        ("license", '"MIT OR"', "is not an SPDX expression."),
        ("license", f'"{" OR ".join(["Apache-2.0"] * 12)}"', "is too long: at most 120 characters."),
        ("language", '""', "is too short: at least 1 characters."),
        ("first_release", '"April 2010"', '\'April 2010\' is not a date. Write "2010", "2010-04"'),
        ("first_release", '"2010-02-30"', "'2010-02-30' is not a date."),
        ("first_release", '"2010-13"', "'2010-13' is not a date."),
        ("first_release", '"1949"', "'1949' must lie between 1950 and today."),
        ("first_release", '"2999"', "'2999' must lie between 1950 and today."),
        ("first_release", "2010", "Input should be a valid string."),
        ("status", '"dead"', "must be one of 'active', 'deprecated' or 'archived'."),
        ("features", f"{['a feature'] * 9}", "has too many items: at most 8."),
    ],
)
def test_field_is_refused_with_what_to_write_instead(
    tmp_path: Path, field: str, value: str, advice: str
) -> None:
    problem = problem_of(tmp_path, **{field: value})

    assert problem.field == field
    assert advice in problem.advice


@pytest.mark.parametrize(
    ("field", "value", "advice"),
    [
        ("packages", '["flask"]', "'flask' is not a package URL"),
        ("packages", '["pkg:deb/flask"]', "'deb' is not a package type that we know: bitnami, cargo"),
        ("packages", '["pkg:pypi/flask@3.0"]', "names a version, qualifier or subpath."),
        ("packages", '["pkg:pypi/flask?os=linux"]', "names a version, qualifier or subpath."),
        ("packages", '["pkg:pypi/flask#src"]', "names a version, qualifier or subpath."),
        ("packages", f'["pkg:pypi/{"x" * 201}"]', "is too long: at most 200 characters."),
        ("repositories", '["flask"]', "write owner/name as on GitHub, such as"),
        ("repositories", '["https://github.com/pallets/flask"]', "write owner/name as on GitHub"),
        ("aliases", '["Flask Framework"]', "lower-case letters, digits and single hyphens"),
        ("features", '["ok"]', "is too short: at least 3 characters."),
    ],
)
def test_item_of_a_list_is_refused_with_its_place(
    tmp_path: Path, field: str, value: str, advice: str
) -> None:
    problem = problem_of(tmp_path, **{field: value})

    assert problem.field == f"{field}.0"
    assert advice in problem.advice


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        ({"aliases": '["flask"]'}, "aliases: leave the tool's own slug out"),
        ({"aliases": '["old", "old"]'}, "aliases: names a value twice"),
        ({"packages": '["pkg:pypi/Flask", "pkg:pypi/flask"]'}, "packages: names a value twice"),
        ({"features": '["Routing", "Routing"]'}, "features: names a value twice"),
        ({"repositories": '["pallets/flask", "Pallets/Flask"]'}, "repositories: names a repository twice"),
        ({"successor": '"quart"'}, 'status: a tool with a successor is "deprecated" or "archived"'),
        (
            {
                "integrations": '[{ tool = "python", kind = "runs_on" }, { tool = "python", kind = "runs_on" }]'
            },
            "integrations: names a tool twice with one kind",
        ),
        (
            {
                "pros": '[{ text = "One file is enough", about = "3" }, { text = "one FILE is enough", about = "2" }]'
            },
            "pros: states a thing twice",
        ),
        (
            {"cons": '[{ text = "No ORM at all", about = "3" }, { text = "No ORM at all", about = "2" }]'},
            "cons: states a thing twice",
        ),
    ],
)
def test_tool_that_contradicts_itself_is_refused(tmp_path: Path, fields: dict[str, str], advice: str) -> None:
    assert advice in problem_of(tmp_path, **fields).advice


def test_tool_may_integrate_with_another_in_two_ways(tmp_path: Path) -> None:
    tool = read_tool(
        tmp_path,
        integrations='[{ tool = "python", kind = "runs_on" }, { tool = "python", kind = "built_with" }]',
    )

    assert [integration.kind for integration in tool.integrations] == ["runs_on", "built_with"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [("licence", "Did you mean 'license'?"), ("zzz", "Known fields: about, aliases, ")],
)
def test_unknown_field_is_refused_with_a_hint(tmp_path: Path, name: str, hint: str) -> None:
    problem = problem_of(tmp_path, **{name: '"MIT"'})

    assert problem.field == name
    assert problem.advice.startswith(f"is not a field of the catalogue. {hint}")


def test_problem_names_file_entry_and_field(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, license='"Apache 2"')

    assert str(problem).startswith("tools.toml: tool 1 (flask): license: 'Apache 2' is not")


def test_problem_names_an_entry_without_slug_by_its_number(tmp_path: Path) -> None:
    assert problem_of(tmp_path, slug="").entry == "tool 1"


def test_problem_names_the_entry_within_an_entry(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, pros='[{ text = "It is really great", about = "all versions" }]')

    assert (problem.entry, problem.field) == ("tool 1 (flask), pros 1", "about")
    assert "'all versions' names no version or year" in problem.advice


def test_all_problems_of_a_file_are_named_at_once(tmp_path: Path) -> None:
    text = TOOLS.replace('"BSD-3-Clause"', '"BSD"').replace('kind = "built_with"', 'kind = "knows"')

    problems = problems_in(tmp_path, text, ToolFile)

    assert len(problems) == 2


@pytest.mark.parametrize("content", [b"as_of = ", b"\xff\xfe", "name = 'caf\xe9'".encode("latin-1")])
def test_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tools.toml"
    path.write_bytes(content)

    with pytest.raises(CatalogueError, match=r"tools\.toml: is not valid TOML in UTF-8"):
        read_file(path, ToolFile, tmp_path)


def test_file_that_is_far_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tools.toml"
    path.write_text("#" * (MAX_FILE_BYTES + 1))

    with pytest.raises(CatalogueError, match="is larger than 2000000 bytes; split it"):
        read_file(path, ToolFile, tmp_path)


def test_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"taxonomy\.toml: is missing; add it"):
        read_file(tmp_path / "taxonomy.toml", TaxonomyFile, tmp_path)


def test_comparison_keeps_a_text_for_each_tool(tmp_path: Path) -> None:
    path = tmp_path / "flask-vs-python.toml"
    path.write_text(COMPARISON)

    entry = read_file(path, ComparisonEntry, tmp_path)

    assert set(entry.difference[0].texts) == {"flask", "python"}


@pytest.mark.parametrize(
    ("old", "new", "advice"),
    [
        ('tools = ["flask", "python"]', 'tools = ["flask", "flask"]', "tools: names a tool twice."),
        ('tools = ["flask", "python"]', 'tools = ["flask"]', "tools: has too few items: at least 2."),
        ("python = [", "django = [", "pick: give one list for each of flask, python."),
        (
            'python = "Python is',
            'django = "Python is',
            "difference 'Kind': give one text for each of flask, python, not for django, flask.",
        ),
        ('about = "2026"', 'about = "now"', "difference 1 (Kind): about: 'now' names no version or year."),
        ('flask = "Flask is a web framework of a few thousand lines."', 'flask = "Small."', "is too short"),
        ('topic = "Kind"', "", "topic: is missing; add it."),
        ("summary =", "sumary =", "Did you mean 'summary'?"),
    ],
)
def test_comparison_is_refused_with_what_to_write_instead(
    tmp_path: Path, old: str, new: str, advice: str
) -> None:
    problems = problems_in(tmp_path, COMPARISON.replace(old, new, 1), ComparisonEntry)

    assert any(advice in problem for problem in problems)


def test_comparison_says_that_a_difference_has_no_text(tmp_path: Path) -> None:
    text = COMPARISON.rpartition('flask = "Flask')[0]

    problems = problems_in(tmp_path, text, ComparisonEntry)

    assert "give one text for each of flask, python, not for none." in problems[0]


def test_related_comparisons_name_two_to_four_tools(tmp_path: Path) -> None:
    path = tmp_path / "related.toml"
    path.write_text('stackups = [["a", "b"], ["a", "b", "c", "d", "e"]]')

    with pytest.raises(CatalogueError, match=r"stackups\.1: has too many items: at most 4"):
        read_file(path, RelatedEntry, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "advice"),
    [
        ('name = "Data Stores"', f'name = "{"x" * 81}"', "is too long: at most 80 characters."),
        ('name = "Application & Data"', f'name = "{"x" * 81}"', "is too long: at most 80 characters."),
        ('text = "What', f'text = "{"x" * 200}', "is too long: at most 200 characters."),
        ('languages = "Languages"', f'languages = "{"x" * 81}"', "is too long: at most 80 characters."),
        ('slug = "data-stores"', 'slug = "Data Stores"', "does not have the right form"),
        ('name = "Data Stores"', 'name = ""', "is too short: at least 1 characters."),
        ('slug = "data-stores"', 'slug = "languages-and-frameworks"', "category: gives a slug twice"),
    ],
)
def test_taxonomy_is_refused_with_what_to_write_instead(
    tmp_path: Path, old: str, new: str, advice: str
) -> None:
    problems = problems_in(tmp_path, TAXONOMY.replace(old, new, 1), TaxonomyFile)

    assert advice in problems[0]


@given(text=st.one_of(st.text(max_size=70), st.from_regex(SLUG_PATTERN, fullmatch=True)))
@settings(deadline=None)
def test_slug_is_what_an_address_can_hold(text: str) -> None:
    try:
        slug = TypeAdapter(Slug).validate_python(text)
    except ValidationError:
        assert len(text) > 60 or not re.fullmatch(SLUG_PATTERN, text)
    else:
        assert slug == text
        assert re.fullmatch(r"[a-z0-9-]{1,60}", slug)


@given(day=st.dates(date(1950, 1, 1), datetime.now(tz=UTC).date()))
@settings(deadline=None)
def test_partial_date_may_be_as_exact_as_one_knows(day: date) -> None:
    for form in (f"{day:%Y}", f"{day:%Y-%m}", f"{day:%Y-%m-%d}"):
        assert TypeAdapter(PartialDate).validate_python(form) == form


@given(text=st.one_of(st.text(max_size=12), st.from_regex(r"\d{4}(-\d\d){0,2}", fullmatch=True)))
@example(text="２０１０")
@settings(deadline=None)
def test_partial_date_is_a_day_of_the_calendar_or_refused(text: str) -> None:
    try:
        TypeAdapter(PartialDate).validate_python(text)
    except ValidationError:
        return
    assert text.isascii()
    day = date.fromisoformat(text + "-01-01"[len(text) - 10 :] if len(text) < 10 else text)
    assert date(1950, 1, 1) <= day < datetime.now(tz=UTC).date() + timedelta(days=1)


@given(
    type_=st.sampled_from(sorted(PACKAGE_TYPES)),
    name=st.text(min_size=1, max_size=40),
    namespace=st.none() | st.text(min_size=1, max_size=20),
)
@settings(deadline=None)
def test_package_is_kept_in_its_canonical_form_or_refused(
    type_: str, name: str, namespace: str | None
) -> None:
    text = f"pkg:{type_}/{namespace}/{name}" if namespace else f"pkg:{type_}/{name}"
    try:
        package = TypeAdapter(Package).validate_python(text)
    except ValidationError:
        return

    purl = PackageURL.from_string(package)
    assert purl.to_string() == package
    assert purl.type == type_
    assert (purl.version, purl.qualifiers, purl.subpath) == (None, {}, None)


@given(text=st.text(max_size=60))
@settings(deadline=None)
def test_package_and_licence_of_any_text_are_clean_or_refused(text: str) -> None:
    for adapter in (TypeAdapter(Package), TypeAdapter(Licence)):
        try:
            value = adapter.validate_python(text)
        except ValidationError:
            continue
        assert adapter.validate_python(value) == value


@given(text=st.text(max_size=40).map("https://{}".format))
@settings(deadline=None)
def test_website_is_an_address_of_the_web_or_refused(text: str) -> None:
    try:
        address = TypeAdapter(Website).validate_python(text)
    except ValidationError:
        return
    assert re.match(r"https?://[^/]+\.", address)
