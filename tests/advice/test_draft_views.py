"""Drafts: kept while one types, gone on with, deleted."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.advice.limits import MAX_DRAFT_CHARACTERS
from apps.advice.models import Draft, Post
from tests.factories.accounts import UserFactory
from tests.factories.advice import PostFactory

pytestmark = pytest.mark.django_db

SAVE = "/advice/drafts/save/"


def make_draft(person: User, **fields: Any) -> Draft:
    return Draft.objects.create(**{"person": person, "kind": "advice", "data": {"title": ["Begun"]}} | fields)


def test_saving_makes_a_draft_and_then_goes_on_with_it(alice: User, alice_client: Client) -> None:
    first = alice_client.post(
        SAVE, {"kind": "advice", "title": "Wh", "draft": "", "csrfmiddlewaretoken": "x"}
    )
    pk = first.json()["draft"]
    second = alice_client.post(
        SAVE, {"kind": "advice", "title": "Which", "options": ["flask", ""], "draft": pk}
    )

    draft = Draft.objects.get()
    assert second.json() == {"draft": draft.pk}
    assert (draft.person, draft.data) == (alice, {"title": ["Which"], "options": ["flask", ""]})


def test_saving_nothing_leaves_no_draft(alice: User, alice_client: Client) -> None:
    draft = make_draft(alice)

    assert alice_client.post(SAVE, {"kind": "advice", "title": "", "draft": draft.pk}).json() == {
        "draft": None
    }
    assert not Draft.objects.exists()


def test_saving_a_reply_keeps_one_for_each_thread(alice: User, alice_client: Client) -> None:
    post = PostFactory()

    for body in ("I would", "I would not"):
        alice_client.post(SAVE, {"kind": "reply", "post": post.pk, "body": body})

    draft = Draft.objects.get()
    assert (draft.post, draft.data) == (post, {"body": ["I would not"]})


@pytest.mark.parametrize("wanted", ["0", "x", "9" * 30, ""])
def test_reply_to_no_thread_is_not_found(alice_client: Client, wanted: str) -> None:
    assert alice_client.post(SAVE, {"kind": "reply", "post": wanted, "body": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"kind": "novel", "body": "x"}, "There are no drafts of that kind."),
        ({"kind": "advice", "body": "x" * (MAX_DRAFT_CHARACTERS + 1)}, "too long"),
    ],
)
def test_what_cannot_be_kept_is_said_in_words(
    alice_client: Client, typed: dict[str, str], problem: str
) -> None:
    response = alice_client.post(SAVE, typed)

    assert response.status_code == 422
    assert problem in response.json()["problem"]


def test_draft_of_another_is_not_touched(alice: User, mallory: User) -> None:
    draft = make_draft(alice)
    client = Client()
    client.force_login(mallory)

    client.post(SAVE, {"kind": "advice", "title": "Mine now", "draft": draft.pk})

    draft.refresh_from_db()
    assert draft.data == {"title": ["Begun"]}
    assert client.get(f"/advice/ask/?draft={draft.pk}").status_code == 404
    assert client.get(f"/advice/drafts/{draft.pk}/delete/").status_code == 404
    client.post(f"/advice/drafts/{draft.pk}/delete/")
    assert Draft.objects.filter(pk=draft.pk).exists()


def test_saving_is_for_post_and_people_only(client: Client, alice_client: Client) -> None:
    assert alice_client.get(SAVE).status_code == 405
    assert client.post(SAVE, {"kind": "advice", "title": "x"}).status_code == 302
    assert not Draft.objects.exists()


def test_button_keeps_a_draft_and_leads_to_the_list(alice_client: Client) -> None:
    response = alice_client.post(
        "/advice/decide/", {"title": "We chose", "rejected_2": "X", "save": "1"}, follow=True
    )

    draft = Draft.objects.get()
    assert draft.data == {"title": ["We chose"], "rejected_2": ["X"]}
    assert response.redirect_chain == [("/advice/drafts/", 302)]
    assert f'href="/advice/decide/?draft={draft.pk}"' in response.content.decode()


def test_button_with_nothing_typed_keeps_nothing(alice_client: Client) -> None:
    response = alice_client.post("/advice/ask/", {"title": " ", "save": "1"}, follow=True)

    assert "There are none." in response.content.decode()
    assert "Your draft is kept here." not in response.content.decode()


def test_button_with_too_much_keeps_the_words_in_the_form(alice_client: Client) -> None:
    response = alice_client.post("/advice/ask/", {"body": "y" * (MAX_DRAFT_CHARACTERS + 1), "save": "1"})

    assert response.status_code == 422
    assert "too long to be kept as a draft" in response.content.decode()


def test_form_goes_on_with_a_draft(alice: User, alice_client: Client) -> None:
    draft = make_draft(
        alice,
        kind="decision",
        data={"title": ["We chose"], "rejected_4": ["Odd one"], "since": [], "why_4": ["Big"]},
    )

    html = alice_client.get(f"/advice/decide/?draft={draft.pk}").content.decode()

    for value in ("We chose", "Odd one", "Big", str(draft.pk)):
        assert f'value="{value}"' in html
    assert '<details class="data-table" open>' in html


@pytest.mark.parametrize("wanted", ["999", "x", "9" * 30, "-1"])
def test_draft_that_is_gone_is_not_found_and_publishing_works_all_the_same(
    alice_client: Client, wanted: str
) -> None:
    assert alice_client.get(f"/advice/ask/?draft={wanted}").status_code == 404
    assert alice_client.post("/advice/ask/", {"draft": wanted}).status_code == 422


def test_new_form_tells_of_other_drafts(alice: User, alice_client: Client) -> None:
    make_draft(alice)

    html = alice_client.get("/advice/ask/").content.decode()

    assert "You have a draft that you began before." in html
    assert "Go on with it" in html


def test_list_has_all_that_was_begun(alice: User, alice_client: Client) -> None:
    post = PostFactory(title="A thread that is there")
    removed = PostFactory(title="Secret", removed_at=timezone.now(), removed_by=UserFactory())
    make_draft(alice)
    make_draft(alice, data={"body": ["First words"]})
    make_draft(alice, kind="decision", data={"since": ["2024"]})
    for one in (post, removed):
        make_draft(alice, kind="reply", post=one, data={"body": ["x"]})
    make_draft(UserFactory(), data={"title": ["Somebody else's"]})

    html = alice_client.get("/advice/drafts/").content.decode()

    for heading in (
        "Begun",
        "First words",
        "Untitled",
        "To “A thread that is there”",
        "a thread that was removed",
    ):
        assert heading in html
    assert f'href="{post.get_absolute_url()}#your-answer"' in html
    assert "Secret" not in html
    assert "Somebody else" not in html


def test_list_without_drafts_says_so(alice_client: Client) -> None:
    assert "There are none." in alice_client.get("/advice/drafts/").content.decode()


def test_deleting_asks_first_and_twice_is_success(alice: User, alice_client: Client) -> None:
    draft = make_draft(alice)
    address = f"/advice/drafts/{draft.pk}/delete/"

    assert "Delete this draft?" in alice_client.get(address).content.decode()
    assert Draft.objects.exists()
    assert alice_client.post(address).status_code == 302
    assert not Draft.objects.exists()
    assert alice_client.post(address).status_code == 302


def test_published_draft_is_gone(alice: User, alice_client: Client) -> None:
    draft = make_draft(alice)
    post: Post = PostFactory(author=alice)
    draft.delete()

    assert alice_client.get(f"/advice/ask/?draft={draft.pk}").status_code == 404
    assert post.title not in alice_client.get("/advice/drafts/").content.decode()
