"""With Redis away the site goes on: pages, signing in and what people do; nothing is lost."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from apps.accounts.models import PersonFollow, User
from apps.notifications.models import Notification
from apps.pages.models import ContactMessage
from apps.tools.models import Point, ToolFollow
from apps.votes.models import Vote
from tests.factories.accounts import UserFactory
from tests.factories.tools import PointFactory, ToolFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis_away")]

PASSWORD = "correct-horse-battery-staple"


@pytest.fixture
def signed_in(client: Client) -> Client:
    """A browser in which somebody signed in by the form."""
    person = UserFactory(username="ada")
    person.set_password(PASSWORD)
    person.save()
    answer = client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    return client


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/tools/",
        "/tools/flask/",
        "/stackups/django-vs-flask/",
        "/search/?q=flask",
        "/@bob/",
        "/accounts/login/",
    ],
)
def test_page_is_served(client: Client, path: str) -> None:
    ToolFactory(name="Flask")
    ToolFactory(name="Django")
    UserFactory(username="bob")

    assert client.get(path).status_code == 200


def test_people_vote_follow_and_write(signed_in: Client) -> None:
    tool = ToolFactory(name="Flask")
    point = PointFactory(tool=tool, author=UserFactory(username="bob"))

    answers: list[Any] = [
        signed_in.post(f"/votes/tool/{tool.pk}/", {"value": "1"}),
        signed_in.post(f"/votes/point/{point.pk}/", {"value": "-1"}),
        signed_in.post("/tools/flask/follow/", {"value": "1"}),
        signed_in.post("/people/bob/follow/", {"value": "1"}),
        signed_in.post(
            "/tools/flask/pros-and-cons/add/",
            {"kind": "con", "text": "No ORM, forms or admin come with it", "about": "3.1"},
        ),
        signed_in.post(
            "/contact/",
            {"name": "Ada", "email": "ada@example.org", "subject": "A date", "text": "Flask is from 2010."},
        ),
    ]

    assert [answer.status_code for answer in answers] == [302] * len(answers)
    ada = User.objects.get(username="ada")
    assert Vote.objects.filter(voter=ada).count() == 2
    assert ToolFollow.objects.filter(person=ada, tool=tool).exists()
    assert PersonFollow.objects.filter(follower=ada, person__username="bob").exists()
    assert Point.objects.filter(author=ada).count() == 1
    assert Notification.objects.filter(person__username="bob").exists()
    assert ContactMessage.objects.count() == 1


def test_newcomer_gets_the_code_at_once(client: Client) -> None:
    answer = client.post(
        "/accounts/signup/", {"email": "eve@example.org", "username": "eve", "password1": PASSWORD}
    )

    assert answer.status_code == 302
    assert [letter.to for letter in mail.outbox] == [["eve@example.org"]]
