from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import FormerUsername, User
from apps.accounts.services.usernames import (
    MONTH,
    change_username,
    check_is_free,
    check_may_change,
    former_names,
)
from tests.accounts.clients import client_of
from tests.factories.accounts import UserFactory

URL = "/settings/username/"

pytestmark = pytest.mark.django_db


def let_time_pass(person: User, by: timedelta = MONTH) -> None:
    for row in person.former_usernames.all():
        FormerUsername.objects.filter(pk=row.pk).update(given_up_at=row.given_up_at - by)


def former(person: User) -> list[str]:
    return sorted(person.former_usernames.values_list("username", flat=True))


def test_change_username_keeps_the_old_one(alice: User) -> None:
    change_username(person=alice, username="alice-liddell")

    assert alice.username == User.objects.get(pk=alice.pk).username == "alice-liddell"
    assert former(alice) == ["alice"]


def test_change_username_to_the_same_changes_nothing(alice: User) -> None:
    for _ in range(2):
        change_username(person=alice, username="alice")

    assert former(alice) == []


@pytest.mark.parametrize(
    "username",
    [
        "", "ab", "x" * 31, "Alice", "al ice", "-alice", "alice-", "al--ice", "al_-ice", "älice", "al.ice", "alice\n",
        "nul\0nul", "admin", "settings", "moderator", "①②③", "аlice",
    ],
)  # fmt: skip
def test_change_username_keeps_to_the_rules(alice: User, username: str) -> None:
    with pytest.raises(ValidationError):
        change_username(person=alice, username=username)

    alice.refresh_from_db()
    assert (alice.username, former(alice)) == ("alice", [])


@pytest.mark.parametrize("username", ["abc", "a-b_c-1", "x" * 30, "007", "alice2"])
def test_change_username_takes_what_the_rules_allow(alice: User, username: str) -> None:
    change_username(person=alice, username=username)

    assert alice.username == username


def test_change_username_to_that_of_another_is_refused(alice: User, mallory: User) -> None:
    with pytest.raises(ValidationError, match="taken"):
        change_username(person=mallory, username="alice")

    assert former(mallory) == []


def test_nobody_takes_what_was_somebody_elses(alice: User, mallory: User) -> None:
    change_username(person=alice, username="liddell")

    with pytest.raises(ValidationError, match="taken"):
        change_username(person=mallory, username="alice")

    mallory.refresh_from_db()
    assert mallory.username == "mallory"


def test_ones_own_former_name_can_be_taken_back(alice: User) -> None:
    change_username(person=alice, username="liddell")
    let_time_pass(alice)

    change_username(person=alice, username="alice")

    assert (alice.username, former(alice)) == ("alice", ["liddell"])


def test_change_username_is_refused_within_a_month_of_the_last(alice: User) -> None:
    change_username(person=alice, username="liddell")
    let_time_pass(alice, MONTH - timedelta(minutes=1))

    with pytest.raises(ValidationError, match=r"once in 30 days: again on \d+ \w+ \d{4}"):
        change_username(person=alice, username="third-name")

    let_time_pass(alice, timedelta(minutes=1))
    change_username(person=alice, username="third-name")
    assert former(alice) == ["alice", "liddell"]


def test_taking_a_name_back_counts_as_a_change(alice: User) -> None:
    change_username(person=alice, username="liddell")
    let_time_pass(alice)
    change_username(person=alice, username="alice")

    with pytest.raises(ValidationError, match="once in 30 days"):
        check_may_change(alice)


def test_moderator_may_change_a_username_at_any_time(alice: User) -> None:
    change_username(person=alice, username="liddell")

    change_username(person=alice, username="third-name", by_moderator=True)

    assert former(alice) == ["alice", "liddell"]


@pytest.mark.parametrize("username", ["alice", "ALICE", "liddell"])
def test_check_is_free_knows_names_of_now_and_before(alice: User, username: str) -> None:
    change_username(person=alice, username="liddell")

    with pytest.raises(ValidationError):
        check_is_free(username)
    check_is_free(username, person=alice)


def test_former_names_are_found_in_whatever_case_by_the_index(alice: User) -> None:
    row = FormerUsername.objects.create(person=alice, username="once-alice")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    assert list(former_names("Once-Alice")) == [row]
    assert "formerusername_unique" in former_names("Once-Alice").explain()


@pytest.mark.django_db(transaction=True)
def test_change_username_gives_a_name_to_one_of_many() -> None:
    people = [UserFactory(username=f"racer-{number}") for number in range(12)]

    def race(person: User) -> bool:
        try:
            change_username(person=person, username="winner")
        except ValidationError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(12) as pool:
        won = list(pool.map(race, people))

    assert sum(won) == 1
    assert User.objects.filter(username="winner").count() == 1
    assert FormerUsername.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_change_username_happens_once_for_many_requests_of_one_person(alice: User) -> None:
    def race(number: int) -> bool:
        try:
            change_username(person=User(pk=alice.pk), username=f"racer-{number}")
        except ValidationError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(12) as pool:
        won = list(pool.map(race, range(12)))

    assert sum(won) == 1
    assert former(alice) == ["alice"]


@pytest.mark.django_db(transaction=True)
def test_name_that_is_given_up_goes_to_nobody_meanwhile(alice: User, mallory: User) -> None:
    def give_up(_: int) -> None:
        change_username(person=alice, username="liddell")
        connection.close()

    def take(_: int) -> bool:
        try:
            change_username(person=mallory, username="alice")
        except ValidationError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        pool.submit(give_up, 0)
        taken = list(pool.map(take, range(30)))

    assert not any(taken)
    assert former(alice) == ["alice"]


def test_username_page_changes_the_name(alice: User, count_queries: Any) -> None:
    client = client_of(alice)
    with count_queries(at_most=6):
        assert client.get(URL).status_code == 200

    answer = client.post(URL, {"username": " Liddell "})

    alice.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert alice.username == "liddell"


@pytest.mark.parametrize("username", ["", "mallory", "x", "admin"])
def test_username_page_says_what_is_wrong(alice: User, mallory: User, username: str) -> None:
    answer = client_of(alice).post(URL, {"username": username})

    alice.refresh_from_db()
    assert answer.status_code == 422
    assert answer.context["form"].errors["username"]
    assert b"error" in answer.content
    assert alice.username == "alice"


def test_username_page_says_when_the_next_change_can_be(alice: User) -> None:
    change_username(person=alice, username="liddell")

    answer = client_of(alice).get(URL)

    day = timezone.now() + MONTH
    assert f"again on {day:%-d %B %Y}".encode() in answer.content
    assert b"@alice" in answer.content
    assert b"Change my username" not in answer.content


@pytest.mark.parametrize("method", ["get", "post"])
def test_username_page_sends_strangers_to_the_sign_in(client: Client, method: str) -> None:
    assert getattr(client, method)(URL)["Location"].endswith(f"/login/?next={URL}")


def test_username_page_answers_no_other_methods(alice: User) -> None:
    assert client_of(alice).delete(URL).status_code == 405
