import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from apps.comparisons.models import Comparison, ComparisonTool, Difference, DifferenceText
from tests.factories.comparisons import make_comparison
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def written() -> Comparison:
    return make_comparison(ToolFactory(name="Actix"), ToolFactory(name="Flask"), differences=2)


def test_comparison_slug_is_unique(written: Comparison) -> None:
    with pytest.raises(IntegrityError, match="slug"):
        Comparison.objects.create(slug="actix-vs-flask")


def test_comparison_names_a_tool_once(written: Comparison) -> None:
    with pytest.raises(IntegrityError, match="comparisontool_unique"):
        ComparisonTool.objects.create(comparison=written, tool=written.tools.first())


def test_difference_has_a_position_of_its_own(written: Comparison) -> None:
    Difference.objects.create(comparison=written, position=1, topic="Again", about="2026")

    with pytest.raises(IntegrityError, match="difference_position_unique"):
        connection.check_constraints()


def test_differences_can_change_places(written: Comparison) -> None:
    first, second = written.differences.all()
    with transaction.atomic():
        for difference, position in ((first, 2), (second, 1)):
            difference.position = position
            difference.save(update_fields=["position"])

    connection.check_constraints()

    assert list(written.differences.all()) == [second, first]


def test_difference_position_is_not_negative(written: Comparison) -> None:
    with pytest.raises(IntegrityError, match="comparisons_difference_position_check"):
        Difference.objects.create(comparison=written, position=-1, topic="Before", about="2026")


def test_difference_says_one_thing_of_a_tool(written: Comparison) -> None:
    text = DifferenceText.objects.filter(difference__comparison=written).first()
    assert text

    with pytest.raises(IntegrityError, match="differencetext_unique"):
        DifferenceText.objects.create(difference=text.difference, tool=text.tool, text="Another one.")


def test_comparison_and_its_parts_say_what_they_are(written: Comparison) -> None:
    side, difference = written.sides.get(tool__slug="flask"), written.differences.get(position=1)

    assert str(written) == "actix-vs-flask"
    assert str(side) == f"{written.pk}: {side.tool_id}"
    assert str(difference) == "Topic 1"
    assert str(difference.texts.get(tool__slug="flask")) == "Flask says 1."


def test_comparison_has_one_address(written: Comparison) -> None:
    assert written.get_absolute_url() == "/stackups/actix-vs-flask/"


def test_parts_go_with_their_comparison(written: Comparison) -> None:
    written.delete()

    assert not ComparisonTool.objects.exists()
    assert not DifferenceText.objects.exists()


@pytest.mark.parametrize(
    "slug",
    [
        "flask",
        "flask-vs-actix",
        "flask-vs-flask",
        "actix-vs-nothing",
        "actix/flask",
        "Actix vs Flask",
        "actix-vs-flask-vs-rails-vs-spring-vs-symfony",
    ],
)
def test_comparison_slug_names_two_to_four_tools_in_order(slug: str) -> None:
    for name in ("Actix", "Flask", "Rails", "Spring", "Symfony"):
        ToolFactory(name=name)

    with pytest.raises(ValidationError, match="Write the slugs of two to 4 tools, sorted"):
        Comparison(slug=slug).full_clean()


@pytest.mark.parametrize("slug", ["actix-vs-flask", "actix-vs-flask-vs-rails-vs-spring"])
def test_comparison_slug_in_order_is_taken(slug: str) -> None:
    for name in ("Actix", "Flask", "Rails", "Spring"):
        ToolFactory(name=name)

    Comparison(slug=slug).full_clean()

    assert not Comparison.objects.exists()


def test_listed_leaves_out_a_comparison_with_a_tool_that_is_not() -> None:
    listed, unlisted = ToolFactory(), ToolFactory(is_listed=False)
    shown = make_comparison(listed, ToolFactory())
    make_comparison(listed, unlisted)

    assert list(Comparison.objects.listed()) == [shown]


def test_about_orders_by_the_number_of_tools_shared() -> None:
    a, b, c, d = (ToolFactory(name=name) for name in "ABCD")
    one, two, two_of_three = make_comparison(a, c), make_comparison(c, d), make_comparison(b, c, d)
    make_comparison(a, b)

    found = Comparison.objects.about([c.pk, d.pk])

    assert list(found) == [two_of_three, two, one]
