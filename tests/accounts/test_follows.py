from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts.models import PersonFollow, User
from apps.accounts.services import follows
from apps.accounts.services.follows import follow_person, register_listener, unfollow_person
from apps.core.counters import recount
from tests.accounts.clients import client_of
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

URL = "/people/alice/follow/"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[User, User]]:
    """Who was told of, of whom."""
    heard: list[tuple[User, User]] = []

    def listen(follower: User, person: User) -> None:
        assert connection.in_atomic_block
        heard.append((follower, person))

    monkeypatch.setattr(follows, "_listeners", [])
    for _ in range(2):
        register_listener(listen)
    return heard


def test_follow_person_counts_once_and_tells_once(
    alice: User, mallory: User, told: list[tuple[User, User]]
) -> None:
    for _ in range(3):
        person = follow_person(follower=mallory, person=alice)

    alice.refresh_from_db()
    assert person.follower_count == alice.follower_count == 1
    assert PersonFollow.objects.get().follower == mallory
    assert told == [(mallory, alice)]


def test_unfollow_person_counts_once_and_tells_nobody(
    alice: User, mallory: User, told: list[tuple[User, User]]
) -> None:
    follow_person(follower=mallory, person=alice)
    told.clear()

    for _ in range(3):
        person = unfollow_person(follower=mallory, person=alice)

    alice.refresh_from_db()
    assert person.follower_count == alice.follower_count == 0
    assert told == []


def test_follow_person_that_a_listener_fails_is_not_kept(
    alice: User, mallory: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(follower: User, person: User) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(follows, "_listeners", [fail])

    with pytest.raises(RuntimeError):
        follow_person(follower=mallory, person=alice)

    alice.refresh_from_db()
    assert alice.follower_count == 0
    assert not PersonFollow.objects.exists()


def test_nobody_follows_themselves(alice: User) -> None:
    with pytest.raises(PermissionDenied, match="themselves"):
        follow_person(follower=alice, person=alice)
    with pytest.raises(IntegrityError, match="personfollow_another"), transaction.atomic():
        PersonFollow.objects.create(follower=alice, person=alice)


def test_follow_is_there_once_whatever_writes_it(alice: User, mallory: User) -> None:
    PersonFollow.objects.create(follower=mallory, person=alice)

    with pytest.raises(IntegrityError, match="personfollow_unique"), transaction.atomic():
        PersonFollow.objects.create(follower=mallory, person=alice)


@pytest.mark.parametrize("state", [{"is_active": False}, {"closed_at": timezone.now()}, {"verified": False}])
def test_follow_person_whom_nobody_sees_is_refused(mallory: User, state: dict[str, Any]) -> None:
    person = UserFactory(**state)

    with pytest.raises(User.DoesNotExist):
        follow_person(follower=mallory, person=person)

    assert not PersonFollow.objects.exists()


@pytest.mark.parametrize("state", [{"is_active": False}, {"verified": False}])
def test_follow_person_is_for_those_who_take_part(alice: User, state: dict[str, Any]) -> None:
    with pytest.raises(PermissionDenied):
        follow_person(follower=UserFactory(**state), person=alice)

    assert not PersonFollow.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_followers_are_counted_right_with_fifty_at_once(alice: User) -> None:
    people = UserFactory.create_batch(50)

    def act(person: User) -> None:
        # Each follows twice, and every other one no longer.
        for _ in range(2):
            follow_person(follower=person, person=alice)
        if person.pk % 2:
            unfollow_person(follower=person, person=alice)
        connection.close()

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(act, people))

    alice.refresh_from_db()
    assert alice.follower_count == PersonFollow.objects.filter(person=alice).count() == 25
    assert recount() == []


@pytest.mark.django_db(transaction=True)
def test_people_who_follow_one_another_at_once_wait_for_nobody_forever() -> None:
    people = UserFactory.create_batch(6)

    def act(follower: User) -> None:
        for _ in range(5):
            for person in people:
                if person != follower:
                    follow_person(follower=follower, person=person)
                    unfollow_person(follower=follower, person=person)
        connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(act, people))

    assert set(User.objects.values_list("follower_count", flat=True)) == {0}


def test_recount_mends_the_count_of_followers(alice: User, mallory: User) -> None:
    follow_person(follower=mallory, person=alice)
    User.objects.filter(pk=alice.pk).update(follower_count=7)
    User.objects.filter(pk=mallory.pk).update(follower_count=2)

    drifts = recount()

    alice.refresh_from_db()
    mallory.refresh_from_db()
    assert {(drift.counter, drift.said, drift.right) for drift in drifts} == {
        ("accounts.User.follower_count", 7, 1),
        ("accounts.User.follower_count", 2, 0),
    }
    assert (alice.follower_count, mallory.follower_count) == (1, 0)


