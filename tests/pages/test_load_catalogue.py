import contextlib
import io
import lzma
import os
import pty
import termios
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from apps.comparisons.models import Comparison
from apps.comparisons.services import Comparisons, canonical_slug, read_comparisons
from apps.github.models import Repository, StarReading
from apps.pages.models import SocialCard
from apps.tools.catalogue import CATALOGUE_DIR, Catalogue, read_catalogue
from apps.tools.entries import ToolEntry
from apps.tools.models import Alternative, CatalogueLoad, Category, Package, Tool, ToolAlias

TOOLS = "tools/languages-and-frameworks.toml"
COMPARISON = "comparisons/flask-vs-python.toml"

# What the page that the site is measured by names.
REFERENCE = {
    "actix",
    "angular-material",
    "angularjs",
    "asp-net-core",
    "bootstrap",
    "django",
    "dotnet",
    "expressionengine",
    "expressjs",
    "flask",
    "flyway",
    "foundation",
    "html5",
    "laravel",
    "liquibase",
    "material-ui",
    "materialize",
    "nameko",
    "nodejs",
    "oracle",
    "python",
    "rabbitmq",
    "rails",
    "rust",
    "spring",
    "spring-boot",
    "symfony",
}
REFERENCE_STACKUPS = {
    "actix-vs-flask",
    "bootstrap-vs-materialize",
    "django-vs-laravel-vs-nodejs",
    "bootstrap-vs-foundation-vs-material-ui",
    "nodejs-vs-spring-boot",
    "flyway-vs-liquibase",
}
LAYERS = {"application-and-data", "utilities", "devops", "business-tools"}


