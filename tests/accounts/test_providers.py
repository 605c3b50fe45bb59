from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from stackshare.settings import configured_providers
from tests.accounts.clients import client_of
from tests.accounts.openid import CLIENT_ID, CLIENT_SECRET, Provider
from tests.accounts.signing_in import (
    add_totp,
    code_for,
    enter_code,
    is_signed_in,
    mails_to,
    make_person,
    sign_up,
    totp_code,
)

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/oidc/oidc/login/"
BOB = {"sub": "b-1", "email": "bob@example.org", "email_verified": True, "preferred_username": "bob"}


@pytest.fixture(scope="module")
def running_provider() -> Iterator[Provider]:
    running = Provider()
    yield running
    running.stop()


@pytest.fixture
def provider(running_provider: Provider, settings: Any) -> Provider:
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "oidc",
                    "name": "Example ID",
                    "client_id": CLIENT_ID,
                    "secret": CLIENT_SECRET,
                    "settings": {"server_url": running_provider.url},
                }
            ],
            "OAUTH_PKCE_ENABLED": True,
        }
    }
    running_provider.person = dict(BOB)
    running_provider.refuses = False
    return running_provider


def go(client: Client, query: str = "") -> Any:
    """Go to the provider and back, as a browser does; the answer to coming back."""
    away = client.post(f"{LOGIN}{query}")
    assert away.status_code == 302
    there = urlsplit(away["Location"])
    connection = HTTPConnection(there.netloc, timeout=20)
    connection.request("GET", f"{there.path}?{there.query}")
    back = urlsplit(connection.getresponse().headers["Location"])
    connection.close()
    assert back.path == "/accounts/oidc/oidc/login/callback/"
    return client.get(f"{back.path}?{back.query}")


def finish(client: Client, **fields: str) -> Any:
    data = {"email": "bob@example.org", "username": "bob"} | fields
    return client.post(reverse("socialaccount_signup"), data)


def sign_up_by_provider(client: Client) -> None:
    assert go(client)["Location"] == reverse("socialaccount_signup")
    finish(client)


@pytest.mark.parametrize("name", ["account_login", "account_signup"])
def test_page_offers_a_provider_that_is_configured(client: Client, provider: Provider, name: str) -> None:
    page = client.get(reverse(name)).content.decode()

    assert "Continue with Example ID" in page
    assert f'<form method="post" action="{LOGIN}' in page


@pytest.mark.parametrize("name", ["account_login", "account_signup"])
def test_page_offers_nothing_where_no_provider_is_configured(client: Client, name: str) -> None:
    page = client.get(reverse(name)).content.decode()

    assert "Continue with" not in page
    assert "/accounts/oidc/" not in page
    assert page.count("<hr>") == (1 if name == "account_login" else 0)  # Before the passkey.


def test_provider_that_is_not_configured_is_not_found(client: Client) -> None:
    assert client.post(LOGIN).status_code == 404


def test_signin_by_get_only_asks(client: Client, provider: Provider) -> None:
    page = client.get(LOGIN)

    assert page.status_code == 200
    assert b"Sign in with Example ID?" in page.content


def test_signup_by_provider_asks_for_a_name_and_trusts_its_verified_address(
    client: Client, provider: Provider
) -> None:
    assert go(client)["Location"] == reverse("socialaccount_signup")
    page = client.get(reverse("socialaccount_signup")).content.decode()
    assert "You come from Example ID." in page
    assert 'value="bob@example.org"' in page

    finish(client)

    assert is_signed_in(client)
    bob = User.objects.get()
    assert (bob.username, bob.email, bob.has_usable_password()) == ("bob", "bob@example.org", False)
    assert bob.emailaddress_set.get().verified
    assert SocialAccount.objects.get().uid == "b-1"
    assert not SocialToken.objects.exists()


@pytest.mark.parametrize("way", ["sign up", "connect"])
def test_of_a_providers_profile_only_the_name_is_kept(provider: Provider, way: str) -> None:
    provider.person |= {"name": "Bob Roe", "picture": "https://id.example/bob.png", "birthdate": "1980-01-01"}
    kept = {"username": "bob@example.org"}

    if way == "sign up":
        client = Client()
        go(client)
        assert "birthdate" not in str(dict(client.session))
        finish(client)
    else:
        client = client_of(make_person("alice"))
        go(client, "?process=connect")

    account = SocialAccount.objects.get()
    assert account.extra_data == kept
    SocialAccount.objects.update(extra_data={"birthdate": "1980-01-01"})
    go(Client())
    account.refresh_from_db()
    assert account.extra_data == kept
    assert "bob@example.org" in client.get(reverse("socialaccount_connections")).content.decode()


