import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.adapters import AccountAdapter
from apps.accounts.models import User
from apps.accounts.services.tokens import authenticate, create_token
from apps.core.models import OutgoingMail
from tests.accounts.clients import client_of
from tests.accounts.signing_in import (
    PASSWORD,
    is_signed_in,
    mails_to,
    make_person,
    sign_in,
    sign_up,
    without_tokens,
)
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

NEW = "another horse battery"


@pytest.fixture
def anna(db: None) -> User:
    return make_person("anna")


def ask(client: Client, address: str) -> None:
    answer = client.post(reverse("account_reset_password"), {"email": address})
    assert answer["Location"] == reverse("account_reset_password_done")


def link_for(address: str) -> str:
    found = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", mails_to(address)[-1].body)
    assert found
    return found[1]


def set_new(client: Client, link: str) -> None:
    form = client.get(link)["Location"]
    assert b"Set a new password" in client.get(form).content
    client.post(form, {"password1": NEW, "password2": NEW})


def test_reset_sets_a_new_password_once(client: Client, anna: User) -> None:
    ask(client, "Anna@example.org")
    mail = mails_to("anna@example.org")[0]
    assert mail.subject == "Set a new password"
    assert "for 6 hours" in mail.body
    assert timedelta(hours=5) < mail.expires_at - timezone.now() <= timedelta(hours=6)

    set_new(client, link_for("anna@example.org"))

    assert not is_signed_in(client)
    assert sign_in(Client(), "anna", NEW).status_code == 302
    assert mails_to("anna@example.org")[-1].subject == "Your password was reset"
    assert b"This link no longer works" in Client().get(link_for_first(anna)).content


def link_for_first(anna: User) -> str:
    found = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", mails_to(anna.email)[0].body)
    assert found
    return found[1]


def test_reset_of_an_unknown_address_answers_like_one_of_a_known(anna: User) -> None:
    clients = [Client(), Client()]
    answers = [
        client.post(reverse("account_reset_password"), {"email": address})
        for client, address in zip(clients, ["anna@example.org", "hans@example.org"], strict=True)
    ]

    assert answers[0]["Location"] == answers[1]["Location"]
    pages = [without_tokens(client.get(answers[0]["Location"]).content) for client in clients]
    assert pages[0] == pages[1]
    mail = mails_to("hans@example.org")[0]
    assert mail.subject == "No account at StackShare has your address"
    assert "http://testserver/accounts/signup/" in mail.body


@pytest.mark.parametrize("case", ["never verified", "closed"])
def test_reset_is_not_for_an_account_that_is_nobodys(client: Client, case: str) -> None:
    if case == "closed":
        UserFactory(username="bob", is_active=False)
    else:
        sign_up(Client(), email="bob@example.org", username="bob")

    ask(client, "bob@example.org")

    assert "No account" in mails_to("bob@example.org")[-1].subject


def test_reset_of_a_moderator_who_was_made_in_the_shell_works(client: Client) -> None:
    User.objects.create_superuser("maud", "maud@example.org", PASSWORD)

    ask(client, "maud@example.org")

    assert mails_to("maud@example.org")[0].subject == "Set a new password"


def test_link_that_is_made_up_is_refused_in_words(client: Client) -> None:
    url = reverse("account_reset_password_from_key", kwargs={"uidb36": "1", "key": "c0ffee-0123456789"})

    answer = client.get(url)

    assert answer.status_code == 200
    assert b"This link no longer works" in answer.content


def test_password_is_changed_by_who_knows_the_old_one(anna: User) -> None:
    client = client_of(anna)
    url = reverse("account_change_password")
    assert b"signed out everywhere" in client.get(url).content

    wrong = client.post(url, {"oldpassword": "x", "password1": NEW, "password2": NEW})
    weak = client.post(url, {"oldpassword": PASSWORD, "password1": "short", "password2": "short"})
    right = client.post(url, {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})

    assert b"This is not your password." in wrong.content
    assert b"at least 10 characters" in weak.content
    assert right.status_code == 302
    assert not is_signed_in(client)
    assert mails_to("anna@example.org")[-1].subject == "Your password was changed"
    assert sign_in(Client(), "anna", NEW).status_code == 302


def test_password_is_set_by_who_has_none(alice: User) -> None:
    alice.set_unusable_password()
    alice.save()
    client = client_of(alice)
    assert client.get(reverse("account_change_password"))["Location"] == reverse("account_set_password")
    assert b"Set a password" in client.get(reverse("account_set_password")).content

    client.post(reverse("account_set_password"), {"password1": NEW, "password2": NEW})

    assert sign_in(Client(), "alice", NEW).status_code == 302
    assert mails_to("alice@example.org")[-1].subject == "A password was set"


@pytest.mark.parametrize("name", ["account_change_password", "account_set_password"])
def test_pages_are_for_people_who_are_signed_in(client: Client, name: str) -> None:
    assert client.get(reverse(name))["Location"].startswith(reverse("account_login"))


def test_new_password_ends_tokens_and_pages_say_so_before(anna: User) -> None:
    other = make_person("other")
    (_, mine), (_, of_other) = (
        create_token(person=person, name="Mine", scope="read", days=None) for person in (anna, other)
    )
    url = reverse("account_change_password")
    client = client_of(anna)
    assert b"API tokens" in client.get(url).content

    client.post(url, {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})

    assert authenticate(mine) is None
    assert authenticate(of_other)


def test_reset_ends_tokens(client: Client, anna: User) -> None:
    _, token = create_token(person=anna, name="Mine", scope="read", days=None)
    ask(client, "anna@example.org")

    set_new(client, link_for("anna@example.org"))

    assert authenticate(token) is None


def test_new_password_writes_no_other_column(anna: User) -> None:
    client = client_of(anna)
    stale = User.objects.get(pk=anna.pk)
    User.objects.filter(pk=anna.pk).update(follower_count=7)

    AccountAdapter().set_password(stale, NEW)

    anna.refresh_from_db()
    assert anna.follower_count == 7
    assert anna.check_password(NEW)
    assert client.get("/settings/profile/").status_code == 302


@pytest.mark.parametrize("address", ["anna@example.org", "nobody@example.org", "signup"])
def test_links_in_mails_begin_with_the_sites_address_whatever_host_was_asked(
    client: Client, anna: User, settings: Any, address: str
) -> None:
    settings.SITE_URL = "https://stacks.example.org"
    settings.ALLOWED_HOSTS = ["stacks.example.org", "evil.example"]

    if address == "signup":
        data = {"email": anna.email, "username": "bob", "password1": NEW, "homepage": ""}
        client.post(reverse("account_signup"), data, headers={"host": "evil.example"})
    else:
        client.post(reverse("account_reset_password"), {"email": address}, headers={"host": "evil.example"})

    (mail,) = OutgoingMail.objects.all()
    assert "https://stacks.example.org/accounts/" in mail.body
    assert "evil" not in mail.body


def test_mail_templates_get_no_address_made_of_the_host_header(
    anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    contexts: list[dict[str, Any]] = []
    render = AccountAdapter.render_mail

    def note(self: AccountAdapter, prefix: str, email: str, context: dict[str, Any], **more: Any) -> Any:
        contexts.append(context)
        return render(self, prefix, email, context, **more)

    monkeypatch.setattr(AccountAdapter, "render_mail", note)
    ask(Client(), "anna@example.org")

    assert {name for name in contexts[0] if name.endswith("_url")} == {"site_url"}