def load(root: Path, *arguments: str) -> str:
    out = io.StringIO()
    call_command("load_catalogue", *arguments, root=root, stdout=out)
    return out.getvalue()


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def write_history(root: Path, *lines: str) -> None:
    with lzma.open(root / "star_history.csv.xz", "wt") as file:
        file.write("\n".join(["repository,date,stars,forks", *lines, ""]))


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row that a load writes, but for the note of the load itself."""
    models = [
        model
        for app in ("tools", "comparisons", "github", "pages")
        for model in apps.get_app_config(app).get_models()
        if model is not CatalogueLoad
    ]
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


@cache
def real_catalogue() -> Catalogue:
    return read_catalogue()


@cache
def real_comparisons() -> Comparisons:
    return read_comparisons(CATALOGUE_DIR, real_catalogue().slugs)


def real_entries() -> list[ToolEntry]:
    return [tool.entry for tool in real_catalogue().tools]


@pytest.mark.django_db
def test_load_says_what_it_did(catalogue_dir: Path) -> None:
    write_history(catalogue_dir, "pallets/flask,2020-01-01,10,1", "pallets/flask,2020-02-01,20,2")

    assert load(catalogue_dir) == (
        "2 tools created, 0 changed, 0 unchanged; 1 comparisons changed; 2 star readings added.\n"
    )


@pytest.mark.django_db
def test_load_writes_tools_comparisons_history_and_pictures_due(catalogue_dir: Path) -> None:
    write_history(catalogue_dir, "pallets/flask,2020-02-01,20,2")

    load(catalogue_dir)

    assert Tool.objects.count() == 2
    assert Comparison.objects.get().slug == "flask-vs-python"
    assert Repository.objects.get().stars == 20
    assert set(SocialCard.objects.values_list("path", flat=True)) == {
        "site",
        "tools/flask",
        "tools/python",
        "stackups/flask-vs-python",
    }


@pytest.mark.django_db
def test_load_ranks_alternatives(catalogue_dir: Path) -> None:
    change(catalogue_dir / TOOLS, 'function = "languages"', 'function = "microframeworks"')

    load(catalogue_dir)

    assert {(row.tool.slug, row.other.slug) for row in Alternative.objects.all()} == {
        ("flask", "python"),
        ("python", "flask"),
    }


@pytest.mark.django_db
def test_load_notes_the_version_of_the_files(catalogue_dir: Path) -> None:
    load(catalogue_dir)

    noted = CatalogueLoad.objects.get()
    assert len(noted.digest) == 64
    assert (noted.tools_created, noted.tools_changed) == (2, 0)


@pytest.mark.django_db
def test_load_changes_no_row_when_repeated(catalogue_dir: Path) -> None:
    write_history(catalogue_dir, "pallets/flask,2020-02-01,20,2")
    load(catalogue_dir)
    before = everything()

    out = load(catalogue_dir)

    assert everything() == before
    assert out == "0 tools created, 0 changed, 2 unchanged; 0 comparisons changed; 0 star readings added.\n"


@pytest.mark.django_db
def test_load_if_changed_does_nothing_when_the_files_are_the_same(catalogue_dir: Path) -> None:
    load(catalogue_dir)
    Tool.objects.filter(slug="flask").update(name="Other")

    out = load(catalogue_dir, "--if-changed")

    assert out == "The catalogue has not changed since it was loaded.\n"
    assert Tool.objects.get(slug="flask").name == "Other"
    assert CatalogueLoad.objects.count() == 1


@pytest.mark.django_db
def test_load_if_changed_loads_into_an_empty_database(catalogue_dir: Path) -> None:
    assert load(catalogue_dir, "--if-changed").startswith("2 tools created")


@pytest.mark.django_db
def test_load_if_changed_loads_files_that_differ_from_the_last(catalogue_dir: Path) -> None:
    text = (catalogue_dir / TOOLS).read_text()
    load(catalogue_dir)
    change(catalogue_dir / TOOLS, "Flask maps", "Flask binds")
    load(catalogue_dir, "--if-changed")
    (catalogue_dir / TOOLS).write_text(text)

    out = load(catalogue_dir, "--if-changed")

    assert out.startswith("0 tools created, 1 changed")
    assert Tool.objects.get(slug="flask").description.startswith("Flask maps")


@pytest.mark.django_db
def test_check_changes_nothing(catalogue_dir: Path) -> None:
    out = load(catalogue_dir, "--check")

    assert out == "The catalogue is in order: 2 tools, 1 written comparisons.\n"
    assert not Tool.objects.exists()
    assert not Category.objects.exists()


@pytest.mark.parametrize("arguments", [[], ["--check"], ["--if-changed"]])
@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        (TOOLS, '"BSD-3-Clause"', '"BSD"', "tool 1 (flask): license: 'BSD' is not an SPDX expression."),
        (TOOLS, "tagline", "tag_line", "is not a field of the catalogue. Did you mean 'tagline'?"),
        (TOOLS, 'slug = "python"', 'slug = "flask"', "'flask' is taken by 'flask'"),
        (TOOLS, "as_of", "[as_of", "is not valid TOML in UTF-8"),
        ("taxonomy.toml", 'slug = "data-stores"', "", "slug: is missing; add it."),
        (COMPARISON, '"flask", "python"', '"flask", "django"', "pick: give one list for each of django"),
        ("comparisons/related.toml", "python", "django", "django-vs-flask: 'django' is no tool's slug"),
    ],
)
@pytest.mark.django_db
def test_bad_entry_is_refused_and_nothing_is_loaded(
    catalogue_dir: Path, file: str, old: str, new: str, problem: str, arguments: list[str]
) -> None:
    (catalogue_dir / "comparisons/related.toml").write_text('stackups = [["flask", "python"]]')
    change(catalogue_dir / file, old, new)
    before = everything()

    with pytest.raises(CommandError) as caught:
        load(catalogue_dir, *arguments)

    assert "Nothing was loaded." in str(caught.value)
    assert problem in str(caught.value)
    assert f"  {file}: " in str(caught.value)
    assert everything() == before


@pytest.mark.django_db
def test_bad_entry_leaves_what_was_loaded_before(catalogue_dir: Path) -> None:
    load(catalogue_dir)
    before = everything()
    change(catalogue_dir / TOOLS, "Flask maps", "Flask binds")
    change(catalogue_dir / COMPARISON, 'about = "2026"', 'about = "now"')

    with pytest.raises(CommandError, match=r"Nothing was loaded\. \d+ things to mend"):
        load(catalogue_dir)

    assert everything() == before


@pytest.mark.parametrize(
    "content",
    [b"no archive", lzma.compress(b"a,b\n"), lzma.compress(b"repository,date,stars,forks\na/b,x,1,1\n")],
)
@pytest.mark.django_db
def test_bad_star_history_is_refused_and_nothing_is_loaded(catalogue_dir: Path, content: bytes) -> None:
    (catalogue_dir / "star_history.csv.xz").write_bytes(content)

    with pytest.raises(CommandError, match=r"Nothing was loaded\. star_history\.csv\.xz: "):
        load(catalogue_dir)

    assert not Tool.objects.exists()
    assert not CatalogueLoad.objects.exists()


@pytest.mark.parametrize("arguments", [[], ["--check"], ["--if-changed"]])
@pytest.mark.django_db
def test_folder_that_is_no_catalogue_is_refused(tmp_path: Path, arguments: list[str]) -> None:
    with pytest.raises(CommandError, match=r"taxonomy\.toml: is missing; add it\."):
        load(tmp_path / "nowhere", *arguments)

    assert not CatalogueLoad.objects.exists()


@pytest.mark.django_db
def test_load_keeps_what_a_person_edited_and_says_so(catalogue_dir: Path) -> None:
    load(catalogue_dir)
    Tool.objects.filter(slug="flask").update(name="Flask!", edited_fields=["name"])
    Comparison.objects.update(summary="My own words", is_edited=True)

    out = load(catalogue_dir)

    assert Tool.objects.get(slug="flask").name == "Flask!"
    assert Comparison.objects.get().summary == "My own words"
    assert "Left as edited in the admin: flask.name.\n" in out


@pytest.mark.django_db
def test_load_names_the_first_ten_fields_left_alone(catalogue_dir: Path) -> None:
    load(catalogue_dir)
    names = ["name", "tagline", "description", "website", "license", "language", "first_release"]
    Tool.objects.filter(slug="flask").update(**dict.fromkeys(names, ""), edited_fields=names)
    Tool.objects.filter(slug="python").update(
        name="",
        tagline="",
        features=["Mine"],
        status="archived",
        edited_fields=[*names, "features", "status"],
    )

    out = load(catalogue_dir)

    assert "Left as edited in the admin: flask.description, flask.first_release, " in out
    assert out.endswith("python.features, python.name, python.status and 1 more.\n")


@pytest.mark.django_db
def test_load_follows_a_renamed_slug_by_its_alias(catalogue_dir: Path) -> None:
    load(catalogue_dir)
    before = Tool.objects.get(slug="flask").pk
    change(catalogue_dir / TOOLS, 'slug = "flask"', 'slug = "flask-web"')
    change(catalogue_dir / TOOLS, '["flask-python"]', '["flask"]')
    text = (catalogue_dir / COMPARISON).read_text().replace("flask", "flask-web")
    (catalogue_dir / COMPARISON).unlink()
    (catalogue_dir / "comparisons/flask-web-vs-python.toml").write_text(text)

    load(catalogue_dir)

    assert Tool.objects.get(pk=before).slug == "flask-web"
    assert ToolAlias.objects.get().slug == "flask"
    assert "flask-web-vs-python" in Comparison.objects.values_list("slug", flat=True)


@contextlib.contextmanager
def terminal() -> Iterator[Callable[[], str]]:
    """Makes standard error a terminal; gives a function that answers what was shown on it."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    os.set_blocking(master, False)

    def shown() -> str:
        try:
            return os.read(master, 100_000).decode()
        except BlockingIOError:
            return ""

    with os.fdopen(slave, "w") as stderr, contextlib.redirect_stderr(stderr):
        yield shown
    os.close(master)


