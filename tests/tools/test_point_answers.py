"""Answers to "Still true?"."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections, transaction
from django.test import Client

from apps.accounts.models import User
from apps.accounts.permissions import PROBATION
from apps.core.counters import recount
from apps.tools.models import Point, PointAnswer, Tool
from apps.tools.points import FIRST_DAY_ANSWERS
from apps.tools.services.points import answer_point, count_pending_answers
from apps.tools.tasks import count_pending_answers as count_pending_answers_task
from tests.factories.accounts import UserFactory
from tests.factories.tools import PointAnswerFactory, PointFactory, ToolFactory
from tests.factories.votes import make_newcomer, make_voter

HTMX = {"HX-Request": "true"}


@pytest.fixture
def point(db: None) -> Point:
    row: Point = PointFactory(tool=ToolFactory(name="Flask"), text="One file is enough")
    return row


@pytest.fixture
def alice(alice: User) -> User:
    """No newcomer, so that what she answers counts."""
    alice.date_joined -= PROBATION
    alice.save(update_fields=["date_joined"])
    return alice


def counts(point: Point) -> tuple[int, int]:
    point.refresh_from_db()
    return point.true_count, point.outdated_count


def url(point: Point) -> str:
    return f"/tools/points/{point.pk}/answer/"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([True], (1, 0)),
        ([False], (0, 1)),
        ([True, True], (1, 0)),
        ([True, False], (0, 1)),
        ([False, True], (1, 0)),
        ([True, None], (0, 0)),
        ([False, None, None], (0, 0)),
        ([None], (0, 0)),
        ([None, False], (0, 1)),
    ],
)
def test_last_answer_of_a_person_counts(
    alice: User, point: Point, answers: list[bool | None], expected: tuple[int, int]
) -> None:
    for is_true in answers:
        now = answer_point(person=alice, point=point, is_true=is_true)

    assert (now.true_count, now.outdated_count) == counts(point) == expected
    assert list(PointAnswer.objects.values_list("is_true", flat=True)) == [
        answer for answer in answers[-1:] if answer is not None
    ]


def test_answers_of_people_add_up(point: Point) -> None:
    for is_true in (True, False, False):
        answer_point(person=make_voter(), point=point, is_true=is_true)

    assert counts(point) == (1, 2)


def test_author_is_not_asked(alice: User) -> None:
    point = PointFactory(author=alice)

    with pytest.raises(PermissionDenied, match="You wrote this yourself"):
        answer_point(person=alice, point=point, is_true=True)

    assert counts(point) == (0, 0)


def test_answer_needs_a_verified_address(point: Point) -> None:
    with pytest.raises(PermissionDenied):
        answer_point(person=UserFactory(verified=False), point=point, is_true=True)

    assert counts(point) == (0, 0)


def test_drifted_counts_are_mended(point: Point) -> None:
    PointAnswerFactory(point=point, is_true=True)
    PointAnswerFactory.create_batch(2, point=point, is_true=False)
    Point.objects.update(true_count=5)

    drifts = recount()

    assert {(drift.counter, drift.said, drift.right) for drift in drifts} == {
        ("tools.Point.true_count", 5, 1),
        ("tools.Point.outdated_count", 0, 2),
    }
    assert counts(point) == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_counters_hold_when_people_answer_at_once() -> None:
    point, people = PointFactory(), [make_voter() for _ in range(8)]

    def click(at: int) -> None:
        try:
            answer_point(person=people[at % 8], point=point, is_true=(True, False, None)[at % 3])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(click, range(48)))

    answers = list(PointAnswer.objects.values_list("is_true", flat=True))
    assert counts(point) == (answers.count(True), answers.count(False))


@pytest.mark.parametrize(("value", "expected"), [("yes", (1, 0)), ("no", (0, 1)), ("none", (0, 0))])
def test_click_answers_and_leads_back(
    alice_client: Client, point: Point, value: str, expected: tuple[int, int]
) -> None:
    response = alice_client.post(url(point), {"value": value, "next": "/tools/flask/?x=1"})

    assert (response.status_code, response["Location"]) == (302, "/tools/flask/?x=1")
    assert counts(point) == expected


def test_click_leads_to_the_point_without_a_way_back(alice_client: Client, point: Point) -> None:
    response = alice_client.post(url(point), {"value": "yes", "next": "https://example.net/"})

    assert response["Location"] == f"/tools/flask/pros-and-cons/#point-{point.pk}"


def test_htmx_gets_the_line_as_it_is_now(alice_client: Client, point: Point) -> None:
    yes = alice_client.post(url(point), {"value": "yes"}, headers=HTMX).text
    no = alice_client.post(url(point), {"value": "no"}, headers=HTMX).text

    assert yes.count('aria-pressed="true"') == no.count('aria-pressed="true"') == 1
    assert 'Yes <span class="num">1</span>' in yes
    assert 'value="none" aria-pressed="true"' in yes
    assert 'Yes <span class="num">0</span>' in no
    assert 'No <span class="num">1</span>' in no
    assert "<html" not in yes


def test_htmx_gets_the_mark_that_an_answer_makes(alice_client: Client, point: Point) -> None:
    for _ in range(2):
        answer_point(person=make_voter(), point=point, is_true=False)

    text = alice_client.post(url(point), {"value": "no"}, headers=HTMX).text

    assert "3 of 3 say it is no longer true" in text


@pytest.mark.parametrize("value", ["", "maybe", None])
def test_other_value_is_refused(alice_client: Client, point: Point, value: str | None) -> None:
    response = alice_client.post(url(point), {} if value is None else {"value": value})

    assert response.status_code == 400
    assert not PointAnswer.objects.exists()


def test_author_who_asks_all_the_same_is_told(alice_client: Client, alice: User) -> None:
    response = alice_client.post(url(PointFactory(author=alice)), {"value": "yes"})

    assert response.status_code == 403
    assert "You wrote this yourself." in response.text


def test_anonymous_reader_is_led_to_the_sign_in(client: Client, point: Point) -> None:
    response = client.post(url(point), {"value": "yes"})

    assert response["Location"].startswith("/accounts/login/")
    assert counts(point) == (0, 0)


@pytest.mark.parametrize("pk", [0, 999_999, 2**63, 10**40])
def test_point_that_is_none_is_not_found(alice_client: Client, pk: int) -> None:
    assert alice_client.post(f"/tools/points/{pk}/answer/", {"value": "yes"}).status_code == 404


def test_point_of_an_unlisted_tool_is_not_found(alice_client: Client, point: Point) -> None:
    Tool.objects.update(is_listed=False)

    assert alice_client.post(url(point), {"value": "yes"}).status_code == 404
    assert counts(point) == (0, 0)


def test_view_takes_no_other_method(alice_client: Client, point: Point) -> None:
    assert alice_client.get(url(point)).status_code == alice_client.put(url(point)).status_code == 405


def test_click_keeps_to_its_queries(
    alice_client: Client, point: Point, count_queries: Callable[..., Any]
) -> None:
    with count_queries(at_most=18):
        assert alice_client.post(url(point), {"value": "yes"}, headers=HTMX).status_code == 200


# Newcomers


def grow_up(person: User) -> None:
    person.date_joined -= PROBATION
    person.save(update_fields=["date_joined"])


def test_answers_of_newcomers_wait(point: Point) -> None:
    for _ in range(3):
        now = answer_point(person=make_newcomer(), point=point, is_true=False)

    assert (now.true_count, now.outdated_count) == counts(point) == (0, 0)
    assert list(PointAnswer.objects.values_list("is_true", "is_counted")) == [(False, False)] * 3
    assert recount() == []


def test_waiting_answer_counts_once_the_account_is_a_day_old(point: Point) -> None:
    grown, still_new = make_newcomer(), make_newcomer()
    for person in (grown, still_new):
        answer_point(person=person, point=point, is_true=False)
    grow_up(grown)

    assert [count_pending_answers(), count_pending_answers()] == [1, 0]

    assert counts(point) == (0, 1)
    assert PointAnswer.objects.get(is_counted=False).person == still_new
    assert recount() == []


def test_task_counts_waiting_answers(point: Point) -> None:
    answer_point(person=(person := make_newcomer()), point=point, is_true=True)
    grow_up(person)

    count_pending_answers_task()

    assert counts(point) == (1, 0)


@pytest.mark.parametrize("fields", [{"is_active": False}, {"verified": False}])
def test_answer_of_who_is_not_established_goes_on_waiting(point: Point, fields: dict[str, bool]) -> None:
    PointAnswerFactory(point=point, person=make_voter(**fields), is_counted=False)

    assert count_pending_answers() == 0
    assert counts(point) == (0, 0)


@pytest.mark.parametrize(("again", "expected"), [(True, (1, 0)), (False, (0, 1)), (None, (0, 0))])
def test_answer_given_again_by_an_older_account_counts_at_once(
    point: Point, again: bool | None, expected: tuple[int, int]
) -> None:
    person = make_newcomer()
    answer_point(person=person, point=point, is_true=True)
    grow_up(person)

    answer_point(person=person, point=point, is_true=again)

    assert counts(point) == expected


def test_newcomer_answers_so_many_times_and_changes_those(point: Point) -> None:
    person = make_newcomer()
    answer_point(person=person, point=point, is_true=True)
    PointAnswerFactory.create_batch(FIRST_DAY_ANSWERS - 1, person=person, is_counted=False)

    with pytest.raises(PermissionDenied, match="On its first day an account can answer 50 times"):
        answer_point(person=person, point=PointFactory(), is_true=True)
    answer_point(person=person, point=point, is_true=False)
    grow_up(person)
    answer_point(person=person, point=PointFactory(), is_true=True)

    assert PointAnswer.objects.filter(person=person).count() == FIRST_DAY_ANSWERS + 1


@pytest.mark.django_db(transaction=True)
def test_limit_of_newcomers_holds_when_they_answer_at_once() -> None:
    person = make_newcomer()
    PointAnswerFactory.create_batch(FIRST_DAY_ANSWERS - 2, person=person, is_counted=False)

    def click(point: Point) -> bool:
        try:
            answer_point(person=person, point=point, is_true=True)
        except PermissionDenied:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(click, PointFactory.create_batch(6)))

    assert (sum(taken), PointAnswer.objects.count()) == (2, FIRST_DAY_ANSWERS)


@pytest.mark.django_db(transaction=True)
def test_point_that_is_locked_is_counted_by_the_next_run() -> None:
    person, point = make_newcomer(), PointFactory()
    answer_point(person=person, point=point, is_true=True)
    grow_up(person)

    def count() -> int:
        try:
            return count_pending_answers()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Point.objects.select_for_update(no_key=True).get(pk=point.pk)
            assert pool.submit(count).result(timeout=30) == 0
        assert pool.submit(count).result(timeout=30) == 1


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_newcomer_is_told_that_the_answer_waits(
    client: Client, point: Point, headers: dict[str, str]
) -> None:
    client.force_login(make_newcomer())

    answered = client.post(url(point), {"value": "no"}, headers=headers)
    text = answered.text or client.get(answered["Location"]).text

    assert "Your answer counts once your account is a day old." in text
    assert 'No <span class="num">0</span>' in text


def test_others_are_told_nothing_of_waiting(alice_client: Client, point: Point) -> None:
    page = alice_client.get(alice_client.post(url(point), {"value": "no"})["Location"]).text

    assert "a day old" not in page