def test_signup_by_provider_ends_no_pending_one_and_is_not_ended_by_it(provider: Provider) -> None:
    pending, client = Client(), Client()
    sign_up(pending, email="bob@example.org", username="bob")
    code = code_for("bob@example.org")
    cache.clear()

    go(client)
    finish(client)

    assert is_signed_in(client)
    assert User.objects.count() == 2
    answer = enter_code(pending, code)
    assert not is_signed_in(pending)
    assert b"Another account has this address." in answer.content
    assert User.objects.get(username="bob").emailaddress_set.get().verified


def test_signup_by_provider_without_a_verified_address_needs_a_code(
    client: Client, provider: Provider
) -> None:
    provider.person["email_verified"] = False

    sign_up_by_provider(client)

    assert not is_signed_in(client)
    enter_code(client, code_for("bob@example.org"))
    assert is_signed_in(client)


def test_signup_by_provider_with_another_address_needs_a_code(client: Client, provider: Provider) -> None:
    go(client)
    finish(client, email="robert@example.org")

    assert not is_signed_in(client)
    enter_code(client, code_for("robert@example.org"))
    assert is_signed_in(client)


def test_second_signin_by_provider_is_the_same_account(provider: Provider) -> None:
    sign_up_by_provider(Client())
    client = Client()

    answer = go(client, "?next=/about/")

    assert answer["Location"] == "/about/"
    assert is_signed_in(client)
    assert User.objects.count() == 1


@pytest.mark.parametrize("is_verified", [True, False])
def test_provider_account_never_takes_over_an_account_by_its_address(
    client: Client, provider: Provider, is_verified: bool
) -> None:
    make_person("alice")
    provider.person = {"sub": "evil", "email": "Alice@example.org", "email_verified": is_verified}

    go(client)
    answer = finish(client, email="alice@example.org", username="alyce")

    assert answer["Location"] == reverse("account_email_verification_sent")
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()
    assert User.objects.count() == 1
    assert mails_to("alice@example.org")[0].subject == "You have an account at StackShare"
    enter_code(client, "000000")
    assert not is_signed_in(client)


def test_provider_account_with_an_address_that_is_not_its_own_goes_when_the_owner_comes(
    client: Client, provider: Provider
) -> None:
    provider.person = {"sub": "evil", "email": "owner@example.org", "email_verified": False}
    go(Client())
    squatter = Client()
    go(squatter)
    finish(squatter, email="owner@example.org", username="squatter")
    assert SocialAccount.objects.count() == 1
    cache.clear()

    client.post(
        reverse("account_signup"),
        {
            "email": "owner@example.org",
            "username": "olga",
            "password1": "correct horse battery",
            "homepage": "",
        },
    )
    enter_code(client, code_for("owner@example.org"))

    assert is_signed_in(client)
    assert not SocialAccount.objects.exists()
    assert go(Client())["Location"] == reverse("socialaccount_signup")


def test_signin_by_provider_asks_for_the_second_factor(provider: Provider) -> None:
    sign_up_by_provider(Client())
    add_totp(User.objects.get())
    client = Client()

    assert go(client)["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": totp_code()})
    assert is_signed_in(client)


def test_person_who_was_locked_out_stays_out(client: Client, provider: Provider) -> None:
    sign_up_by_provider(Client())
    User.objects.update(is_active=False)

    assert go(client)["Location"] == reverse("account_inactive")
    assert not is_signed_in(client)


def test_account_elsewhere_is_connected_and_disconnected(provider: Provider) -> None:
    alice = make_person("alice")
    client = client_of(alice)
    page = client.get(reverse("socialaccount_connections")).content.decode()
    assert "Connect Example ID" in page
    assert "None is connected." in page

    answer = go(client, "?process=connect")

    assert answer["Location"] == reverse("socialaccount_connections")
    account = SocialAccount.objects.get()
    assert account.user == alice
    assert mails_to("alice@example.org")[-1].subject == "An account was connected"
    assert "Example ID" in client.get(reverse("socialaccount_connections")).content.decode()
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    fresh = Client()
    go(fresh)
    assert fresh.session["_auth_user_id"] == str(alice.pk)

    client.post(reverse("socialaccount_connections"), {"account": account.pk})

    assert not SocialAccount.objects.exists()
    assert mails_to("alice@example.org")[-1].subject == "An account was disconnected"


