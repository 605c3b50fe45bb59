from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.tools.models import Point, Tool
from apps.votes.models import Vote
from tests.factories.tools import ToolFactory
from tests.factories.votes import WRITTEN, make_newcomer, make_point, make_post, make_reply, make_voter
from tests.votes.threads import run_together

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def voter(client: Client) -> Any:
    person = make_voter()
    client.force_login(person)
    return person


def address(target: Model) -> str:
    return reverse("votes:cast", args=[target._meta.model_name, target.pk])


def test_cast_votes_and_leads_back(client: Client, voter: Any) -> None:
    tool = ToolFactory()

    answer = client.post(address(tool), {"value": "1", "next": "/tools/?page=2"})

    assert (answer.status_code, answer["Location"]) == (302, "/tools/?page=2")
    assert Tool.objects.get().vote_count == 1


@pytest.mark.parametrize("kind", sorted(WRITTEN))
def test_vote_on_what_is_written_leads_back_to_where_it_stands(client: Client, voter: Any, kind: str) -> None:
    target = WRITTEN[kind]()

    answer = client.post(address(target), {"value": "1", "next": "/tools/flask/"})

    assert answer["Location"] == f"/tools/flask/#{kind}-{target.pk}"
    target.refresh_from_db()
    assert target.up_count == 1


def test_cast_leads_to_no_other_site(client: Client, voter: Any) -> None:
    answer = client.post(address(ToolFactory()), {"value": "1", "next": "https://example.org/"})

    assert answer["Location"] == "/"


def test_cast_answers_the_control_when_asked_by_htmx(client: Client, voter: Any) -> None:
    point = make_point(make_voter())

    up = client.post(address(point), {"value": "1"}, headers=HTMX).content.decode()
    down = client.post(address(point), {"value": "-1"}, headers=HTMX).content.decode()
    none = client.post(address(point), {"value": "0"}, headers=HTMX).content.decode()

    assert (up.count('aria-pressed="true"'), up.count('<span class="num">1</span>')) == (1, 1)
    assert up.index('aria-pressed="true"') < up.index('aria-pressed="false"')
    assert down.index('aria-pressed="false"') < down.index('aria-pressed="true"')
    assert 'aria-pressed="true"' not in none
    assert '">0</span>' in none
    assert not Vote.objects.exists()


def test_cast_tells_a_newcomer_that_the_vote_waits(client: Client) -> None:
    client.force_login(make_newcomer())

    html = client.post(address(ToolFactory()), {"value": "1"}, headers=HTMX).content.decode()

    assert "Your vote counts once your account is a day old." in html
    assert '">0</span>' in html


def test_cast_tells_a_newcomer_on_the_next_page_that_the_vote_waits(client: Client) -> None:
    client.force_login(make_newcomer())
    tool = ToolFactory()

    answer = client.post(address(tool), {"value": "1", "next": tool.get_absolute_url()}, follow=True)

    assert [str(message) for message in answer.context["messages"]] == [
        "Your vote counts once your account is a day old."
    ]


def test_cast_sends_others_to_the_sign_in(client: Client) -> None:
    plain = client.post(address(ToolFactory()), {"value": "1"})
    htmx = client.post(address(ToolFactory()), {"value": "1"}, headers=HTMX)

    assert plain.status_code == 302
    assert plain["Location"].startswith(reverse("account_login"))
    assert htmx["HX-Redirect"].startswith(reverse("account_login"))
    assert not Vote.objects.exists()


def test_cast_is_only_for_people_who_are_verified(client: Client) -> None:
    client.force_login(make_voter(verified=False))

    answer = client.post(address(ToolFactory()), {"value": "1"})

    assert answer.status_code == 403
    assert b"Verify your e-mail address" in answer.content
    assert not Vote.objects.exists()


def test_cast_refuses_a_vote_on_own_content(client: Client, voter: Any) -> None:
    answer = client.post(address(make_point(voter)), {"value": "1"})

    assert answer.status_code == 403
    assert "You can’t vote" in answer.content.decode().replace("&#x27;", "’")


def test_cast_changes_nothing_when_only_asked_for(client: Client, voter: Any) -> None:
    assert client.get(address(ToolFactory()), {"value": "1"}).status_code == 405
    assert not Vote.objects.exists()


@pytest.mark.parametrize(
    "path", ["/votes/tool/123456/", "/votes/point/123456/", "/votes/user/1/", "/votes/tool/x/"]
)
def test_cast_is_missing_for_what_is_not_there(client: Client, voter: Any, path: str) -> None:
    assert client.post(path, {"value": "1"}).status_code == 404


def test_cast_is_missing_for_what_the_person_may_not_see(client: Client, voter: Any) -> None:
    tool = ToolFactory(is_listed=False)

    answers = [client.post(address(one), {"value": "1"}) for one in (tool, make_point(tool=tool))]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert not Vote.objects.exists()


def test_cast_is_missing_for_what_is_removed_whoever_sees_it(maud_client: Client) -> None:
    now = timezone.now()
    post = make_post(removed_at=now)
    answers = [
        maud_client.post(address(one), {"value": "1"})
        for one in (post, make_reply(post=post), make_reply(removed_at=now))
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert not Vote.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_cast_is_missing_for_what_is_deleted_meanwhile(
    client: Client, voter: Any, until_somebody_waits: Callable[[], None]
) -> None:
    point = make_point(make_voter())

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Point.objects.select_for_update().get()
            # Finds it, and waits for its lock.
            answer = pool.submit(run_together, [lambda: client.post(address(point), {"value": "1"})])
            until_somebody_waits()
            Point.objects.all().delete()

        assert answer.result()[0].status_code == 404


@pytest.mark.parametrize("value", ["", "2", "-1", "up"])
def test_cast_refuses_another_value(client: Client, voter: Any, value: str) -> None:
    assert client.post(address(ToolFactory()), {"value": value}).status_code == 400
    assert client.post(address(ToolFactory())).status_code == 400
    assert not Vote.objects.exists()


def test_cast_needs_the_token_of_the_form(voter: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(voter)

    assert browser.post(address(ToolFactory()), {"value": "1"}).status_code == 403
    assert not Vote.objects.exists()


@pytest.mark.usefixtures("redis_away")
def test_cast_works_without_redis(client: Client, voter: Any) -> None:
    point = make_point(make_voter())

    assert client.post(address(point), {"value": "1"}).status_code == 302
    assert Point.objects.get().up_count == 1


def test_cast_costs_few_queries(client: Client, voter: Any, count_queries: Callable[..., Any]) -> None:
    point = make_point(make_voter())

    with count_queries(at_most=26):
        answer = client.post(address(point), {"value": "1"}, headers=HTMX)

    assert answer.status_code == 200
