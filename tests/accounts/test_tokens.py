import hashlib
import re
import string
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import ApiToken, User
from apps.accounts.services.tokens import (
    ALPHABET,
    LAST_USED_STEP,
    MAX_ACTIVE,
    active_tokens,
    authenticate,
    checksum,
    create_token,
    digest,
    is_well_formed,
    new_token,
    revoke_token,
)
from tests.accounts.clients import client_of
from tests.factories.accounts import UserFactory

URL = "/settings/tokens/"
NEW = {"name": "Build server", "scope": "read", "lifetime": "90"}

base62 = st.text(st.sampled_from(string.ascii_letters + string.digits), min_size=30, max_size=30)


def make(person: User, **fields: Any) -> tuple[ApiToken, str]:
    return create_token(person=person, **({"name": "Mine", "scope": "read", "days": 30} | fields))


# --- Form and checksum ---------------------------------------------------------------------------


def test_new_token_has_the_form_of_ours_and_is_never_the_same() -> None:
    tokens = {new_token() for _ in range(500)}

    assert len(tokens) == 500
    assert all(re.fullmatch(r"sst_[0-9A-Za-z]{36}", token) for token in tokens)
    assert all(is_well_formed(token) for token in tokens)
    # Every digit and letter comes up in 15,000 draws.
    assert set("".join(token[4:34] for token in tokens)) == set(ALPHABET)


@given(base62)
def test_checksum_is_the_crc_in_six_digits_of_base62(chance: str) -> None:
    value = 0
    for character in checksum(chance):
        value = value * 62 + ALPHABET.index(character)

    assert len(checksum(chance)) == 6
    assert value == zlib.crc32(chance.encode())
    assert is_well_formed(f"sst_{chance}{checksum(chance)}")


def test_checksum_is_filled_up_with_zeros() -> None:
    # The first of the numbers whose CRC is below 62 ** 4.
    chance = next(text for number in range(10**6) if zlib.crc32((text := f"{number:030}").encode()) < 62**4)

    assert checksum(chance).startswith("00")
    assert is_well_formed(f"sst_{chance}{checksum(chance)}")


@given(base62, st.integers(0, 35), st.sampled_from(ALPHABET))
def test_token_with_one_other_character_is_not_well_formed(chance: str, place: int, other: str) -> None:
    body = f"{chance}{checksum(chance)}"
    changed = body[:place] + other + body[place + 1 :]

    # A CRC finds every error of so few bits.
    assert is_well_formed(f"sst_{changed}") == (changed == body)


@given(st.text())
def test_text_is_not_well_formed(text: str) -> None:
    assert not is_well_formed(text)
    assert not is_well_formed(f"sst_{text}")


@given(base62, st.sampled_from(["\n", " ", "\0", "0", "é", "٣"]))
def test_token_with_more_around_it_is_not_well_formed(chance: str, more: str) -> None:
    token = f"sst_{chance}{checksum(chance)}"

    assert not is_well_formed(token + more)
    assert not is_well_formed(more + token)
    assert not is_well_formed(token.replace("sst_", "SST_"))


# --- Services ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_create_token_keeps_the_digest_only(alice: User) -> None:
    key, token = make(alice)

    values = ApiToken.objects.filter(pk=key.pk).values().get()
    assert values["digest"] == hashlib.sha256(token.encode()).hexdigest() == digest(token)
    assert values["last_characters"] == token[-4:]
    assert all(token[:-4] not in str(value) for value in values.values())


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "expected"), [(30, timedelta(days=30)), (None, None)])
def test_create_token_sets_when_it_expires(alice: User, days: int | None, expected: timedelta | None) -> None:
    key, _ = make(alice, days=days)

    if expected is None:
        assert key.expires_at is None
    else:
        assert abs(key.expires_at - timezone.now() - expected) < timedelta(seconds=10)
    assert key.is_active


