import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import FormerUsername, User
from apps.accounts.services.usernames import change_username
from apps.core.models import OutgoingMail
from tests.accounts.signing_in import (
    code_for,
    enter_code,
    is_signed_in,
    mails_to,
    make_person,
    sign_in,
    sign_up,
    without_tokens,
)
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def test_signup_page_has_fields_with_labels_and_hints(client: Client) -> None:
    page = client.get(reverse("account_signup"))

    assert page.status_code == 200
    content = page.content.decode()
    assert '<label for="id_email">E-mail address</label>' in content
    assert 'autocomplete="new-password"' in content
    assert 'aria-describedby="id_username_helptext"' in content
    assert '<meta name="robots" content="noindex">' in content
    assert "<title>Sign up · StackShare</title>" in content
    assert "style=" not in content


def test_signup_makes_an_account_that_is_open_after_the_code(client: Client) -> None:
    answer = sign_up(client, email="Bob@Example.org", username="Bob")

    assert answer.status_code == 302
    assert answer["Location"] == reverse("account_email_verification_sent")
    assert not is_signed_in(client)
    page = client.get(answer["Location"])
    assert b"bob@example.org" in page.content

    answer = enter_code(client, code_for("bob@example.org"))

    assert answer.status_code == 302
    assert is_signed_in(client)
    bob = User.objects.get()
    assert (bob.username, bob.email) == ("bob", "bob@example.org")
    assert bob.emailaddress_set.get().verified


def test_signup_goes_on_to_where_the_person_came_from(client: Client) -> None:
    sign_up(client, email="bob@example.org", username="bob", next="/about/")

    answer = enter_code(client, code_for("bob@example.org"))

    assert answer["Location"] == "/about/"


def test_code_mail_says_the_product_and_is_not_sent_after_the_code_has_run_out(client: Client) -> None:
    sign_up(client, email="bob@example.org", username="bob")

    mail = OutgoingMail.objects.get()
    assert mail.subject == "Your code for StackShare"
    assert "StackShare\nhttp://testserver/" in mail.body
    assert "&#" not in mail.body
    assert timedelta(minutes=14) < mail.expires_at - timezone.now() <= timedelta(minutes=15)


def test_code_that_is_wrong_three_times_ends_the_attempt(client: Client) -> None:
    sign_up(client, email="bob@example.org", username="bob")
    good = code_for("bob@example.org")

    answers = [enter_code(client, "wrong-code") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 302]
    assert b"This code is not the right one." in answers[0].content
    assert b'aria-invalid="true"' in answers[0].content
    enter_code(client, good)
    assert not is_signed_in(client)


def test_code_that_has_run_out_is_refused(client: Client) -> None:
    sign_up(client, email="bob@example.org", username="bob")
    session = client.session
    session["account_email_verification_code"]["at"] -= 16 * 60
    session.save()

    answer = enter_code(client, code_for("bob@example.org"))

    assert answer["Location"] == reverse("account_login")
    assert not is_signed_in(client)


def test_new_code_replaces_the_old_one(client: Client) -> None:
    sign_up(client, email="bob@example.org", username="bob")
    old = code_for("bob@example.org")
    cache.clear()  # Ten seconds have passed.

    client.post(reverse("account_email_verification_sent"), {"action": "resend"})

    assert len(mails_to("bob@example.org")) == 2
    enter_code(client, old)
    assert not is_signed_in(client)
    enter_code(client, code_for("bob@example.org"))
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("username", "words"),
    [
        ("alice", b"This username is taken."),
        ("Alice", b"This username is taken."),
        ("once-alice", b"This username is taken."),
        ("Once-Alice", b"This username is taken."),
        ("admin", b"This name is kept for the site itself."),
        ("a b", b"Use lower-case letters"),
        ("ab", b"at least 3 characters"),
    ],
)
def test_signup_refuses_a_name_that_is_not_free(
    client: Client, alice: User, username: str, words: bytes
) -> None:
    FormerUsername.objects.create(person=alice, username="once-alice")

    answer = sign_up(client, email="bob@example.org", username=username)

    assert answer.status_code == 200
    assert words in answer.content
    assert User.objects.count() == 1


