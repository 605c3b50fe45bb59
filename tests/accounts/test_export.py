import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts import tasks
from apps.accounts.models import ApiToken, DataExport, User
from apps.accounts.services import personal
from apps.accounts.services.exports import (
    MAX_ATTEMPTS,
    PAUSE,
    forget_exports,
    request_export,
    write_due_exports,
)
from apps.core.models import OutgoingMail
from tests.accounts.clients import client_of
from tests.accounts.personal_rows import ROWS, SECRETS
from tests.factories.accounts import UserFactory
from tests.factories.votes import make_voter

pytestmark = pytest.mark.django_db

URL = "/settings/data/"


def content_of(row: DataExport) -> Any:
    row.refresh_from_db()
    return json.loads(gzip.decompress(bytes(row.file)))


def written(person: User) -> DataExport:
    row = DataExport.objects.create(person=person)
    write_due_exports()
    row.refresh_from_db()
    assert row.written_at
    return row


# --- What is in it -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, kept in ROWS.items() if kept.export])
def test_export_has_a_row_of_every_kind(name: str) -> None:
    person, other = make_voter(), make_voter()
    before = personal.gather(person)[ROWS[name].export]
    of_other = personal.gather(other)[ROWS[name].export]

    ROWS[name].make(person)

    person.refresh_from_db()
    after = content_of(written(person))[ROWS[name].export]
    assert len(after) > len(before) or (len(after) == 1 and after != before)
    assert personal.gather(other)[ROWS[name].export] == of_other


def test_export_has_no_secrets() -> None:
    person = make_voter(password="the-hash-of-a-password")
    for kept in ROWS.values():
        kept.make(person)
    digests = list(ApiToken.objects.values_list("digest", flat=True))
    keys = list(person.usersession_set.values_list("session_key", flat=True))

    text = json.dumps(content_of(written(person)))

    assert len(digests) == len(keys) == 1
    assert [secret for secret in (*SECRETS, *digests, *keys) if secret in text] == []