@pytest.mark.django_db
def test_authenticate_finds_the_person(alice: User, count_queries: Any) -> None:
    key, token = make(alice, scope="write")

    with count_queries(at_most=2):
        found = authenticate(token)
    with count_queries(at_most=1):
        authenticate(token)

    assert found is not None
    assert (found, found.person, found.scope) == (key, alice, "write")


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "sst_", "sst_" + "0" * 36, "ghp_" + "0" * 36, "\0", "sst_" + "é" * 36])
def test_authenticate_asks_the_database_nothing_of_what_is_no_token(
    alice: User, token: str, count_queries: Any
) -> None:
    make(alice)

    with count_queries(at_most=0):
        assert authenticate(token) is None


@pytest.mark.django_db
def test_authenticate_knows_no_token_that_was_never_made(alice: User) -> None:
    make(alice)

    assert authenticate(new_token()) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "state",
    [
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        {"revoked_at": timezone.now()},
    ],
    ids=["expired", "revoked"],
)
def test_authenticate_refuses_a_token_that_is_over(alice: User, state: dict[str, Any]) -> None:
    key, token = make(alice)
    ApiToken.objects.filter(pk=key.pk).update(**state)

    assert authenticate(token) is None
    assert list(active_tokens(alice)) == []
    key.refresh_from_db()
    assert not key.is_active


@pytest.mark.django_db
@pytest.mark.parametrize("state", [{"is_active": False}, {"closed_at": timezone.now()}])
def test_authenticate_refuses_tokens_of_those_who_left(alice: User, state: dict[str, Any]) -> None:
    _, token = make(alice)
    User.objects.filter(pk=alice.pk).update(**state)

    assert authenticate(token) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ago", "is_written"),
    [(None, True), (timedelta(minutes=6), True), (timedelta(minutes=4), False)],
)
def test_authenticate_notes_the_use_once_in_five_minutes(
    alice: User, ago: timedelta | None, is_written: bool
) -> None:
    key, token = make(alice)
    before = timezone.now() - ago if ago else None
    ApiToken.objects.filter(pk=key.pk).update(last_used_at=before)

    authenticate(token)

    key.refresh_from_db()
    assert (key.last_used_at != before) == is_written
    assert key.last_used_at > timezone.now() - LAST_USED_STEP


@pytest.mark.django_db
def test_revoke_token_ends_it_once_and_for_all(alice: User) -> None:
    key, token = make(alice)
    revoke_token(token=key)
    key.refresh_from_db()
    first = key.revoked_at

    revoke_token(token=key)

    key.refresh_from_db()
    assert key.revoked_at == first
    assert authenticate(token) is None


@pytest.mark.django_db(transaction=True)
def test_tokens_are_twenty_at_most_with_many_requests_at_once(alice: User) -> None:
    for _ in range(MAX_ACTIVE - 2):
        make(alice)
    key, _ = make(alice)
    revoke_token(token=key)

    def act(_: int) -> bool:
        try:
            make(alice)
        except ValidationError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(act, range(10)))

    assert sum(made) == 2
    assert active_tokens(alice).count() == MAX_ACTIVE


# --- Pages ---------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_tokens_page_lists_those_that_work(alice: User, mallory: User, count_queries: Any) -> None:
    for number in range(5):
        make(alice, name=f"Server {number}", days=None)
    revoke_token(token=make(alice, name="Gone")[0])
    make(mallory, name="Of another")
    client = client_of(alice)

    with count_queries(at_most=6):
        answer = client.get(URL)

    assert answer.status_code == 200
    assert all(f"Server {number}".encode() in answer.content for number in range(5))
    assert b"Gone" not in answer.content
    assert b"Of another" not in answer.content


@pytest.mark.django_db
def test_token_is_shown_once(alice: User) -> None:
    client = client_of(alice)

    answer = client.post(URL, NEW)
    again = client.get(URL)

    key = ApiToken.objects.get()
    (token,) = re.findall(rb"sst_[0-9A-Za-z]{36}", answer.content)
    assert answer.status_code == 200
    assert authenticate(token.decode()) == key
    assert (key.person, key.name, key.scope) == (alice, "Build server", "read")
    assert "no-store" in answer["Cache-Control"]
    assert b"sst_" not in again.content
    assert b"Build server" in again.content


