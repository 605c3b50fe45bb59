"""Who may take part, and what others are told."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import PROBATION, check_takes_part, is_established, is_verified, takes_part
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@takes_part
def write(request: HttpRequest, word: str) -> HttpResponse:
    return HttpResponse(f"{request.user} wrote {word}")


def ask(rf: RequestFactory, user: User | AnonymousUser, method: str = "GET", **kwargs: Any) -> HttpResponse:
    request = rf.generic(method, "/write/?a=1", **kwargs)
    request.user = user
    return write(request, "this")


def newcomer(age: timedelta, **fields: Any) -> User:
    return UserFactory(date_joined=timezone.now() - age, **fields)


def test_verified_person_takes_part(rf: RequestFactory) -> None:
    answer = ask(rf, UserFactory(username="ada"))

    assert answer.content == b"ada wrote this"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"verified": False}, "Verify your e-mail address first"),
        ({"is_active": False}, "This account is closed."),
    ],
)
def test_person_who_may_not_is_told_why(rf: RequestFactory, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(PermissionDenied, match=words):
        ask(rf, UserFactory(**fields))


def test_anonymous_reader_may_not() -> None:
    with pytest.raises(PermissionDenied, match="Sign in first"):
        check_takes_part(AnonymousUser())


def test_anonymous_reader_goes_to_the_sign_in_and_back(rf: RequestFactory) -> None:
    answer = ask(rf, AnonymousUser())

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/write/%3Fa%3D1")


@pytest.mark.parametrize(
    ("next_page", "back"), [("/tools/flask/", "/tools/flask/"), ("https://evil.example/", "/"), ("", "/")]
)
def test_anonymous_form_goes_to_the_sign_in_and_back_to_its_page(
    rf: RequestFactory, next_page: str, back: str
) -> None:
    request = rf.post("/write/", {"next": next_page})
    request.user = AnonymousUser()

    answer = write(request, "this")

    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={back}")


def test_htmx_is_told_to_load_the_sign_in_whole(rf: RequestFactory) -> None:
    request = rf.post("/write/", {"next": "/tools/flask/"}, headers={"HX-Request": "true"})
    request.user = AnonymousUser()

    answer = write(request, "this")

    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/accounts/login/?next=/tools/flask/")


def test_any_verified_address_will_do() -> None:
    person = UserFactory(verified=False)
    assert not is_verified(person)

    EmailAddress.objects.create(user=person, email="second@example.org", verified=True)

    assert is_verified(person)


@pytest.mark.parametrize(
    ("age", "fields", "established"),
    [
        (PROBATION, {}, True),
        (PROBATION - timedelta(minutes=1), {}, False),
        (PROBATION, {"verified": False}, False),
        (PROBATION, {"is_active": False}, False),
    ],
)
def test_person_is_established_after_a_day_with_a_verified_address(
    age: timedelta, fields: dict[str, Any], established: bool
) -> None:
    assert is_established(newcomer(age, **fields)) is established
