"""Drafts survive a closed tab."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from apps.accounts.models import User
from apps.advice.limits import MAX_DRAFT_CHARACTERS, MAX_DRAFTS
from apps.advice.models import Draft
from apps.advice.services.drafts import MAX_FIELDS, MAX_VALUES, delete_draft, save_draft
from tests.factories.accounts import UserFactory
from tests.factories.advice import PostFactory

pytestmark = pytest.mark.django_db

TYPED = {"title": ["Flask or Django?"], "options": ["flask", "django"], "body": [""]}
KEPT = {"title": ["Flask or Django?"], "options": ["flask", "django"]}


def test_save_draft_keeps_what_was_typed(alice: User) -> None:
    draft = save_draft(person=alice, kind="advice", data=TYPED)

    row = Draft.objects.get()
    assert (row, row.person, row.kind, row.post, row.data) == (draft, alice, "advice", None, KEPT)


def test_save_draft_goes_on_with_a_draft(alice: User) -> None:
    draft = save_draft(person=alice, kind="advice", data=TYPED)

    again = save_draft(person=alice, kind="advice", data={"title": ["Flask"]}, draft=draft)

    row = Draft.objects.get()
    assert (row, row.data) == (again, {"title": ["Flask"]})
    assert draft is not None
    assert row.changed_at > draft.changed_at


def test_save_draft_keeps_words_in_a_new_draft_when_theirs_is_gone(alice: User) -> None:
    draft = save_draft(person=alice, kind="advice", data=TYPED)
    Draft.objects.all().delete()

    assert save_draft(person=alice, kind="advice", data=TYPED, draft=draft) == Draft.objects.get()


def test_save_draft_keeps_one_for_each_thread_of_a_reply(alice: User) -> None:
    post, other = PostFactory(), PostFactory()
    first = save_draft(person=alice, kind="reply", post=post, data={"body": ["a"]})
    save_draft(person=alice, kind="reply", post=other, data={"body": ["b"]})
    save_draft(person=alice, kind="advice", data=TYPED)

    again = save_draft(person=alice, kind="reply", post=post, data={"body": ["c"]})

    assert (again, Draft.objects.count()) == (first, 3)
    assert Draft.objects.get(post=post).data == {"body": ["c"]}


@pytest.mark.parametrize(
    "data", [{}, {"title": [""], "body": [" \n"], "options": []}, {"Title!": ["x"]}, {"x" * 41: ["x"]}]
)
def test_save_draft_deletes_it_when_nothing_is_left(alice: User, data: Any) -> None:
    draft = save_draft(person=alice, kind="advice", data=TYPED)

    assert save_draft(person=alice, kind="advice", data=data, draft=draft) is None
    assert save_draft(person=alice, kind="advice", data=data) is None
    assert not Draft.objects.exists()


def test_save_draft_keeps_what_no_database_would(alice: User) -> None:
    draft = save_draft(person=alice, kind="advice", data={"title": ["a\0b\ud800c"]})

    assert draft is not None
    draft.refresh_from_db()
    assert draft.data == {"title": ["abc"]}


@pytest.mark.parametrize(
    "data",
    [
        {"body": ["x" * MAX_DRAFT_CHARACTERS]},
        {"a": ["x" * (MAX_DRAFT_CHARACTERS // 2)], "b": ["x" * (MAX_DRAFT_CHARACTERS // 2)]},
        {f"field-{at}": ["x"] for at in range(MAX_FIELDS + 1)},
    ],
    ids=["body", "together", "fields"],
)
def test_save_draft_refuses_more_than_forms_have(alice: User, data: Any) -> None:
    with pytest.raises(ValidationError, match="at most 40,000 characters"):
        save_draft(person=alice, kind="advice", data=data)

    assert not Draft.objects.exists()


def test_save_draft_keeps_no_more_values_than_a_form_has(alice: User) -> None:
    draft = save_draft(person=alice, kind="advice", data={"options": ["x"] * (MAX_VALUES + 5)})

    assert draft is not None
    assert len(draft.data["options"]) == MAX_VALUES


def test_save_draft_forgets_the_oldest_of_many(alice: User, mallory: User) -> None:
    others = save_draft(person=mallory, kind="advice", data=TYPED)
    oldest = save_draft(person=alice, kind="advice", data=TYPED)
    Draft.objects.bulk_create(Draft(person=alice, kind="advice", data=KEPT) for _ in range(MAX_DRAFTS - 1))

    newest = save_draft(person=alice, kind="decision", data=TYPED)

    mine = set(Draft.objects.filter(person=alice))
    assert (len(mine), oldest in mine, newest in mine) == (MAX_DRAFTS, False, True)
    assert Draft.objects.filter(person=mallory).get() == others


def test_save_draft_refuses_somebody_elses(alice: User, mallory: User) -> None:
    draft = save_draft(person=alice, kind="advice", data=TYPED)

    with pytest.raises(PermissionDenied):
        save_draft(person=mallory, kind="advice", data={"title": ["mine"]}, draft=draft)

    assert Draft.objects.get().data == KEPT


def test_save_draft_refuses_who_may_not_write() -> None:
    with pytest.raises(PermissionDenied, match="Verify"):
        save_draft(person=UserFactory(verified=False), kind="advice", data=TYPED)


def test_delete_draft_throws_away_ones_own_alone(alice: User, mallory: User) -> None:
    draft = save_draft(person=alice, kind="advice", data=TYPED)
    assert draft is not None

    delete_draft(person=mallory, pk=draft.pk)
    assert Draft.objects.exists()

    delete_draft(person=alice, pk=draft.pk)
    delete_draft(person=alice, pk=draft.pk)
    assert not Draft.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_save_draft_of_a_reply_is_one_when_two_tabs_save_at_once(
    alice: User, in_two_threads: Callable[..., list[Any]]
) -> None:
    post = PostFactory()

    drafts = in_two_threads(lambda: save_draft(person=alice, kind="reply", post=post, data={"body": ["x"]}))

    assert drafts[0] == drafts[1] == Draft.objects.get()