@pytest.mark.django_db
@pytest.mark.parametrize(("lifetime", "days"), [("30", 30), ("90", 90), ("365", 365), ("0", None)])
def test_tokens_page_sets_when_the_token_expires(alice: User, lifetime: str, days: int | None) -> None:
    client_of(alice).post(URL, NEW | {"lifetime": lifetime, "scope": "write"})

    key = ApiToken.objects.get()
    assert key.scope == "write"
    assert (key.expires_at and (key.expires_at - key.created_at).days) in ({days, days and days - 1})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 61),
        ("scope", "admin"),
        ("scope", ""),
        ("lifetime", "7"),
        ("lifetime", ""),
    ],
)
def test_tokens_page_says_what_is_wrong(alice: User, field: str, value: str) -> None:
    answer = client_of(alice).post(URL, NEW | {field: value})

    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert not ApiToken.objects.exists()


@pytest.mark.django_db
def test_tokens_page_refuses_the_twenty_first(alice: User) -> None:
    for _ in range(MAX_ACTIVE):
        make(alice)

    answer = client_of(alice).post(URL, NEW)

    assert answer.status_code == 422
    assert b"Revoke one that you no longer use first." in answer.content


@pytest.mark.django_db
def test_token_needs_the_password_again_and_is_made_then(alice: User) -> None:
    alice.set_password("correct horse battery")
    alice.save()
    client = client_of(alice, is_fresh=False)
    assert client.get(URL).status_code == 200

    asked = client.post(URL, NEW)
    assert asked.status_code == 302
    assert "/reauthenticate/" in asked["Location"]
    assert not ApiToken.objects.exists()
    answer = client.post(asked["Location"], {"password": "correct horse battery", "next": URL})

    assert ApiToken.objects.get().name == "Build server"
    assert re.search(rb"sst_[0-9A-Za-z]{36}", answer.content)
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_tokens_page_sends_strangers_to_the_sign_in(client: Client, method: str) -> None:
    assert "/login/" in getattr(client, method)(URL)["Location"]
    assert not ApiToken.objects.exists()


@pytest.mark.django_db
def test_tokens_page_is_for_verified_people() -> None:
    assert client_of(UserFactory(verified=False)).post(URL, NEW).status_code == 403


@pytest.mark.django_db
def test_revoke_asks_first(alice: User, count_queries: Any) -> None:
    key, _ = make(alice)
    client = client_of(alice)
    url = f"{URL}{key.pk}/revoke/"

    with count_queries(at_most=5):
        asked = client.get(url)
    key.refresh_from_db()
    assert (asked.status_code, key.revoked_at) == (200, None)
    answer = client.post(url)

    key.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert key.revoked_at is not None


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_token_of_another_is_not_found(alice: User, mallory: User, method: str) -> None:
    key, _ = make(alice)

    answer = getattr(client_of(mallory), method)(f"{URL}{key.pk}/revoke/")

    key.refresh_from_db()
    assert (answer.status_code, key.revoked_at) == (404, None)


@pytest.mark.django_db
def test_token_that_is_missing_is_not_found(alice: User) -> None:
    assert client_of(alice).post(f"{URL}999999/revoke/").status_code == 404


@pytest.mark.django_db
def test_revoke_sends_strangers_to_the_sign_in(client: Client, alice: User) -> None:
    key, _ = make(alice)

    answer = client.post(f"{URL}{key.pk}/revoke/")

    key.refresh_from_db()
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]
    assert key.revoked_at is None


@pytest.mark.django_db
def test_tokens_answer_no_other_methods(alice: User) -> None:
    key, _ = make(alice)
    client = client_of(alice)

    assert [client.delete(url).status_code for url in (URL, f"{URL}{key.pk}/revoke/")] == [405, 405]
