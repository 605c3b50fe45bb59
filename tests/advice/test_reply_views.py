"""Answering a thread, and what is done to an answer."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.advice.models import Draft, Post, Reply
from apps.advice.services.replies import edit_reply
from apps.advice.threads import REPLIES_PAGE
from apps.notifications.models import Notification
from tests.factories.accounts import UserFactory
from tests.factories.advice import CommentFactory, PostFactory, ReplyFactory
from tests.factories.tools import ToolFactory

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def post(alice: User) -> Post:
    return PostFactory(author=alice)


@pytest.fixture
def reply(post: Post) -> Reply:
    return ReplyFactory(post=post, body="Use *this*.")


@pytest.fixture
def author_client(reply: Reply) -> Client:
    client = Client()
    client.force_login(reply.author)
    return client


@pytest.fixture
def mallory_client(mallory: User) -> Client:
    client = Client()
    client.force_login(mallory)
    return client


def words_of(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


# --- Answering ------------------------------------------------------------------------------------


def test_answer_stands_in_the_thread_and_recommends(mallory_client: Client, post: Post) -> None:
    django = ToolFactory(name="Django")

    response = mallory_client.post(
        f"{post.get_absolute_url()}reply/", {"body": "Use *this*.\r\nAll of it.", "tools": ["Django", ""]}
    )

    reply = Reply.objects.get()
    assert response.url == f"{post.get_absolute_url()}#reply-{reply.pk}"
    assert (reply.body, list(reply.recommended.all())) == ("Use *this*.\nAll of it.", [django])
    assert "Your answer stands here now." in words_of(mallory_client.get(response.url))
    assert Notification.objects.get().person == post.author


def test_answer_that_is_wrong_comes_back(mallory_client: Client, post: Post) -> None:
    for typed, words in (
        ({"body": " "}, "Write your answer."),
        ({"body": "x" * 10_001}, "Write at most 10000 characters; these are 10001."),
        ({"body": "x", "tools": "A, B, C, D"}, "Name at most 3 tools at a time."),
        ({"body": "x", "tools": "Unheard Of"}, "We know no tool called “Unheard Of”."),
        ({"body": "http://a.example http://b.example http://c.example"}, "can write 2 links"),
    ):
        response = mallory_client.post(f"{post.get_absolute_url()}reply/", typed)

        assert response.status_code == 422, words
        assert words in response.content.decode()
    assert not Reply.objects.exists()


def test_answer_is_previewed_and_not_published(mallory_client: Client, post: Post) -> None:
    response = mallory_client.post(
        f"{post.get_absolute_url()}reply/", {"body": "Use *this*.", "preview": "1"}
    )

    assert response.status_code == 200
    page = words_of(response)
    assert "<p>Use <em>this</em>.</p>" in page
    assert "Use *this*.</textarea>" in page
    assert not Reply.objects.exists()


def test_answer_is_kept_as_a_draft(mallory_client: Client, mallory: User, post: Post) -> None:
    address = f"{post.get_absolute_url()}reply/"
    response = mallory_client.post(address, {"body": "Begun", "tools": "Django", "save": "1"})

    assert response.url == f"{post.get_absolute_url()}#your-answer"
    draft = Draft.objects.get()
    assert (draft.person, draft.post, draft.data) == (mallory, post, {"body": ["Begun"], "tools": ["Django"]})
    assert "Begun</textarea>" in words_of(mallory_client.get(address))
    assert not Reply.objects.exists()


def test_draft_that_is_too_long_comes_back(mallory_client: Client, post: Post) -> None:
    response = mallory_client.post(f"{post.get_absolute_url()}reply/", {"body": "x" * 50_000, "save": "1"})

    assert response.status_code == 422
    assert not Draft.objects.exists()


def test_decision_is_asked_about_in_other_words(mallory_client: Client) -> None:
    post = PostFactory(kind="decision")
    address = f"{post.get_absolute_url()}reply/"

    assert "How has it gone for you" in words_of(mallory_client.get(address))
    assert "Write your reply." in words_of(mallory_client.post(address, {"body": " "}))

    mallory_client.post(address, {"body": "Well."})
    reply = f"/advice/replies/{Reply.objects.get().pk}/"
    assert "Your reply stands here now." in words_of(mallory_client.get(post.get_absolute_url()))
    assert ">a reply</a>" in words_of(mallory_client.get(f"{reply}history/"))
    assert "Remove your reply?" in words_of(mallory_client.get(f"{reply}remove/"))


def test_answer_to_what_was_removed_is_refused(alice_client: Client, alice: User, post: Post) -> None:
    Post.objects.filter(pk=post.pk).update(removed_at=timezone.now(), removed_by=alice)

    response = alice_client.post(f"{post.get_absolute_url()}reply/", {"body": "Use this."})

    assert response.status_code == 403
    assert not Reply.objects.exists()


# --- Where it stands ------------------------------------------------------------------------------


def test_link_leads_to_where_the_answer_stands(client: Client, reply: Reply) -> None:
    response = client.get(reply.get_absolute_url())

    assert response.url == f"{reply.post.get_absolute_url()}#reply-{reply.pk}"


def test_link_leads_to_the_right_page(client: Client, post: Post) -> None:
    Reply.objects.bulk_create(
        ReplyFactory.build(post=post, author=post.author, tool=post.tool, up_count=1)
        for _ in range(REPLIES_PAGE)
    )
    last = ReplyFactory(post=post)

    response = client.get(last.get_absolute_url())

    assert re.search(rf"\?after=[\w-]+#reply-{last.pk}$", response.url)
    page = client.get(response.url)
    assert page.content.count(b'<article class="thread answer') == 1
    assert f'id="reply-{last.pk}"' in page.content.decode()


def test_history_of_an_answer_shows_what_changed(client: Client, reply: Reply) -> None:
    edit_reply(editor=reply.author, reply=reply, body="Use *that*.", tools=[ToolFactory(name="Django")])

    page = words_of(client.get(f"/advice/replies/{reply.pk}/history/"))

    assert "Use *<del>this</del><ins>that</ins>*." in page
    assert "<ins>Django</ins>" in page


# --- Editing --------------------------------------------------------------------------------------


def test_author_edits_their_answer(author_client: Client, reply: Reply) -> None:
    ToolFactory(name="Django")
    address = f"/advice/replies/{reply.pk}/edit/"
    assert "Use *this*.</textarea>" in words_of(author_client.get(address))

    assert "<em>that</em>" in words_of(author_client.post(address, {"body": "Use *that*.", "preview": "1"}))
    assert author_client.post(address, {"body": ""}).status_code == 422
    response = author_client.post(address, {"body": "Use *that*.", "tools": "Django"})

    assert response.url == f"{reply.post.get_absolute_url()}#reply-{reply.pk}"
    reply.refresh_from_db()
    assert (reply.body, reply.revisions.count()) == ("Use *that*.", 1)
    assert 'value="Django"' in words_of(author_client.get(address))


def test_edit_that_a_service_refuses_comes_back(author_client: Client, reply: Reply) -> None:
    links = "http://a.example http://b.example http://c.example"

    response = author_client.post(f"/advice/replies/{reply.pk}/edit/", {"body": links})

    assert response.status_code == 422


# --- Removing and restoring -----------------------------------------------------------------------


def test_author_removes_an_answer_and_restores_it(
    client: Client, author_client: Client, reply: Reply
) -> None:
    address = f"/advice/replies/{reply.pk}/"
    assert "Remove your answer?" in words_of(author_client.get(f"{address}remove/"))

    response = author_client.post(f"{address}remove/")

    assert response.url == f"{reply.post.get_absolute_url()}#reply-{reply.pk}"
    assert client.get(address).status_code == 404
    page = words_of(author_client.get(response.url))
    assert "Removed by its author" in page
    assert f"{address}restore/" in page
    assert "Use *this*" not in page

    author_client.post(f"{address}restore/")
    assert client.get(address).status_code == 302


def test_answer_that_a_moderator_removed_is_marked_where_a_comment_hangs_on_it(
    client: Client, author_client: Client, maud_client: Client, reply: Reply
) -> None:
    CommentFactory(reply=reply, html="<p>Why?</p>")
    maud_client.post(f"/advice/replies/{reply.pk}/remove/")

    for reader in (client, author_client):
        page = words_of(reader.get(reply.post.get_absolute_url()))
        assert "Removed by a moderator" in page
        assert "<p>Why?</p>" in page
        assert "restore/" not in page
    assert author_client.post(f"/advice/replies/{reply.pk}/restore/").status_code == 403


# --- Accepting ------------------------------------------------------------------------------------


def test_asker_accepts_an_answer_and_takes_it_back(alice_client: Client, reply: Reply) -> None:
    address = f"/advice/replies/{reply.pk}/accept/"

    for _ in range(2):
        response = alice_client.post(address, {"value": "1"})
        assert response.url == f"{reply.post.get_absolute_url()}#reply-{reply.pk}"
        reply.post.refresh_from_db()
        assert reply.post.accepted == reply
    assert Notification.objects.get().person == reply.author

    alice_client.post(address, {"value": "0"})
    reply.post.refresh_from_db()
    assert reply.post.accepted is None


def test_accepting_by_htmx_brings_the_thread_anew(alice_client: Client, reply: Reply) -> None:
    response = alice_client.post(f"/advice/replies/{reply.pk}/accept/", {"value": "1"}, headers=HTMX)

    assert response.status_code == 200
    assert response.headers["HX-Reswap"] == f"outerHTML show:#reply-{reply.pk}:top"
    assert response.headers["HX-Replace-Url"] == f"{reply.post.get_absolute_url()}#reply-{reply.pk}"
    page = words_of(response)
    assert f'class="thread answer accepted" id="reply-{reply.pk}" tabindex="-1" autofocus' in page
    assert 'id="answered"><span class="badge badge-good">' in page


def test_removed_answer_is_not_accepted(alice_client: Client, alice: User, post: Post) -> None:
    own = ReplyFactory(post=post, author=alice, removed_at=timezone.now(), removed_by=alice)

    response = alice_client.post(f"/advice/replies/{own.pk}/accept/", {"value": "1"})

    assert "This reply was removed." in words_of(alice_client.get(response.url))


def test_value_that_is_none_is_refused(alice_client: Client, reply: Reply) -> None:
    for value in ("", "2", "yes"):
        assert alice_client.post(f"/advice/replies/{reply.pk}/accept/", {"value": value}).status_code == 400


# --- Who may --------------------------------------------------------------------------------------


def test_stranger_does_nothing_with_an_answer(mallory_client: Client, reply: Reply) -> None:
    for page in ("edit/", "remove/", "accept/"):
        typed = {"value": "1", "body": "Mine"}
        assert mallory_client.post(f"/advice/replies/{reply.pk}/{page}", typed).status_code == 403, page
    for page in ("edit/", "remove/"):
        assert mallory_client.get(f"/advice/replies/{reply.pk}/{page}").status_code == 403, page
    reply.refresh_from_db()
    assert (reply.body, reply.removed_at, reply.post.accepted) == ("Use *this*.", None, None)


def test_anonymous_is_sent_to_the_sign_in(client: Client, reply: Reply) -> None:
    for page in ("edit/", "remove/", "restore/", "accept/", "comment/"):
        response = client.post(f"/advice/replies/{reply.pk}/{page}")

        assert (response.status_code, response.url.split("?")[0]) == (302, "/accounts/login/"), page


def test_anonymous_who_would_answer_is_sent_to_the_sign_in(client: Client, post: Post) -> None:
    response = client.get(f"{post.get_absolute_url()}reply/")

    assert response.url == f"/accounts/login/?next={post.get_absolute_url()}reply/"


def test_answer_that_is_none_is_not_found(alice_client: Client) -> None:
    in_removed = ReplyFactory(post__removed_at=timezone.now())

    for page in ("", "history/", "edit/", "remove/", "restore/", "accept/", "comment/"):
        ask = alice_client.post if page in {"restore/", "accept/"} else alice_client.get
        for pk in (in_removed.pk, 10**18, 10**30):
            assert ask(f"/advice/replies/{pk}/{page}").status_code == 404, page


def test_wrong_method_is_refused(alice_client: Client, reply: Reply) -> None:
    for page in ("", "history/", "edit/", "remove/", "comment/"):
        assert alice_client.put(f"/advice/replies/{reply.pk}/{page}").status_code == 405, page
    for page in ("restore/", "accept/"):
        assert alice_client.get(f"/advice/replies/{reply.pk}/{page}").status_code == 405, page


def test_who_has_not_verified_their_address_is_told(client: Client, post: Post) -> None:
    client.force_login(UserFactory(verified=False))

    response = client.post(f"{post.get_absolute_url()}reply/", {"body": "Use this."})

    assert response.status_code == 403
    assert "Verify your e-mail address first" in response.content.decode()