def test_connecting_asks_who_it_is_first(provider: Provider) -> None:
    client = client_of(make_person("alice"), is_fresh=False)

    answer = go(client, "?process=connect")

    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert not SocialAccount.objects.exists()


def test_account_that_is_somebody_elses_is_not_connected(provider: Provider) -> None:
    sign_up_by_provider(Client())
    mallory = client_of(make_person("mallory"))

    go(mallory, "?process=connect")

    assert SocialAccount.objects.get().user.username == "bob"
    page = mallory.get(reverse("socialaccount_connections")).content
    assert b"connected with somebody else" in page


def test_only_way_in_is_not_disconnected(client: Client, provider: Provider) -> None:
    sign_up_by_provider(client)

    answer = client.post(reverse("socialaccount_connections"), {"account": SocialAccount.objects.get().pk})

    assert answer.status_code == 200
    assert b'class="error"' in answer.content
    assert SocialAccount.objects.exists()


def test_account_of_somebody_else_is_not_disconnected(provider: Provider) -> None:
    sign_up_by_provider(Client())

    client_of(make_person("mallory")).post(
        reverse("socialaccount_connections"), {"account": SocialAccount.objects.get().pk}
    )

    assert SocialAccount.objects.exists()


def test_answer_of_a_provider_that_nobody_asked_is_refused(client: Client, provider: Provider) -> None:
    answer = client.get("/accounts/oidc/oidc/login/callback/?code=x&state=made-up")

    assert answer.status_code == 401
    assert b"That did not work" in answer.content


def test_person_who_cancels_at_the_provider_is_told_so(client: Client, provider: Provider) -> None:
    provider.refuses = True

    answer = go(client)

    assert answer["Location"] == reverse("socialaccount_login_cancelled")
    assert b"You cancelled" in client.get(answer["Location"]).content


def test_signup_form_without_a_provider_leads_to_the_signin(client: Client) -> None:
    assert client.get(reverse("socialaccount_signup")).status_code == 302


# --- The settings -------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for prefix in ("GITHUB", "GITLAB", "GOOGLE", "OIDC"):
        for name in ("CLIENT_ID", "SECRET", "URL", "NAME"):
            monkeypatch.delenv(f"{prefix}_{name}", raising=False)
    return monkeypatch


def test_no_provider_is_configured_by_an_empty_environment(environment: pytest.MonkeyPatch) -> None:
    assert configured_providers() == ({}, [])


@pytest.mark.parametrize(
    ("prefix", "variables", "provider_name", "origin", "app"),
    [
        ("GITHUB", {}, "github", "https://github.com", {}),
        ("GOOGLE", {}, "google", "https://accounts.google.com", {}),
        ("GITLAB", {}, "gitlab", "https://gitlab.com", {"settings": {"gitlab_url": "https://gitlab.com"}}),
        (
            "GITLAB",
            {"URL": "https://git.example.org:8443/"},
            "gitlab",
            "https://git.example.org:8443",
            {"settings": {"gitlab_url": "https://git.example.org:8443"}},
        ),
        (
            "OIDC",
            {"URL": "https://id.example.org/realms/x/", "NAME": "Example ID"},
            "openid_connect",
            "https://id.example.org",
            {
                "provider_id": "oidc",
                "name": "Example ID",
                "settings": {"server_url": "https://id.example.org/realms/x"},
            },
        ),
    ],
)
def test_provider_is_configured_by_the_environment(
    environment: pytest.MonkeyPatch,
    prefix: str,
    variables: dict[str, str],
    provider_name: str,
    origin: str,
    app: dict[str, Any],
) -> None:
    for name, value in ({"CLIENT_ID": "id", "SECRET": "$secret"} | variables).items():
        environment.setenv(f"{prefix}_{name}", value)

    providers, origins = configured_providers()

    assert providers == {
        provider_name: {"APPS": [{"client_id": "id", "secret": "$secret"} | app], "OAUTH_PKCE_ENABLED": True}
    }
    assert origins == [origin]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"GITHUB_CLIENT_ID": "id"}, "Set GITHUB_SECRET"),
        ({"OIDC_CLIENT_ID": "id", "OIDC_SECRET": "x"}, "Set OIDC_URL"),
    ],
)
def test_half_a_provider_stops_the_start(
    environment: pytest.MonkeyPatch, variables: dict[str, str], words: str
) -> None:
    for name, value in variables.items():
        environment.setenv(name, value)

    with pytest.raises(ImproperlyConfigured, match=words):
        configured_providers()