def test_export_has_the_words_as_they_are(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(
        name="Älice \u202e", bio='line\n"two"', links=["https://a.example"]
    )

    row = written(alice)

    (profile,) = content_of(row)["profile"]
    assert profile["name"] == "Älice \u202e"
    assert profile["bio"] == 'line\n"two"'
    assert profile["links"] == ["https://a.example"]
    assert "Älice".encode() in gzip.decompress(bytes(row.file))


def test_export_names_authenticators_as_the_person_does() -> None:
    person = make_voter()
    ROWS["mfa.Authenticator.user"].make(person)

    rows = content_of(written(person))["authenticators"]

    assert {row["name"] for row in rows if row["kind"] == "webauthn"} == {"Telephone"}
    assert {row["kind"] for row in rows} == {"webauthn", "totp", "recovery_codes"}
    assert all(set(row) == {"kind", "name", "created_at", "last_used_at"} for row in rows)


# --- Asking --------------------------------------------------------------------------------------


def test_request_export_keeps_a_row_that_waits(alice: User) -> None:
    row = request_export(person=alice)

    assert (row.person, row.written_at, row.attempts) == (alice, None, 0)


def test_request_export_is_refused_while_one_waits(alice: User) -> None:
    row = request_export(person=alice)
    DataExport.objects.filter(pk=row.pk).update(requested_at=timezone.now() - timedelta(days=3))

    with pytest.raises(ValidationError, match="being gathered already"):
        request_export(person=alice)


def test_request_export_is_refused_within_a_day(alice: User) -> None:
    row = request_export(person=alice)
    write_due_exports()

    with pytest.raises(ValidationError, match="once a day"):
        request_export(person=alice)

    DataExport.objects.filter(pk=row.pk).update(requested_at=timezone.now() - PAUSE)
    assert request_export(person=alice) != row


def test_request_export_tries_one_that_failed_anew(alice: User) -> None:
    row = request_export(person=alice)
    DataExport.objects.filter(pk=row.pk).update(
        attempts=MAX_ATTEMPTS, last_error="broken", requested_at=timezone.now() - PAUSE
    )

    again = request_export(person=alice)

    row.refresh_from_db()
    assert again == row
    assert (row.attempts, row.last_error) == (0, "")
    assert row.requested_at > timezone.now() - timedelta(minutes=1)


def test_failed_export_is_not_asked_for_again_within_a_day(alice: User) -> None:
    row = request_export(person=alice)
    DataExport.objects.filter(pk=row.pk).update(attempts=MAX_ATTEMPTS)

    with pytest.raises(ValidationError, match="once a day"):
        request_export(person=alice)


def test_one_export_of_a_person_waits(alice: User) -> None:
    request_export(person=alice)

    with pytest.raises(IntegrityError, match="dataexport_one_waiting"), transaction.atomic():
        DataExport.objects.create(person=alice)


@pytest.mark.django_db(transaction=True)
def test_request_export_keeps_one_row_for_many_requests(alice: User) -> None:
    def act(_: int) -> bool:
        try:
            request_export(person=alice)
        except ValidationError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(10) as pool:
        asked = list(pool.map(act, range(10)))

    assert sum(asked) == DataExport.objects.count() == 1


# --- Writing -------------------------------------------------------------------------------------


def test_write_due_exports_tells_the_person_where_not_what(alice: User, settings: Any) -> None:
    settings.SITE_URL = "https://stacks.example.org"
    request_export(person=alice)

    assert (write_due_exports(), write_due_exports()) == (1, 0)

    mail = OutgoingMail.objects.get()
    assert mail.to == [alice.email]
    assert "https://stacks.example.org/settings/data/\n" in mail.body
    assert "7 days" in mail.body


def test_write_due_exports_mails_nobody_without_an_address() -> None:
    written(UserFactory(email="", verified=False))

    assert not OutgoingMail.objects.exists()


def test_export_that_fails_holds_up_no_other(
    alice: User, mallory: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def rows(person: User) -> list[dict[str, Any]]:
        if person == alice:
            # Not only in Python: the transaction is broken, too.
            User.objects.create(username="mallory")
        return []

    monkeypatch.setitem(personal._exports, "broken", rows)
    first, second = request_export(person=alice), request_export(person=mallory)

    assert write_due_exports() == 1

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.attempts, first.written_at, bool(second.written_at)) == (1, None, True)
    assert "duplicate key" in first.last_error
    assert "could not be gathered" in caplog.text


def test_write_due_exports_leaves_what_is_more_than_a_batch_to_the_next_run(
    alice: User, mallory: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.accounts.services.exports.BATCH", 1)
    for person in (alice, mallory):
        request_export(person=person)

    assert [write_due_exports() for _ in range(3)] == [1, 1, 0]


def test_export_that_fails_again_and_again_waits_for_a_moderator(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(personal._exports, "broken", lambda person: [{"object": object()}])
    row = request_export(person=alice)

    for _ in range(MAX_ATTEMPTS + 2):
        write_due_exports()

    row.refresh_from_db()
    assert (row.attempts, row.written_at) == (MAX_ATTEMPTS, None)
    page = client_of(alice).get(URL).content
    assert b"which is our fault" in page
    assert b"object" not in page
    assert not OutgoingMail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_write_an_export_once() -> None:
    for _ in range(4):
        request_export(person=UserFactory())

    def work(_: int) -> int:
        count = write_due_exports()
        connection.close()
        return count

    with ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(work, range(3)))

    assert sum(counts) == OutgoingMail.objects.count() == 4
    assert not DataExport.objects.filter(written_at=None).exists()


@pytest.mark.parametrize(("age", "left"), [(timedelta(days=6, hours=23), 1), (timedelta(days=7, hours=1), 0)])
def test_forget_exports_deletes_files_after_seven_days(alice: User, age: timedelta, left: int) -> None:
    row = written(alice)
    DataExport.objects.filter(pk=row.pk).update(written_at=timezone.now() - age)

    assert forget_exports() == 1 - left

    assert DataExport.objects.count() == left


def test_forget_exports_leaves_those_that_wait(alice: User) -> None:
    row = request_export(person=alice)
    DataExport.objects.filter(pk=row.pk).update(requested_at=timezone.now() - timedelta(days=30))

    assert forget_exports() == 0


def test_tasks_do_what_is_due(alice: User, mallory: User) -> None:
    old = written(mallory)
    DataExport.objects.filter(pk=old.pk).update(written_at=timezone.now() - timedelta(days=8))
    row = request_export(person=alice)
    client = client_of(mallory)
    stale = client.session
    stale.set_expiry(-100)
    stale.save()

    tasks.write_due_exports()
    tasks.forget_what_expired()

    assert content_of(row)["profile"][0]["username"] == "alice"
    assert list(DataExport.objects.all()) == [row]
    assert not stale.exists(stale.session_key)


# --- Pages ---------------------------------------------------------------------------------------


def test_data_page_asks_for_an_export(alice: User, count_queries: Any) -> None:
    client = client_of(alice)
    with count_queries(at_most=5):
        assert client.get(URL).status_code == 200

    answer = client.post(URL, follow=True)

    assert DataExport.objects.get().person == alice
    assert b"Your data is being gathered. A mail tells you when it is ready." in answer.content


def test_data_page_says_why_not(alice: User) -> None:
    request_export(person=alice)

    answer = client_of(alice).post(URL, follow=True)

    assert b"being gathered already" in answer.content
    assert DataExport.objects.count() == 1


def test_data_page_links_to_what_is_ready(alice: User, mallory: User) -> None:
    row, other = written(alice), written(mallory)

    page = client_of(alice).get(URL).content.decode()

    assert f'href="{URL}{row.pk}.json.gz"' in page
    assert f"{other.pk}.json.gz" not in page


def test_data_page_does_not_read_the_files(alice: User, count_queries: Any) -> None:
    written(alice)
    client = client_of(alice)

    with count_queries(at_most=5) as queries:
        client.get(URL)

    assert all('"file"' not in query["sql"] for query in queries)


def test_asking_for_an_export_needs_the_password_again(alice: User) -> None:
    client = client_of(alice, is_fresh=False)

    answer = client.post(URL)

    assert answer.status_code == 302
    assert "/reauthenticate/" in answer["Location"]
    assert not DataExport.objects.exists()
    assert client.get(URL).status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_data_page_sends_strangers_to_the_sign_in(client: Client, method: str) -> None:
    answer = getattr(client, method)(URL)

    assert "/login/" in answer["Location"]


def test_export_is_fetched_by_its_owner(alice: User, count_queries: Any) -> None:
    row = written(alice)
    client = client_of(alice)

    # Three of them are allauth's: by which means the person could show that it is they.
    with count_queries(at_most=7):
        answer = client.get(f"{URL}{row.pk}.json.gz")

    assert json.loads(gzip.decompress(answer.content))["profile"][0]["username"] == "alice"
    assert answer["Content-Type"] == "application/gzip"
    assert answer["Content-Disposition"].startswith('attachment; filename="alice-')
    assert "no-store" in answer["Cache-Control"]


def test_fetching_an_export_needs_the_password_again(alice: User) -> None:
    row = written(alice)

    answer = client_of(alice, is_fresh=False).get(f"{URL}{row.pk}.json.gz")

    assert answer.status_code == 302
    assert "/reauthenticate/" in answer["Location"]


def test_export_of_another_is_not_found(alice: User, mallory: User) -> None:
    row = written(alice)

    assert client_of(mallory).get(f"{URL}{row.pk}.json.gz").status_code == 404


def test_export_that_is_not_there_is_not_found(alice: User) -> None:
    row = request_export(person=alice)
    client = client_of(alice)

    assert [client.get(f"{URL}{pk}.json.gz").status_code for pk in (row.pk, 999999)] == [404, 404]


def test_export_sends_strangers_to_the_sign_in(client: Client, alice: User) -> None:
    row = written(alice)

    assert "/login/" in client.get(f"{URL}{row.pk}.json.gz")["Location"]


def test_data_pages_answer_no_other_methods(alice: User) -> None:
    row = written(alice)
    client = client_of(alice)

    assert [client.put(URL).status_code, client.post(f"{URL}{row.pk}.json.gz").status_code] == [405, 405]
