"""Browsers in which somebody is signed in."""

import time

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.test import Client

from apps.accounts.models import User


def client_of(person: User, *, is_fresh: bool = True, **options: object) -> Client:
    """A browser in which `person` is signed in; with `is_fresh` they typed the password a moment ago."""
    client = Client(**options)
    client.force_login(person)
    if is_fresh:
        session = client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [
            {"method": "password", "at": time.time(), "reauthenticated": True}
        ]
        session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(person.pk)
        session.save()
    return client
