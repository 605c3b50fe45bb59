"""What a removed pro or con earned goes with it, whoever removes it."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.tools.models import Point, Tool
from apps.tools.services.points import remove_point
from apps.votes.models import Reputation
from apps.votes.services.casting import cast_vote
from tests.factories.accounts import UserFactory
from tests.factories.tools import PointFactory
from tests.factories.votes import make_point, make_voter
from tests.tools.admin_forms import form_data

pytestmark = pytest.mark.django_db

ADMIN = reverse("admin:tools_point_changelist")


@pytest.fixture
def author() -> User:
    """Somebody who wrote two things on a tool, each with a vote."""
    author = UserFactory()
    first = make_point(author)
    for point in (first, make_point(author, tool=first.tool)):
        cast_vote(voter=make_voter(), target=point, value=1)
    assert earned(author) == (20, [20])
    return author


def earned(person: User) -> tuple[int, list[int]]:
    """The person's sum, and their score of each tool."""
    person.refresh_from_db()
    return person.reputation, list(Reputation.objects.filter(person=person).values_list("score", flat=True))


def test_author_loses_what_they_remove(author: User) -> None:
    points = list(Point.objects.filter(author=author))

    remove_point(remover=author, point=points[0])
    assert earned(author) == (10, [10])
    remove_point(remover=author, point=points[1])

    assert earned(author) == (0, [])


def test_author_loses_what_a_moderator_removes(author: User, maud_client: Client) -> None:
    first, second = Point.objects.filter(author=author)

    maud_client.post(reverse("admin:tools_point_delete", args=[first.pk]), {"post": "yes"})
    assert earned(author) == (10, [10])
    maud_client.post(ADMIN, {"action": "delete_selected", "_selected_action": [second.pk], "post": "yes"})

    assert earned(author) == (0, [])
    assert not Point.objects.exists()


def test_nobody_loses_what_the_catalogue_said(author: User, maud_client: Client) -> None:
    point = PointFactory()

    maud_client.post(reverse("admin:tools_point_delete", args=[point.pk]), {"post": "yes"})

    assert not Point.objects.filter(pk=point.pk).exists()
    assert earned(author) == (20, [20])


def test_author_loses_what_goes_by_the_page_of_the_tool(author: User, maud_client: Client) -> None:
    tool = Tool.objects.get()
    page = reverse("admin:tools_tool_change", args=[tool.pk])

    maud_client.post(page, form_data(maud_client.get(page), **{"points-0-DELETE": "on"}))

    assert Point.objects.count() == 1
    assert earned(author) == (10, [10])


@pytest.mark.parametrize("by_action", [True, False])
def test_author_loses_what_goes_with_its_tool(author: User, maud_client: Client, by_action: bool) -> None:
    tool = Tool.objects.get()
    action = {"action": "delete_selected", "_selected_action": [tool.pk], "post": "yes"}

    if by_action:
        maud_client.post(reverse("admin:tools_tool_changelist"), action)
    else:
        maud_client.post(reverse("admin:tools_tool_delete", args=[tool.pk]), {"post": "yes"})

    assert not Tool.objects.exists()
    assert earned(author) == (0, [])
