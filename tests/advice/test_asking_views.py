"""Asking, telling of a decision, editing: the forms and what becomes of what was typed."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.advice.forms.posts import QuestionForm
from apps.advice.models import Draft, Post
from apps.advice.services.posts import Named, edit_post
from apps.tools.models import Tool
from tests.factories.advice import PostFactory, PostToolFactory
from tests.factories.stacks import StackFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db

QUESTION = {
    "title": "Which of the two for a first API?",
    "options": "Flask, Django",
    "about": "Python",
    "body": "I know *one* of them.",
    "team_size": "1",
    "scale": "40 requests a day",
}
DECISION = {
    "title": "We replaced the React app",
    "chosen": ["django", ""],
    "rejected_1": "Flask",
    "why_1": "No admin.",
    "body": "Nine working days.",
    "since": "2025-11",
    "again": "yes",
}


@pytest.fixture(autouse=True)
def tools(db: None) -> None:
    for name in ("Flask", "Django", "Python"):
        ToolFactory(name=name, slug=name.lower())


def parts(post: Post) -> list[tuple[str, str, str]]:
    return list(post.post_tools.values_list("tool__slug", "role", "why"))


def words(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


# --- Asking and deciding --------------------------------------------------------------------------


def test_question_is_published_and_its_draft_goes(alice: User, alice_client: Client) -> None:
    draft = Draft.objects.create(person=alice, kind="advice", data={"title": ["x"]})

    response = alice_client.post("/advice/ask/", QUESTION | {"draft": draft.pk})

    post = Post.objects.get()
    assert response["Location"] == post.get_absolute_url()
    assert (post.author, post.kind, post.body, post.scale) == (
        alice,
        "advice",
        QUESTION["body"],
        QUESTION["scale"],
    )
    assert parts(post) == [("flask", "option", ""), ("django", "option", ""), ("python", "about", "")]
    assert not Draft.objects.exists()
    assert "Your question stands here now." in words(alice_client.get(response["Location"]))


def test_decision_is_published_with_what_was_rejected_and_the_stack(
    alice: User, alice_client: Client
) -> None:
    stack = StackFactory(person=alice)

    response = alice_client.post("/advice/decide/", DECISION | {"stack": stack.pk})

    post = Post.objects.get()
    assert response["Location"] == post.get_absolute_url()
    assert parts(post) == [("django", "chosen", ""), ("flask", "rejected", "No admin.")]
    assert (post.since, post.again, post.stack) == ("2025-11", "yes", stack)


def test_stacks_to_choose_from_are_ones_own_and_public(alice: User, alice_client: Client) -> None:
    StackFactory(person=alice, name="Mine")
    StackFactory(person=alice, name="Hidden", visibility="private")
    other = StackFactory(name="Theirs")

    page = words(alice_client.get("/advice/decide/"))
    response = alice_client.post("/advice/decide/", DECISION | {"stack": other.pk})

    assert "Mine" in page
    assert "Hidden" not in page
    assert "Theirs" not in page
    assert "Choose one of your public stacks." in words(response)


@pytest.mark.parametrize(
    ("path", "typed", "field", "problem"),
    [
        ("ask", {"title": ""}, "title", "Write your question in one line."),
        ("ask", {"title": "Short"}, "title", "Write at least 10 characters."),
        ("ask", {"title": "x" * 121}, "title", "Write at most 120 characters; these are 121."),
        ("ask", {"body": ""}, "body", "Write what you have tried and what matters."),
        ("ask", {"options": "", "about": ""}, "options", "Name at least one tool"),
        ("ask", {"options": "a, b, c, d, e, f"}, "options", "Name at most 5 tools"),
        ("ask", {"options": "Flsk"}, "options", "We know no tool called “Flsk”. Did you mean Flask ?"),
        ("ask", {"team_size": "9"}, "team_size", "Choose one of these."),
        ("ask", {"decide_by": "soon"}, "decide_by", "Write a day such as 2027-01-31."),
        ("ask", {"decide_by": "2001-01-01"}, "decide_by", "This day is over."),
        ("ask", {"scale": "x" * 301}, "scale", "Write at most 300 characters"),
        ("decide", {"chosen": ""}, "chosen", "Name a tool."),
        ("decide", {"rejected_1": ""}, "rejected_1", "Name the tool that this is about."),
        ("decide", {"rejected_1": "Django"}, "chosen", "Django is either chosen or rejected."),
        ("decide", {"rejected_5": "Flask, Python"}, "rejected_5", "Name one tool."),
        ("decide", {"why_1": "x" * 501}, "why_1", "Write at most 500 characters"),
        ("decide", {"since": "2999"}, "since", "That day is still to come."),
    ],
)
def test_problem_stands_at_its_field_and_above_and_nothing_typed_is_lost(
    alice_client: Client, path: str, typed: dict[str, str], field: str, problem: str
) -> None:
    sent: dict[str, Any] = {**(QUESTION if path == "ask" else DECISION), **typed}

    response = alice_client.post(f"/advice/{path}/", sent)

    html = response.content.decode()
    assert response.status_code == 422
    assert not Post.objects.exists()
    assert words(response).count(problem) == 2
    assert f'<a class="link" href="#id_{field}">' in html
    assert 'aria-invalid="true"' in html
    kept = [value for name, value in sent.items() if isinstance(value, str) and name != "team_size"]
    assert all(value in html for value in kept)


def test_picked_tools_come_back_by_name(alice_client: Client) -> None:
    response = alice_client.post("/advice/ask/", {"options": ["flask", "django", ""]})

    assert 'value="Flask, Django"' in response.content.decode()


def test_refusal_of_a_service_stands_above_the_form(alice: User) -> None:
    form = QuestionForm(QUESTION, person=alice)

    form.add_problems(PermissionDenied("Not now."))

    assert form.non_field_errors() == ["Not now."]


def test_limit_of_newcomers_is_said_in_the_form(alice: User, alice_client: Client) -> None:
    alice.date_joined = timezone.now()
    alice.save(update_fields=["date_joined"])
    PostFactory.create_batch(3, author=alice)

    response = alice_client.post("/advice/ask/", QUESTION)

    assert response.status_code == 422
    assert "On its first day an account can write 3 posts." in words(response)
    assert QUESTION["body"] in words(response)


@pytest.mark.parametrize(
    ("address", "values"),
    [
        ("ask/?tools=flask,django&title=Which%3F", ['value="Flask, Django"', 'value="Which?"']),
        ("ask/?tools=flask", ['id="id_about"', 'value="Flask"']),
        ("decide/?tools=django", ['value="Django"']),
        ("ask/?tools=%00,%3Cb%3E&title=%00%3Cb%3E", ["&lt;b&gt;"]),
    ],
)
def test_address_fills_the_form(alice_client: Client, address: str, values: list[str]) -> None:
    html = alice_client.get(f"/advice/{address}").content.decode()

    for value in values:
        assert value in html


@pytest.mark.parametrize("path", ["ask", "decide"])
def test_preview_without_javascript_shows_the_text_and_checks_nothing(
    alice_client: Client, path: str
) -> None:
    typed = {
        "title": "x",
        "body": "Some *words*\0.",
        "preview": "1",
        "options": "Flask",
        "rejected_4": "Flask",
    }

    response = alice_client.post(f"/advice/{path}/", typed)

    html = response.content.decode()
    assert response.status_code == 200
    assert "<em>words</em>" in html
    assert 'value="x"' in html
    assert "data-problems" not in html
    assert not Post.objects.exists()


@pytest.mark.parametrize("path", ["ask/", "decide/", "drafts/"])
def test_anonymous_is_sent_to_the_sign_in(client: Client, path: str) -> None:
    response = client.get(f"/advice/{path}?tools=flask")

    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next=/advice/{path}%3Ftools%3Dflask"


@pytest.mark.parametrize("path", ["ask/", "decide/"])
def test_form_refuses_other_methods(alice_client: Client, path: str) -> None:
    assert alice_client.put(f"/advice/{path}").status_code == 405


def test_form_is_kept_from_search_engines_and_cheap(
    alice_client: Client, count_queries: Callable[..., Any]
) -> None:
    with count_queries(at_most=8):
        response = alice_client.get("/advice/ask/?tools=flask,django")

    assert b'content="noindex"' in response.content


# --- Editing --------------------------------------------------------------------------------------


@pytest.fixture
def decision(alice: User) -> Post:
    post = PostFactory(author=alice, kind="decision", tools=[ToolFactory(name="htmx")], since="2025-11")
    PostToolFactory(post=post, tool=Tool.objects.get(slug="flask"), role="rejected", why="No admin.")
    return post


def edit_address(post: Post) -> str:
    return f"{post.get_absolute_url()}edit/"


def test_form_to_edit_has_what_the_thread_says(alice_client: Client, decision: Post) -> None:
    html = alice_client.get(edit_address(decision)).content.decode()

    for value in (decision.title, "htmx", "Flask", "No admin.", "2025-11"):
        assert f'value="{value}"' in html
    assert decision.body in html
    assert "data-draft" not in html


def test_edit_changes_the_thread(alice_client: Client, decision: Post) -> None:
    typed = DECISION | {"version": "1", "again": "no"}

    response = alice_client.post(edit_address(decision), typed)

    decision.refresh_from_db()
    assert response["Location"] == decision.get_absolute_url()
    assert (decision.title, decision.again, decision.version) == (DECISION["title"], "no", 2)
    assert parts(decision) == [("django", "chosen", ""), ("flask", "rejected", "No admin.")]


def test_edit_of_what_another_edited_meanwhile_says_what_differs(
    alice_client: Client, maud: User, decision: Post
) -> None:
    tool = decision.tool
    edit_post(
        editor=maud,
        post=decision,
        title="Without the shouting",
        body="Calm words.",
        tools=[Named(tool, "chosen")],
    )

    response = alice_client.post(edit_address(decision), DECISION | {"version": "1"})

    page = words(response)
    assert response.status_code == 422
    assert "It was edited meanwhile" in page
    for now in ("Without the shouting", "Calm words.", "htmx"):
        assert now in page
    assert DECISION["body"] in page
    # Sent again, it is meant.
    again = alice_client.post(edit_address(decision), DECISION | {"version": "2"})
    decision.refresh_from_db()
    assert again.status_code == 302
    assert decision.title == DECISION["title"]


def test_preview_of_an_edit_keeps_the_version(alice_client: Client, decision: Post) -> None:
    html = alice_client.post(
        edit_address(decision), {"body": "**new**", "preview": "1", "version": "7"}
    ).content.decode()

    assert "<strong>new</strong>" in html
    assert 'name="version" value="7"' in html


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"version": "x", "title": "Short"}, "Write at least 10 characters."),
        ({"rejected_1": "Django"}, "Django is either chosen or rejected."),
    ],
)
def test_problem_of_an_edit_stands_in_the_form(
    alice_client: Client, decision: Post, typed: dict[str, str], problem: str
) -> None:
    response = alice_client.post(edit_address(decision), DECISION | typed)

    assert response.status_code == 422
    assert problem in words(response)


def test_stack_of_a_decision_stays_when_it_becomes_private(
    alice: User, alice_client: Client, decision: Post
) -> None:
    stack = StackFactory(person=alice, visibility="private")
    Post.objects.filter(pk=decision.pk).update(stack=stack)

    response = alice_client.post(edit_address(decision), DECISION | {"version": "1", "stack": stack.pk})

    decision.refresh_from_db()
    assert response.status_code == 302
    assert decision.stack == stack


def test_moderator_edits_and_a_stranger_does_not(maud_client: Client, mallory: User, decision: Post) -> None:
    stranger = Client()
    stranger.force_login(mallory)

    assert maud_client.get(edit_address(decision)).status_code == 200
    assert stranger.get(edit_address(decision)).status_code == 403
    assert stranger.post(edit_address(decision), DECISION).status_code == 403


def test_edit_of_nothing_is_not_found(alice_client: Client) -> None:
    assert alice_client.get("/advice/999-nothing/edit/").status_code == 404