@pytest.mark.django_db
def test_progress_is_shown_on_a_terminal(catalogue_dir: Path) -> None:
    with terminal() as shown:
        load(catalogue_dir)

        assert "/2 [" in shown()


@pytest.mark.django_db
def test_progress_is_not_shown_elsewhere(catalogue_dir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load(catalogue_dir)

    assert capfd.readouterr().err == ""


@pytest.mark.django_db(transaction=True)
def test_loads_at_once_take_turns(catalogue_dir: Path) -> None:
    outs: list[str] = []
    start = threading.Barrier(3)

    def run() -> None:
        start.wait()
        outs.append(load(catalogue_dir, "--if-changed"))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(out.split()[0] for out in outs) == ["2", "The", "The"]
    assert (Tool.objects.count(), CatalogueLoad.objects.count()) == (2, 1)


def test_real_catalogue_has_five_hundred_tools_in_all_layers() -> None:
    catalogue = real_catalogue()

    assert len(catalogue.tools) >= 500
    assert {layer.slug for layer in catalogue.taxonomy.layer} == LAYERS
    categories = {c.slug: layer.slug for layer in catalogue.taxonomy.layer for c in layer.category}
    assert len(categories) == 16
    assert {categories[tool.category] for tool in catalogue.tools} == LAYERS


def test_real_catalogue_has_sixty_tools_with_pros_and_cons() -> None:
    assert sum(bool(entry.pros and entry.cons) for entry in real_entries()) >= 60


def test_real_catalogue_has_twenty_five_written_comparisons() -> None:
    pairs = {canonical_slug(entry.tools) for entry in real_comparisons().written if entry.difference}

    assert len(pairs) >= 25
    assert "actix-vs-flask" in pairs


def test_real_catalogue_has_every_tool_that_the_reference_names() -> None:
    assert real_catalogue().slugs >= REFERENCE


def test_real_catalogue_has_every_comparison_that_the_reference_names() -> None:
    comparisons = real_comparisons()
    groups = [*(entry.tools for entry in comparisons.written), *comparisons.related]

    assert {canonical_slug(group) for group in groups} >= REFERENCE_STACKUPS


def test_real_catalogue_tells_actix_and_actix_web_apart() -> None:
    repositories = {entry.slug: entry.repositories for entry in real_entries() if "actix" in entry.slug}

    assert repositories["actix"] == ("actix/actix",)
    assert repositories["actix-web"] == ("actix/actix-web",)


def test_real_catalogue_describes_a_thousand_tools() -> None:
    assert sum(bool(entry.description) for entry in real_entries()) >= 1000


def test_real_catalogue_describes_every_tool_with_pros_or_cons() -> None:
    assert [e.slug for e in real_entries() if (e.pros or e.cons) and not e.description] == []


@pytest.mark.django_db
def test_real_catalogue_loads_and_changes_nothing_when_repeated() -> None:
    first = io.StringIO()
    second = io.StringIO()
    with connection.cursor() as cursor:
        # Plans of former tests, for tables of a few rows, would look at all tools to check one key of 100,000.
        cursor.execute("DISCARD PLANS")
    call_command("load_catalogue", stdout=first)
    changed = Tool.objects.order_by("-changed_at").first()

    call_command("load_catalogue", stdout=second)

    assert first.getvalue().startswith(f"{len(real_entries())} tools created, 0 changed, 0 unchanged;")
    assert second.getvalue() == (
        f"0 tools created, 0 changed, {len(real_entries())} unchanged; "
        "0 comparisons changed; 0 star readings added.\n"
    )
    assert Tool.objects.order_by("-changed_at").first() == changed
    assert StarReading.objects.count() > 10_000
    assert Package.objects.filter(type="pypi", name="flask", tool__slug="flask").exists()
    assert Alternative.objects.filter(tool__slug="flask", other__slug="django").exists()