def test_signup_of_a_robot_makes_no_account(client: Client) -> None:
    answer = sign_up(client, email="bob@example.org", username="bob", homepage="https://spam.example")

    assert answer.status_code == 302
    assert not User.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_signup_with_a_known_address_answers_like_one_with_an_unknown(alice: User) -> None:
    known, unknown = Client(), Client()

    answers = [
        sign_up(known, email="alice@example.org", username="bob"),
        sign_up(unknown, email="aliza@example.org", username="bub"),
    ]

    assert answers[0].status_code == answers[1].status_code == 302
    times = ("Expires", "Last-Modified")
    headers = [{k: v for k, v in answer.headers.items() if k not in times} for answer in answers]
    assert headers[0] == headers[1]
    pages = [without_tokens(client.get(answers[0]["Location"]).content) for client in (known, unknown)]
    assert pages[0].replace(b"alice@", b"aliza@") == pages[1]
    wrong = [without_tokens(enter_code(client, "wrong-code").content) for client in (known, unknown)]
    assert wrong[0].replace(b"alice@", b"aliza@") == wrong[1]
    assert set(known.cookies) == set(unknown.cookies)
    assert mails_to("alice@example.org")[0].subject == "You have an account at StackShare"
    assert not User.objects.filter(username="bob").exists()


def test_signup_with_an_address_that_was_never_verified_takes_it_over(client: Client) -> None:
    sign_up(Client(), email="owner@example.org", username="squatter")
    cache.clear()

    sign_up(client, email="owner@example.org", username="olga")
    enter_code(client, code_for("owner@example.org"))

    assert is_signed_in(client)
    assert User.objects.get().username == "olga"


def test_signup_may_be_begun_anew_with_the_same_name(client: Client) -> None:
    sign_up(Client(), email="bob@example.org", username="bob")
    cache.clear()

    sign_up(client, email="bob@example.org", username="bob")
    enter_code(client, code_for("bob@example.org"))

    assert is_signed_in(client)


@pytest.mark.parametrize("username", ["bub", "bob"])
def test_signup_of_another_with_the_same_address_ends_no_pending_one(client: Client, username: str) -> None:
    sign_up(client, email="bob@example.org", username="bob")
    code = code_for("bob@example.org")
    cache.clear()
    other = Client()
    sign_up(other, email="bob@example.org", username=username)
    others_code = code_for("bob@example.org")

    enter_code(client, code)

    assert is_signed_in(client)
    bob = User.objects.get()
    assert bob.email == "bob@example.org"
    assert bob.emailaddress_set.get().verified
    assert bob.username == "bob" if username == "bub" else bob.username.startswith("bob-")
    # The name can be had at once, as nobody has it any longer.
    change_username(person=bob, username="bob")
    answer = enter_code(other, others_code)
    assert b"This code is not the right one." in answer.content
    assert not is_signed_in(other)


def test_signup_that_is_refused_leaves_a_pending_one_alone(client: Client) -> None:
    sign_up(Client(), email="bob@example.org", username="bob")
    before = User.objects.values().get()
    cache.clear()

    answers = [
        sign_up(client, email="bob@example.org", username="bob", password1="short"),
        sign_up(client, email="bob@example.org", username="a b"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert User.objects.values().get() == before


def test_signup_refuses_the_name_of_a_pending_one_with_another_address(client: Client) -> None:
    sign_up(Client(), email="bob@example.org", username="bob")

    answer = sign_up(client, email="mallory@example.org", username="bob")

    assert b"This username is taken." in answer.content
    assert User.objects.get().email == "bob@example.org"


def test_signup_never_takes_over_a_moderator(client: Client) -> None:
    UserFactory(username="maud", email="maud@example.org", is_staff=True, verified=False)

    sign_up(client, email="maud@example.org", username="mallory")

    assert User.objects.get().username == "maud"


def test_password_of_somebody_unverified_leads_to_a_code_not_in(client: Client) -> None:
    make_person("bob", verified=False)

    answer = sign_in(client, "bob")

    assert answer["Location"] == reverse("account_email_verification_sent")
    assert not is_signed_in(client)
    enter_code(client, code_for("bob@example.org"))
    assert is_signed_in(client)


def test_signup_page_sends_away_who_is_signed_in(client: Client, alice: User) -> None:
    client.force_login(alice)

    assert client.get(reverse("account_signup")).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_signups_at_the_same_time_make_one_account() -> None:
    statuses: list[int] = []
    start = threading.Barrier(4)

    def work(number: int) -> None:
        client = Client(REMOTE_ADDR=f"10.0.0.{number}")
        start.wait(timeout=30)
        try:
            statuses.append(sign_up(client, email="bob@example.org", username="bob").status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[number], daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert len(statuses) == 4
    assert set(statuses) <= {200, 302, 429}
    assert User.objects.filter(email="bob@example.org").count() == 1
