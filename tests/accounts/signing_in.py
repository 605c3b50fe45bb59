"""What the tests of signing in share: people with passwords, the forms, codes out of mails and of apps."""

import re
import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.core.models import OutgoingMail
from tests.factories.accounts import UserFactory

PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXP"


def make_person(username: str, **fields: Any) -> User:
    person: User = UserFactory(username=username, **fields)
    person.set_password(PASSWORD)
    person.save(update_fields=["password"])
    return person


def add_totp(person: User) -> None:
    TOTP.activate(person, SECRET)


def add_recovery_codes(person: User) -> list[str]:
    codes: list[str] = RecoveryCodes.activate(person).generate_codes()
    return codes


def add_passkey(person: User, name: str = "Phone") -> Authenticator:
    """A passkey that is there but can't sign: for the pages that list them."""
    data = {"name": name, "credential": {"clientExtensionResults": {"credProps": {"rk": True}}}}
    return Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data=data)


def totp_code() -> str:
    code: str = format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))
    return code


def sign_in(client: Client, login: str, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post(reverse("account_login"), {"login": login, "password": password}, **extra)


def sign_up(client: Client, *, email: str, username: str, **fields: str) -> Any:
    data = {"email": email, "username": username, "password1": PASSWORD, "homepage": ""} | fields
    return client.post(reverse("account_signup"), data)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def mails_to(address: str) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(to=[address]).order_by("pk"))


def code_for(address: str) -> str:
    """The code in the last mail to this address."""
    found = re.search(r"Your code is\s+(\S+)", mails_to(address)[-1].body)
    assert found
    return found[1]


def enter_code(client: Client, code: str) -> Any:
    return client.post(reverse("account_email_verification_sent"), {"code": code})


def show_again(client: Client) -> None:
    """Pass the question for the password before what is sensitive."""
    answer = client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert answer.status_code == 302


def without_tokens(page: bytes) -> bytes:
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]*"', b"", page)
