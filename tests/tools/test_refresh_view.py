import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.github.models import RateLimit, Repository
from apps.tools.models import Tool
from apps.tools.views import refresh
from tests.factories.accounts import UserFactory
from tests.factories.tools import ToolAliasFactory, ToolFactory

URL = "/tools/flask/refresh/"
HTMX = {"HX-Request": "true"}
ASKED = "Asked. New figures usually arrive within minutes."


@pytest.fixture
def flask(db: None, settings: Any) -> Tool:
    """A tool whose repository is not to be looked at until tomorrow, on a site that reads from GitHub."""
    settings.GITHUB_API_URL = "https://api.github.example"
    tool: Tool = ToolFactory(name="Flask", stars=72_014)
    read(tool, state=Repository.State.OK, due_at=timezone.now() + timedelta(days=1))
    return tool


def read(tool: Tool, **fields: Any) -> None:
    Repository.objects.filter(tools=tool).update(**fields)


def is_due(tool: Tool) -> bool:
    return Repository.objects.filter(tools=tool, due_at__lte=timezone.now()).exists()


def test_click_makes_the_repository_due_and_wakes_a_worker(
    alice_client: Client,
    flask: Tool,
    queued_tasks: Callable[[], list[str]],
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = alice_client.post(URL, {"next": "/stackups/a-vs-b/"})

    assert (response.status_code, response["Location"]) == (302, "/stackups/a-vs-b/")
    assert is_due(flask)
    assert queued_tasks() == ["apps.github.tasks.refresh_due_repositories"]


def test_page_says_that_it_was_asked(alice_client: Client, flask: Tool) -> None:
    response = alice_client.post(URL, follow=True)

    assert response.redirect_chain == [("/tools/flask/", 302)]
    assert ASKED in response.text


def test_htmx_is_told_what_to_say_and_the_button_stays(alice_client: Client, flask: Tool) -> None:
    response = alice_client.post(URL, headers=HTMX)

    assert (response.status_code, response.content) == (204, b"")
    assert json.loads(response["HX-Trigger"]) == {"said": {"words": ASKED}}
    assert is_due(flask)


@pytest.mark.parametrize(
    ("token", "is_refused", "resource"),
    [("ghp_x", False, "graphql"), ("ghp_x", True, "anonymous"), ("", False, "anonymous")],
)
def test_click_says_when_github_may_be_asked_again(
    alice_client: Client, flask: Tool, settings: Any, token: str, is_refused: bool, resource: str
) -> None:
    settings.GITHUB_TOKEN, settings.GITHUB_APP_ID = token, ""
    read(flask, is_token_refused=is_refused)
    RateLimit.objects.create(resource=resource, not_before=datetime(2099, 1, 1, 20, 59, tzinfo=UTC))

    response = alice_client.post(URL, headers=HTMX)

    assert "We may not ask GitHub before 20:59 UTC" in response["HX-Trigger"]
    assert is_due(flask)


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (
            timedelta(0),
            "The numbers were read a moment ago. They can be asked for again 15 minutes after that.",
        ),
        (
            timedelta(minutes=3),
            "The numbers were read 3\xa0minutes ago. They can be asked for again 15 minutes after that.",
        ),
    ],
)
def test_fresh_figures_are_not_asked_for(
    alice_client: Client, flask: Tool, ago: timedelta, words: str
) -> None:
    read(flask, read_at=timezone.now() - ago)

    response = alice_client.post(URL, headers=HTMX)

    assert json.loads(response["HX-Trigger"]) == {"said": {"words": words}}
    assert not is_due(flask)


def test_site_that_reads_nothing_promises_nothing(alice_client: Client, flask: Tool, settings: Any) -> None:
    settings.GITHUB_API_URL = ""

    response = alice_client.post(URL, headers=HTMX)

    assert "set up not to read from GitHub" in response["HX-Trigger"]
    assert not is_due(flask)


@pytest.mark.parametrize("state", Repository.HELD)
def test_figures_that_wait_for_a_moderator_are_not_asked_for(
    alice_client: Client, flask: Tool, state: str
) -> None:
    read(flask, state=state)

    response = alice_client.post(URL, headers=HTMX)

    assert "held until a moderator has looked" in response["HX-Trigger"]
    assert not is_due(flask)


@pytest.mark.usefixtures("redis_away")
def test_click_works_with_redis_away(
    alice_client: Client, flask: Tool, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = alice_client.post(URL, headers=HTMX)

    assert response.status_code == 204
    assert is_due(flask)


def test_too_many_clicks_are_refused(
    alice_client: Client, flask: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "REFRESH_LIMIT", "2/hour")
    answers = [alice_client.post(URL).status_code for _ in range(2)]
    read(flask, due_at=timezone.now() + timedelta(days=1))

    assert [*answers, alice_client.post(URL).status_code] == [302, 302, 429]
    assert not is_due(flask)


def test_anonymous_reader_is_led_to_the_sign_in(client: Client, flask: Tool) -> None:
    response = client.post(URL)

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")
    assert not is_due(flask)


def test_person_who_is_not_verified_is_told(client: Client, flask: Tool) -> None:
    client.force_login(UserFactory(verified=False))

    response = client.post(URL)

    assert response.status_code == 403
    assert "Verify your e-mail address first" in response.text
    assert not is_due(flask)


@pytest.mark.parametrize("slug", ["nowhere", "hidden", "flask-python", "FLASK", "bare"])
def test_tool_that_is_none_or_has_no_repository_is_not_found(
    alice_client: Client, flask: Tool, slug: str
) -> None:
    ToolFactory(name="Hidden", is_listed=False, stars=1)
    ToolFactory(name="Bare")
    ToolAliasFactory(tool=flask, slug="flask-python")

    assert alice_client.post(f"/tools/{slug}/refresh/").status_code == 404


def test_moderator_may_ask_for_a_tool_that_is_not_listed(maud_client: Client, flask: Tool) -> None:
    Tool.objects.update(is_listed=False)

    assert maud_client.post(URL).status_code == 302
    assert is_due(flask)


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_view_takes_no_other_method(alice_client: Client, flask: Tool, method: str) -> None:
    assert getattr(alice_client, method)(URL).status_code == 405


def test_click_keeps_to_its_queries(
    alice_client: Client, flask: Tool, count_queries: Callable[..., Any]
) -> None:
    # Session, person, verified, tool, repository, and what makes it due.
    with count_queries(at_most=8):
        assert alice_client.post(URL, headers=HTMX).status_code == 204


def test_page_has_the_button_for_whom_it_serves(client: Client, alice_client: Client, flask: Tool) -> None:
    mine, anonymous = alice_client.get("/tools/flask/").text, client.get("/tools/flask/").text

    assert f'formaction="{URL}"' in mine
    assert URL not in anonymous
    assert "Ask for fresh numbers</a>" in anonymous


def test_page_has_no_button_where_it_would_do_nothing(alice_client: Client, flask: Tool) -> None:
    read(flask, state=Repository.State.REPLACED)
    ToolFactory(name="Bare")

    for slug in ("flask", "bare"):
        assert "/refresh/" not in alice_client.get(f"/tools/{slug}/").text