def test_follow_goes_back_to_the_page(alice: User, mallory: User) -> None:
    answer = client_of(mallory).post(URL, {"value": "1", "next": "/tools/?q=x"})

    alice.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, "/tools/?q=x")
    assert alice.follower_count == 1


def test_follow_goes_back_to_the_profile_from_nowhere(alice: User, mallory: User) -> None:
    answer = client_of(mallory).post(URL, {"value": "1", "next": "https://evil.example/"})

    assert answer["Location"] == alice.get_absolute_url()


@pytest.mark.parametrize(
    ("value", "next_value", "pressed", "words", "count"),
    [("1", "0", "true", "Following", 1), ("0", "1", "false", "Follow", 0)],
)
def test_follow_answers_htmx_with_the_button(
    alice: User, mallory: User, value: str, next_value: str, pressed: str, words: str, count: int
) -> None:
    if value == "0":
        follow_person(follower=mallory, person=alice)

    answer = client_of(mallory).post(URL, {"value": value}, headers={"HX-Request": "true"})

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in text
    assert f'value="{next_value}" aria-pressed="{pressed}"' in text
    assert f"</svg>{words} " in text
    assert f'data-counts="followers">{count}</span>' in text


def test_follow_costs_few_queries(alice: User, mallory: User, count_queries: Any) -> None:
    client = client_of(mallory)

    # Session and person, rights, whom, and the transaction: lock, rights, row, count and what is told.
    with count_queries(at_most=20):
        client.post(URL, {"value": "1"}, headers={"HX-Request": "true"})

    assert PersonFollow.objects.count() == 1


def test_follow_sends_strangers_to_the_sign_in(client: Client, alice: User) -> None:
    answer = client.post(URL, {"value": "1"})

    assert answer.status_code == 302
    assert "/login/" in answer["Location"]
    assert not PersonFollow.objects.exists()


def test_follow_is_forbidden_to_those_who_are_not_verified(alice: User) -> None:
    answer = client_of(UserFactory(verified=False)).post(URL, {"value": "1"})

    assert answer.status_code == 403
    assert b"Verify your e-mail address first" in answer.content


def test_follow_of_oneself_is_forbidden(alice: User) -> None:
    answer = client_of(alice).post(URL, {"value": "1"})

    assert answer.status_code == 403
    assert b"Nobody follows themselves." in answer.content


@pytest.mark.parametrize("state", [{"is_active": False}, {"closed_at": timezone.now()}, {"verified": False}])
@pytest.mark.parametrize("value", ["1", "0"])
def test_follow_of_somebody_whom_nobody_sees_is_not_found(
    mallory: User, state: dict[str, Any], value: str
) -> None:
    UserFactory(username="alice", **state)

    assert client_of(mallory).post(URL, {"value": value}).status_code == 404


@pytest.mark.parametrize("sent", [{}, {"value": ""}, {"value": "2"}, {"value": "-1"}])
def test_follow_with_another_value_is_a_bad_request(alice: User, mallory: User, sent: dict[str, str]) -> None:
    assert client_of(mallory).post(URL, sent).status_code == 400
    assert not PersonFollow.objects.exists()


def test_follow_of_nobody_is_not_found(mallory: User) -> None:
    client = client_of(mallory)

    answers = [client.post(f"/people/{name}/follow/", {"value": "1"}) for name in ("nobody", "%00", "x" * 99)]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_follow_of_somebody_who_leaves_meanwhile_is_not_found(
    alice: User, mallory: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(mallory)

    def leave(**kwargs: object) -> None:
        raise User.DoesNotExist

    monkeypatch.setattr("apps.accounts.views.follows.follow_person", leave)

    assert client.post(URL, {"value": "1"}).status_code == 404


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_follow_answers_post_only(alice: User, mallory: User, method: str) -> None:
    assert getattr(client_of(mallory), method)(URL).status_code == 405


def test_follow_needs_the_token_of_its_form(alice: User, mallory: User) -> None:
    answer = client_of(mallory, enforce_csrf_checks=True).post(URL, {"value": "1"})

    assert answer.status_code == 403
    assert not PersonFollow.objects.exists()


def test_follow_is_refused_after_too_many(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.accounts.views.follows.FOLLOW_LIMIT", "1/hour")
    bob = UserFactory(username="bob")
    client.force_login(alice)

    statuses = [client.post("/people/bob/follow/", {"value": value}).status_code for value in "10"]

    assert statuses == [302, 429]
    assert PersonFollow.objects.filter(follower=alice, person=bob).exists()
