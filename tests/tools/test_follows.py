from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.test import Client

from apps.accounts.models import User
from apps.core.counters import recount
from apps.tools.models import Tool, ToolFollow
from apps.tools.selectors import followed_ids
from apps.tools.services.follows import follow_tool, unfollow_tool
from tests.factories.accounts import UserFactory
from tests.factories.tools import ToolAliasFactory, ToolFactory, ToolFollowFactory

URL = "/tools/flask/follow/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def flask(db: None) -> Tool:
    tool: Tool = ToolFactory(name="Flask")
    return tool


def followers(tool: Tool) -> int:
    tool.refresh_from_db()
    return tool.follower_count


def test_tool_is_followed_and_counted(alice: User, flask: Tool) -> None:
    assert follow_tool(person=alice, tool=flask).follower_count == 1

    assert followers(flask) == 1
    assert ToolFollow.objects.filter(person=alice, tool=flask).exists()


def test_following_twice_is_harmless(alice: User, flask: Tool) -> None:
    follow_tool(person=alice, tool=flask)

    assert follow_tool(person=alice, tool=flask).follower_count == 1
    assert followers(flask) == ToolFollow.objects.count() == 1


def test_tool_is_followed_no_more(alice: User, flask: Tool) -> None:
    follow_tool(person=UserFactory(), tool=flask)
    follow_tool(person=alice, tool=flask)

    assert unfollow_tool(person=alice, tool=flask).follower_count == 1
    assert unfollow_tool(person=alice, tool=flask).follower_count == 1
    assert followers(flask) == ToolFollow.objects.count() == 1


def test_following_needs_a_verified_address(flask: Tool) -> None:
    with pytest.raises(PermissionDenied):
        follow_tool(person=UserFactory(verified=False), tool=flask)

    assert followers(flask) == 0


def test_followed_tools_are_found_in_one_query(
    alice: User, mallory: User, flask: Tool, count_queries: Callable[..., Any]
) -> None:
    other = ToolFactory()
    ToolFollowFactory(person=alice, tool=flask)
    ToolFollowFactory(person=alice)
    ToolFollowFactory(person=mallory, tool=other)

    with count_queries(at_most=1):
        assert followed_ids(alice, [flask, other]) == {flask.pk}


def test_drifted_count_is_mended(flask: Tool) -> None:
    ToolFollowFactory(tool=flask)
    Tool.objects.update(follower_count=7)

    drifts = recount()

    assert [(drift.counter, drift.said, drift.right) for drift in drifts] == [
        ("tools.Tool.follower_count", 7, 1)
    ]
    assert followers(flask) == 1


@pytest.mark.django_db(transaction=True)
def test_counter_holds_when_many_follow_at_once() -> None:
    tool = ToolFactory()
    people = UserFactory.create_batch(8)

    def click(at: int) -> None:
        try:
            # Each follows twice and every second one leaves again.
            person = people[at % 8]
            follow_tool(person=person, tool=tool)
            if at % 2:
                unfollow_tool(person=person, tool=tool)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(click, range(32)))

    assert followers(tool) == ToolFollow.objects.count() == 4


def test_click_follows_and_leads_back(alice_client: Client, flask: Tool) -> None:
    response = alice_client.post(URL, {"value": "1", "next": "/stackups/a-vs-b/"})

    assert (response.status_code, response["Location"]) == (302, "/stackups/a-vs-b/")
    assert followers(flask) == 1


@pytest.mark.parametrize("back", ["", "https://example.net/", "//example.net"])
def test_click_leads_to_the_tool_without_a_way_back(alice_client: Client, flask: Tool, back: str) -> None:
    assert alice_client.post(URL, {"value": "1", "next": back})["Location"] == "/tools/flask/"


def test_htmx_gets_the_button_as_it_is_now(alice_client: Client, flask: Tool) -> None:
    on = alice_client.post(URL, {"value": "1"}, headers=HTMX).text
    off = alice_client.post(URL, {"value": "0"}, headers=HTMX).text

    assert 'aria-pressed="true"' in on
    assert 'value="0"' in on
    assert '">1</span><span class="sr"> follower</span>' in on
    assert 'aria-pressed="false"' in off
    assert 'value="1"' in off
    assert '">0</span><span class="sr"> followers</span>' in off
    assert "<html" not in on


@pytest.mark.parametrize("value", ["", "2", "x", None])
def test_other_value_is_refused(alice_client: Client, flask: Tool, value: str | None) -> None:
    response = alice_client.post(URL, {} if value is None else {"value": value})

    assert response.status_code == 400
    assert followers(flask) == 0


def test_anonymous_reader_is_led_to_the_sign_in(client: Client, flask: Tool) -> None:
    response = client.post(URL, {"value": "1"})

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")
    assert followers(flask) == 0


def test_person_who_is_not_verified_is_told(client: Client, flask: Tool) -> None:
    client.force_login(UserFactory(verified=False))

    response = client.post(URL, {"value": "1"})

    assert response.status_code == 403
    assert "Verify your e-mail address first" in response.text
    assert followers(flask) == 0


@pytest.mark.parametrize("slug", ["nowhere", "hidden", "flask-python", "FLASK"])
def test_tool_that_is_none_is_not_found(alice_client: Client, flask: Tool, slug: str) -> None:
    ToolFactory(name="Hidden", is_listed=False)
    ToolAliasFactory(tool=flask, slug="flask-python")

    assert alice_client.post(f"/tools/{slug}/follow/", {"value": "1"}).status_code == 404


def test_view_takes_no_other_method(alice_client: Client, flask: Tool) -> None:
    assert alice_client.get(URL).status_code == alice_client.delete(URL).status_code == 405


def test_click_keeps_to_its_queries(
    alice_client: Client, flask: Tool, count_queries: Callable[..., Any]
) -> None:
    # Session, person, verified (view and service), tool, savepoints and lock, follow, counter.
    with count_queries(at_most=14):
        assert alice_client.post(URL, {"value": "1"}, headers=HTMX).status_code == 200


def test_page_shows_whether_the_reader_follows(
    client: Client, alice_client: Client, alice: User, flask: Tool
) -> None:
    follow_tool(person=alice, tool=flask)

    mine, anonymous = alice_client.get("/tools/flask/").text, client.get("/tools/flask/").text

    assert f'id="follow-{flask.pk}"' in mine
    assert "Following" in mine
    assert 'href="/accounts/login/?next=/tools/flask/"' in anonymous
    assert "Following" not in anonymous
