"""Comments on threads and answers."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.advice.models import Comment, Post, Reply
from apps.advice.services.replies import edit_comment
from tests.factories.advice import CommentFactory, PostFactory, ReplyFactory

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def post() -> Post:
    return PostFactory()


@pytest.fixture
def reply(post: Post) -> Reply:
    return ReplyFactory(post=post, html="<p>Use this.</p>")


@pytest.fixture
def comment(alice: User, reply: Reply) -> Comment:
    return CommentFactory(author=alice, reply=reply, body="Which version?", html="<p>Which version?</p>")


@pytest.fixture
def mallory_client(mallory: User) -> Client:
    client = Client()
    client.force_login(mallory)
    return client


def words_of(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def test_comment_is_added_to_a_thread(alice_client: Client, post: Post) -> None:
    address = f"{post.get_absolute_url()}comment/"
    page = words_of(alice_client.get(address))
    assert f'id="id_body_post_{post.pk}"' in page
    assert " autofocus" in page

    response = alice_client.post(address, {"body": "Which *version*?"})

    comment = Comment.objects.get()
    assert response.url == f"{post.get_absolute_url()}#comment-{comment.pk}"
    assert (comment.post, comment.reply) == (post, None)
    assert "Which <em>version</em>?" in words_of(alice_client.get(response.url))


def test_comment_is_added_to_an_answer(alice_client: Client, reply: Reply) -> None:
    address = f"/advice/replies/{reply.pk}/comment/"
    assert "<p>Use this.</p>" in words_of(alice_client.get(address))

    response = alice_client.post(address, {"body": "Which version?"})

    comment = Comment.objects.get()
    assert response.url == f"{reply.post.get_absolute_url()}#comment-{comment.pk}"
    assert (comment.post, comment.reply) == (reply.post, reply)


def test_comment_by_htmx_comes_with_the_others(alice_client: Client, comment: Comment) -> None:
    response = alice_client.post(
        f"/advice/replies/{comment.reply_id}/comment/", {"body": "Oh."}, headers=HTMX
    )

    new = Comment.objects.latest("pk")
    assert response.status_code == 200
    assert response.headers["HX-Reswap"] == "outerHTML"
    page = words_of(response)
    assert f'id="on-reply-{comment.reply_id}"' in page
    assert f'<div id="comment-{comment.pk}">' in page
    assert f'<div id="comment-{new.pk}" tabindex="-1" autofocus>' in page


def test_comment_that_is_wrong_comes_back(alice_client: Client, post: Post, reply: Reply) -> None:
    for body in ("", "x" * 1001, "http://a.example http://b.example http://c.example"):
        plain = alice_client.post(f"{post.get_absolute_url()}comment/", {"body": body})
        htmx = alice_client.post(f"/advice/replies/{reply.pk}/comment/", {"body": body}, headers=HTMX)

        assert (plain.status_code, htmx.status_code) == (422, 200)
        assert htmx.headers["HX-Retarget"] == f"#slot-reply-{reply.pk}"
        assert htmx.headers["HX-Reselect"] == "#comment-form"
        assert 'class="error"' in words_of(plain)
    assert not Comment.objects.exists()


def test_link_leads_to_where_the_comment_stands(client: Client, comment: Comment) -> None:
    assert (
        client.get(comment.get_absolute_url()).url
        == f"{comment.post.get_absolute_url()}#comment-{comment.pk}"
    )


def test_author_edits_their_comment(client: Client, alice_client: Client, comment: Comment) -> None:
    address = f"/advice/comments/{comment.pk}/edit/"
    assert "Which version?</textarea>" in words_of(alice_client.get(address))

    assert alice_client.post(address, {"body": " "}).status_code == 422
    links = "http://a.example http://b.example http://c.example"
    assert alice_client.post(address, {"body": links}).status_code == 422
    response = alice_client.post(address, {"body": "Which one?"})

    assert response.url == f"{comment.post.get_absolute_url()}#comment-{comment.pk}"
    page = words_of(client.get(f"/advice/comments/{comment.pk}/history/"))
    assert "Which <del>version</del><ins>one</ins>?" in page


def test_edited_comment_says_so(client: Client, alice: User, comment: Comment) -> None:
    edit_comment(editor=alice, comment=comment, body="Which one?")

    assert f"/advice/comments/{comment.pk}/history/" in words_of(client.get(comment.post.get_absolute_url()))


def test_author_removes_a_comment_and_restores_it(
    client: Client, alice_client: Client, comment: Comment
) -> None:
    address = f"/advice/comments/{comment.pk}/"
    thread = comment.post.get_absolute_url()
    assert "Remove your comment?" in words_of(alice_client.get(f"{address}remove/"))

    assert alice_client.post(f"{address}remove/").url == f"{thread}#comment-{comment.pk}"

    assert client.get(address).status_code == 404
    assert "Removed by" not in words_of(client.get(thread))
    assert "Removed by its author" in words_of(alice_client.get(thread))

    alice_client.post(f"{address}restore/")
    assert "<p>Which version?</p>" in words_of(client.get(thread))


def test_stranger_does_nothing_with_a_comment(mallory_client: Client, comment: Comment) -> None:
    for page in ("edit/", "remove/"):
        for ask in (mallory_client.get, mallory_client.post):
            assert ask(f"/advice/comments/{comment.pk}/{page}").status_code == 403, page
    comment.refresh_from_db()
    assert (comment.body, comment.removed_at) == ("Which version?", None)


def test_anonymous_is_sent_to_the_sign_in(client: Client, comment: Comment) -> None:
    for page in ("edit/", "remove/", "restore/"):
        assert client.post(f"/advice/comments/{comment.pk}/{page}").url.startswith("/accounts/login/"), page


def test_comment_that_is_none_is_not_found(alice_client: Client) -> None:
    in_removed = CommentFactory(post__removed_at=timezone.now())

    for page in ("", "history/", "edit/", "remove/", "restore/"):
        ask = alice_client.post if page == "restore/" else alice_client.get
        for pk in (in_removed.pk, 10**18):
            assert ask(f"/advice/comments/{pk}/{page}").status_code == 404, page


def test_wrong_method_is_refused(alice_client: Client, comment: Comment) -> None:
    for page in ("", "history/", "edit/", "remove/"):
        assert alice_client.put(f"/advice/comments/{comment.pk}/{page}").status_code == 405, page
    assert alice_client.get(f"/advice/comments/{comment.pk}/restore/").status_code == 405
