from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.comparisons.models import Comparison, Difference
from apps.tools.models import Tool
from tests.factories.comparisons import make_comparison
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def written() -> Comparison:
    return make_comparison(ToolFactory(name="Actix"), ToolFactory(name="Flask"), differences=2)


def inline(prefix: str, rows: list[dict[str, Any]], *, initial: int) -> dict[str, Any]:
    fields = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial}
    return fields | {
        f"{prefix}-{at}-{name}": value for at, row in enumerate(rows) for name, value in row.items()
    }


def form_of(comparison: Comparison, **changes: Any) -> dict[str, Any]:
    sides = [
        {
            "id": side.pk,
            "comparison": comparison.pk,
            "tool": side.tool_id,
            "pick_when": "\n".join(side.pick_when),
        }
        for side in comparison.sides.all()
    ]
    differences = [
        {
            "id": row.pk,
            "comparison": comparison.pk,
            "position": row.position,
            "topic": row.topic,
            "about": row.about,
        }
        for row in comparison.differences.all()
    ]
    return {
        "slug": comparison.slug,
        "summary": comparison.summary,
        "texts_on": "2026-11-22",
        **inline("sides", sides, initial=len(sides)),
        **inline("differences", differences, initial=len(differences)),
        **changes,
    }


def change_url(row: Comparison | Difference) -> str:
    return reverse(f"admin:comparisons_{row._meta.model_name}_change", args=[row.pk])


@pytest.mark.parametrize(
    ("name", "query", "shown"),
    [("comparison", "flask", b"actix-vs-flask"), ("difference", "topic", b"Topic 1")],
)
def test_admin_lists_and_searches(
    maud_client: Client, written: Comparison, name: str, query: str, shown: bytes
) -> None:
    found = maud_client.get(reverse(f"admin:comparisons_{name}_changelist"), {"q": query})
    missed = maud_client.get(reverse(f"admin:comparisons_{name}_changelist"), {"q": "nobody"})

    assert shown in found.content
    assert shown not in missed.content


def test_admin_counts_the_differences(
    maud_client: Client, written: Comparison, count_queries: Callable[..., Any]
) -> None:
    for number in range(20):
        make_comparison(written.tools.first(), ToolFactory(), differences=number % 2)

    with count_queries(at_most=8):
        html = maud_client.get(reverse("admin:comparisons_comparison_changelist")).content.decode()

    assert '<td class="field-difference_count">2</td>' in html


def test_admin_marks_a_comparison_that_a_person_changed(maud_client: Client, written: Comparison) -> None:
    answer = maud_client.post(change_url(written), form_of(written, summary="In other words."))

    after = Comparison.objects.get()
    assert answer.status_code == 302
    assert (after.summary, after.is_edited) == ("In other words.", True)
    assert after.changed_at > written.changed_at


def test_admin_marks_the_comparison_of_a_difference_that_a_person_changed(
    maud_client: Client, written: Comparison
) -> None:
    row = written.differences.get(position=1)
    texts = [
        {"id": text.pk, "difference": row.pk, "tool": text.tool_id, "text": "Said anew."}
        for text in row.texts.all()
    ]
    form = {"comparison": written.pk, "position": 1, "topic": "Kind", "about": "2026"}

    answer = maud_client.post(change_url(row), form | inline("texts", texts, initial=2))

    after = Comparison.objects.get()
    assert answer.status_code == 302
    assert after.is_edited
    assert after.changed_at > written.changed_at
    assert set(row.texts.values_list("text", flat=True)) == {"Said anew."}


def test_admin_marks_the_comparison_of_a_difference_that_a_person_deleted(
    maud_client: Client, written: Comparison
) -> None:
    row = written.differences.get(position=1)

    maud_client.post(reverse("admin:comparisons_difference_delete", args=[row.pk]), {"post": "yes"})

    assert [row.topic for row in written.differences.all()] == ["Topic 2"]
    assert Comparison.objects.get().is_edited


def test_admin_marks_the_comparisons_of_differences_that_a_person_chose_to_delete(
    maud_client: Client, written: Comparison
) -> None:
    other = make_comparison(ToolFactory(), ToolFactory(), differences=1)
    untouched = make_comparison(ToolFactory(), ToolFactory(), differences=1)
    chosen = [written.differences.get(position=2).pk, other.differences.get().pk]

    maud_client.post(
        reverse("admin:comparisons_difference_changelist"),
        {"action": "delete_selected", "_selected_action": chosen, "post": "yes"},
    )

    assert set(Comparison.objects.filter(is_edited=True)) == {written, other}
    assert untouched.differences.count() == 1


def test_admin_adds_a_comparison(maud_client: Client) -> None:
    sides = [
        {"tool": ToolFactory(name=name).pk, "pick_when": "small, or new\r\nb"} for name in ("Actix", "Flask")
    ]
    form = {"slug": "actix-vs-flask", "summary": "", "texts_on": ""}

    answer = maud_client.post(
        reverse("admin:comparisons_comparison_add"),
        form | inline("sides", sides, initial=0) | inline("differences", [], initial=0),
    )

    comparison = Comparison.objects.get()
    assert answer.status_code == 302
    assert comparison.is_edited
    assert [(side.tool.slug, side.pick_when) for side in comparison.sides.all()] == [
        ("actix", ["small, or new", "b"]),
        ("flask", ["small, or new", "b"]),
    ]


@pytest.mark.parametrize("slug", ["flask-vs-actix", "actix/flask", "actix-vs-nothing", "Actix vs Flask"])
def test_admin_refuses_a_slug_that_is_no_address(maud_client: Client, written: Comparison, slug: str) -> None:
    answer = maud_client.post(change_url(written), form_of(written, slug=slug))

    assert answer.status_code == 200
    assert b"Write the slugs of two to 4 tools, sorted: actix-vs-flask." in answer.content
    assert Comparison.objects.get().slug == "actix-vs-flask"


@pytest.mark.parametrize("names", [[], ["Actix"], ["Actix", "Rails"], ["Actix", "Flask", "Rails"]])
def test_admin_refuses_sides_that_the_slug_does_not_name(maud_client: Client, names: list[str]) -> None:
    tools = {name: ToolFactory(name=name).pk for name in ("Actix", "Flask", "Rails")}
    sides = [{"tool": tools[name], "pick_when": ""} for name in names]

    answer = maud_client.post(
        reverse("admin:comparisons_comparison_add"),
        {"slug": "actix-vs-flask"} | inline("sides", sides, initial=0) | inline("differences", [], initial=0),
    )

    assert answer.status_code == 200
    assert b"Name the tools that the slug names, each once." in answer.content
    assert not Comparison.objects.exists()


def test_admin_is_closed_to_those_who_are_no_moderators(
    client: Client, mallory: Any, written: Comparison
) -> None:
    client.force_login(mallory)

    answer = client.post(change_url(written), form_of(written, summary="Mine."))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:login"))
    assert Comparison.objects.get().summary == written.summary


def test_admin_finds_tools_for_the_sides(maud_client: Client) -> None:
    flask: Tool = ToolFactory(name="Flask")

    answer = maud_client.get(
        reverse("admin:autocomplete"),
        {"term": "fla", "app_label": "comparisons", "model_name": "comparisontool", "field_name": "tool"},
    )

    assert answer.json()["results"] == [{"id": str(flask.pk), "text": "Flask"}]
