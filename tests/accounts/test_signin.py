from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from tests.accounts.signing_in import PASSWORD, is_signed_in, make_person, sign_in, without_tokens

pytestmark = pytest.mark.django_db

# Every page of allauth that an anonymous reader can open.
ENTRANCE = [
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_inactive",
    "socialaccount_login_cancelled",
]


@pytest.fixture
def anna(db: None) -> User:
    return make_person("anna")


@pytest.mark.parametrize("login", ["anna", "ANNA", " anna ", "anna@example.org", "Anna@Example.org"])
def test_signin_works_by_name_and_address(client: Client, anna: User, login: str) -> None:
    answer = sign_in(client, login)

    assert answer.status_code == 302
    assert answer["Location"] == reverse("pages:home")
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("back", "location"),
    [("/about/", "/about/"), ("https://evil.example/", "/"), ("//evil.example/", "/"), ("javascript:x", "/")],
)
def test_signin_goes_back_to_this_site_only(client: Client, anna: User, back: str, location: str) -> None:
    answer = client.post(reverse("account_login"), {"login": "anna", "password": PASSWORD, "next": back})

    assert answer["Location"] == location


def test_signin_page_keeps_where_the_person_came_from(client: Client) -> None:
    page = client.get(reverse("account_login"), {"next": "/about/"}).content

    assert b'name="next" value="/about/"' in page
    assert b"/accounts/signup/?next=%2Fabout%2F" in page


@pytest.mark.parametrize(("known", "unknown"), [("anna", "hans"), ("anna@example.org", "hans@example.org")])
def test_signin_of_nobody_answers_like_one_with_a_wrong_password(
    anna: User, known: str, unknown: str
) -> None:
    answers = [sign_in(Client(), login, "not her password") for login in (known, unknown)]

    assert [answer.status_code for answer in answers] == [200, 200]
    pages = [without_tokens(answer.content) for answer in answers]
    assert pages[0].replace(known.encode(), unknown.encode()) == pages[1]
    assert b"belong together" in pages[0]


@pytest.mark.parametrize("login", ["anna", "anna@example.org", "hans", "hans@example.org"])
def test_signin_hashes_one_password_whoever_it_is(
    anna: User, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    verify, encode = Argon2PasswordHasher.verify, Argon2PasswordHasher.encode

    def counted_verify(self: Any, password: str, encoded: str) -> bool:
        hashed.append("verify")
        return bool(verify(self, password, encoded))

    def counted_encode(self: Any, password: str, salt: str) -> str:
        hashed.append("encode")
        return str(encode(self, password, salt))

    monkeypatch.setattr(Argon2PasswordHasher, "verify", counted_verify)
    monkeypatch.setattr(Argon2PasswordHasher, "encode", counted_encode)

    sign_in(Client(), login, "not her password")

    assert len(hashed) == 1


def test_signin_of_a_closed_account_says_so_only_to_who_knows_the_password(
    client: Client, anna: User
) -> None:
    User.objects.filter(pk=anna.pk).update(is_active=False)

    right, wrong = sign_in(client, "anna"), sign_in(Client(), "anna", "not her password")

    assert right["Location"] == reverse("account_inactive")
    assert b"This account is closed" in client.get(right["Location"]).content
    assert not is_signed_in(client)
    assert wrong.status_code == 200


def test_signin_ends_the_old_session_key(client: Client, anna: User) -> None:
    client.get(reverse("account_login"))
    session = client.session
    session["x"] = 1
    session.save()
    before = session.session_key

    sign_in(client, "anna")

    assert client.session.session_key != before


@pytest.mark.parametrize("name", ENTRANCE)
def test_entrance_page_is_finished(client: Client, name: str) -> None:
    answer = client.get(reverse(name))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.count("<h1") == 1
    assert "· StackShare</title>" in page
    assert '<meta name="robots" content="noindex">' in page
    assert "style=" not in page
    assert 'class="wrap entrance"' in page


def test_error_of_a_provider_is_told_in_words(client: Client) -> None:
    answer = client.get(reverse("socialaccount_login_error"))

    assert answer.status_code == 401
    assert b"That did not work" in answer.content


def test_signin_page_has_what_the_scripts_of_passkeys_need(client: Client) -> None:
    answer = client.get(reverse("account_login"))

    page = answer.content.decode()
    assert 'id="passkey_login"' in page
    assert 'id="mfa_credential"' in page
    assert 'data-allauth-onload="allauth.webauthn.forms.loginForm" type="application/json"' in page
    assert page.index("mfa/js/webauthn.js") < page.index("</head>")
    assert "Passkeys need JavaScript" in page
    assert "publickey-credentials" not in answer["Permissions-Policy"]


@pytest.mark.parametrize("name", ["account_login", "account_signup"])
def test_entrance_page_is_never_stored(client: Client, name: str) -> None:
    assert "no-store" in client.get(reverse(name))["Cache-Control"]


def test_signout_asks_and_then_ends_the_session(client: Client, alice: User) -> None:
    client.force_login(alice)

    assert b"Sign out?" in client.get(reverse("account_logout")).content
    assert is_signed_in(client)
    answer = client.post(reverse("account_logout"))

    assert answer["Location"] == reverse("pages:home")
    assert not is_signed_in(client)


def test_signout_needs_a_token(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    assert client.post(reverse("account_logout")).status_code == 403
    assert is_signed_in(client)


def test_signin_of_somebody_made_in_the_shell_needs_a_code_first(client: Client) -> None:
    User.objects.create_superuser("maud", "maud@example.org", PASSWORD)

    answer = sign_in(client, "maud")

    assert answer["Location"] == reverse("account_email_verification_sent")
    assert not EmailAddress.objects.get().verified


@pytest.mark.parametrize(
    ("user_agent", "shown"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", b"Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", b"Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/140.0 Mobile Safari/537.36", b"Chrome on Android"),
        ("curl/8.0", b"curl/8.0"),
        ("", b"Unknown browser"),
    ],
)
def test_session_is_shown_by_browser_and_system(
    client: Client, anna: User, user_agent: str, shown: bytes
) -> None:
    sign_in(client, "anna", headers={"user-agent": user_agent})

    assert shown in client.get(reverse("usersessions_list")).content
