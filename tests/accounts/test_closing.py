from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts import tasks
from apps.accounts.models import ApiToken, DataExport, User
from apps.accounts.services import personal
from apps.accounts.services.closing import GRACE, close_account, finish_closing
from apps.accounts.services.follows import follow_person
from apps.accounts.services.tokens import authenticate, create_token
from apps.core.counters import recount
from apps.core.models import OutgoingMail
from apps.pages.models import ContactMessage
from apps.tools.models import Point
from apps.tools.services.follows import follow_tool
from apps.votes.services.casting import cast_vote
from tests.accounts.clients import client_of
from tests.accounts.personal_rows import ROWS, references
from tests.factories.accounts import UserFactory
from tests.factories.tools import PointFactory, ToolFactory
from tests.factories.votes import make_voter

pytestmark = pytest.mark.django_db

URL = "/settings/data/close/"


def close(person: User) -> None:
    close_account(person=person)
    User.objects.filter(pk=person.pk).update(closed_at=timezone.now() - GRACE - timedelta(seconds=1))


# --- At once -------------------------------------------------------------------------------------


def test_close_account_ends_everything_at_once(alice: User) -> None:
    first, second = client_of(alice), client_of(alice)
    for client in (first, second):
        # By the real way in, allauth notes the session.
        ROWS["usersessions.UserSession.user"].make(alice)
        assert client.get("/settings/profile/").status_code == 200
    _, token = create_token(person=alice, name="Mine", scope="read", days=None)
    DataExport.objects.create(person=alice)

    close_account(person=alice)

    alice.refresh_from_db()
    assert not alice.is_active
    assert abs(alice.closed_at - timezone.now()) < timedelta(minutes=1)
    assert authenticate(token) is None
    assert ApiToken.objects.get().revoked_at
    assert not alice.usersession_set.exists()
    assert not DataExport.objects.exists()
    assert not User.objects.shown().filter(pk=alice.pk).exists()
    assert [client.get("/settings/profile/").status_code for client in (first, second)] == [302, 302]


def test_close_account_twice_keeps_the_first_time(alice: User) -> None:
    close_account(person=alice)
    alice.refresh_from_db()
    before = alice.closed_at

    close_account(person=alice)

    alice.refresh_from_db()
    assert alice.closed_at == before


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_close_account_is_refused_to_moderators(alice: User, right: str) -> None:
    User.objects.filter(pk=alice.pk).update(**{right: True})

    with pytest.raises(PermissionDenied, match="take your rights first"):
        close_account(person=alice)

    alice.refresh_from_db()
    assert (alice.is_active, alice.closed_at) == (True, None)


# --- By a worker ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ROWS)
def test_closing_takes_a_row_of_every_kind_away_or_the_name_off_it(name: str) -> None:
    person, other = make_voter(), make_voter()
    for each in (person, other):
        ROWS[name].make(each)
    ((model, field),) = [(model, field) for key, model, field in references() if key == name]
    mine = list(model._default_manager.filter(**{field: person}).values_list("pk", flat=True))
    of_other = model._default_manager.filter(**{field: other})
    before = of_other.count()
    assert mine
    assert before

    close(person)
    finish_closing()

    left = model._default_manager.filter(pk__in=mine)
    assert not User.objects.filter(pk=person.pk).exists()
    assert [getattr(row, field) for row in left] == ([None] * len(mine) if ROWS[name].stays else [])
    assert of_other.count() == before


def test_closing_leaves_nothing_that_refers_to_the_person() -> None:
    person = make_voter(username="leaver", name="Leaving Person")
    for kept in ROWS.values():
        kept.make(person)

    close(person)
    assert finish_closing() == 1

    for name, model, field in references():
        assert not model._default_manager.filter(**{field: person.pk}).exists(), name
    assert recount() == []


def test_closing_keeps_what_was_said_without_a_name() -> None:
    person = make_voter()
    point = PointFactory(author=person, text="It starts within a second")

    close(person)
    finish_closing()

    point.refresh_from_db()
    assert (point.text, point.author) == ("It starts within a second", None)
    assert Point.objects.count() == 1


def test_closing_leaves_the_counts_of_others_right(alice: User) -> None:
    person = make_voter()
    tool = ToolFactory()
    point = PointFactory(author=make_voter())
    follow_person(follower=person, person=alice)
    follow_person(follower=alice, person=person)
    follow_tool(person=person, tool=tool)
    cast_vote(voter=person, target=tool, value=1)
    cast_vote(voter=person, target=point, value=1)

    close(person)
    finish_closing()

    for row in (alice, tool, point):
        row.refresh_from_db()
    assert (alice.follower_count, tool.follower_count, tool.vote_count, point.up_count) == (0, 0, 0, 0)
    assert recount() == []


def test_closing_says_so_by_a_last_mail(alice: User) -> None:
    close(alice)

    assert (finish_closing(), finish_closing()) == (1, 0)

    mail = OutgoingMail.objects.get()
    assert mail.to == ["alice@example.org"]
    assert "the last mail" in mail.body


def test_closing_mails_nobody_without_an_address() -> None:
    person = UserFactory(email="", verified=False)
    close(person)

    assert finish_closing() == 1
    assert not OutgoingMail.objects.exists()


def test_closing_waits_until_requests_of_the_person_have_ended(alice: User) -> None:
    close_account(person=alice)

    assert finish_closing() == 0
    assert User.objects.filter(pk=alice.pk).exists()


def test_closing_leaves_those_who_were_locked_out_only(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert finish_closing() == 0
    assert User.objects.filter(pk=alice.pk).exists()


def test_closing_leaves_contact_messages(alice: User) -> None:
    ContactMessage.objects.create(name="Alice", email=alice.email, subject="Hello", text="A question.")

    close(alice)
    finish_closing()

    assert ContactMessage.objects.get().email == "alice@example.org"


def test_closing_takes_the_name_out_of_the_admin_log(alice: User, maud: User) -> None:
    entry = LogEntry.objects.create(
        user=maud,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(alice.pk),
        object_repr="alice",
        change_message="Changed name.",
        action_flag=CHANGE,
    )

    close(alice)
    finish_closing()

    entry.refresh_from_db()
    assert (entry.object_repr, entry.change_message) == ("a closed account", "")


@pytest.mark.parametrize(
    "name",
    [
        "account.EmailAddress.user", "accounts.FormerUsername.person", "accounts.ApiToken.person",
        "socialaccount.SocialAccount.user", "usersessions.UserSession.user", "notifications.Notification.actor",
    ],
)  # fmt: skip
def test_closing_takes_what_is_the_persons_out_of_the_admin_log(alice: User, maud: User, name: str) -> None:
    ((model, field),) = [(model, field) for key, model, field in references() if key == name]
    entries = []
    for person in (alice, UserFactory()):
        ROWS[name].make(person)
        row = model._default_manager.filter(**{field: person}).first()
        entries.append(
            LogEntry.objects.create(
                user=maud,
                content_type=ContentType.objects.get_for_model(model),
                object_id=str(row.pk),
                object_repr="alice@example.org",
                change_message="Changed email.",
                action_flag=CHANGE,
            )
        )

    close(alice)
    finish_closing()

    for entry in entries:
        entry.refresh_from_db()
    assert [entry.object_repr for entry in entries] == ["a closed account", "alice@example.org"]
    assert [entry.change_message for entry in entries] == ["", "Changed email."]


@pytest.mark.parametrize("name", ["admin_log", "follows", "notifications", "tools", "votes", "zzz"])
def test_closing_goes_on_after_a_worker_was_killed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after what `name` names was taken away, whichever that is."""
    person = make_voter()
    for kept in ROWS.values():
        kept.make(person)
    close(person)

    class Killed(BaseException):
        pass

    def take_away(leaver: User) -> None:
        personal._closings_before[name](leaver)  # type: ignore[attr-defined]
        raise Killed

    monkeypatch.setattr(personal, "_closings_before", {**personal._closings, "zzz": str}, raising=False)
    with monkeypatch.context() as patch:
        patch.setitem(personal._closings, name, take_away)
        with pytest.raises(Killed):
            finish_closing()
    assert User.objects.filter(pk=person.pk).exists()

    assert finish_closing() == 1

    assert not User.objects.filter(pk=person.pk).exists()
    assert recount() == []
    assert OutgoingMail.objects.filter(to=[person.email], subject__contains="is closed").count() == 1


def test_closing_that_fails_holds_up_no_other(
    alice: User, mallory: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def take_away(person: User) -> None:
        if person == alice:
            raise RuntimeError("broken")

    monkeypatch.setitem(personal._closings, "broken", take_away)
    close(alice)
    close(mallory)

    assert finish_closing() == 1

    assert list(User.objects.all()) == [alice]
    assert "could not be taken apart" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_two_workers_take_an_account_apart_once(alice: User) -> None:
    people = [make_voter() for _ in range(4)]
    for person in people:
        follow_person(follower=person, person=alice)
        cast_vote(voter=person, target=ToolFactory(), value=1)
        close(person)

    def work(_: int) -> int:
        count = finish_closing()
        connection.close()
        return count

    with ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(work, range(3)))

    alice.refresh_from_db()
    assert alice.follower_count == 0
    assert list(User.objects.all()) == [alice]
    assert sum(counts) == OutgoingMail.objects.filter(subject__contains="is closed").count() == 4
    assert recount() == []


def test_task_takes_apart_what_was_closed(alice: User) -> None:
    close(alice)

    tasks.finish_closing()

    assert not User.objects.exists()


# --- The page ------------------------------------------------------------------------------------


def test_close_page_says_what_goes_and_what_stays(alice: User, count_queries: Any) -> None:
    client = client_of(alice)

    # Three of them are allauth's: by which means the person could show that it is they.
    with count_queries(at_most=7):
        answer = client.get(URL)

    assert answer.status_code == 200
    assert b"What goes" in answer.content
    assert b"contact form" in answer.content
    alice.refresh_from_db()
    assert alice.is_active


@pytest.mark.parametrize("username", ["alice", "@alice", "Alice "])
def test_close_page_closes_the_account_and_signs_out(alice: User, username: str) -> None:
    client = client_of(alice)

    answer = client.post(URL, {"username": username}, follow=True)

    alice.refresh_from_db()
    assert alice.closed_at
    assert answer.redirect_chain == [("/", 302)]
    assert b"Your account is closed." in answer.content
    assert not answer.wsgi_request.user.is_authenticated
    assert client.get("/settings/profile/").status_code == 302


@pytest.mark.parametrize("username", ["", "mallory", "alice2"])
def test_close_page_needs_the_username(alice: User, username: str) -> None:
    answer = client_of(alice).post(URL, {"username": username})

    alice.refresh_from_db()
    assert answer.status_code == 422
    assert answer.context["form"].errors["username"]
    assert alice.is_active


@pytest.mark.parametrize("method", ["get", "post"])
def test_close_page_needs_the_password_again(alice: User, method: str) -> None:
    answer = getattr(client_of(alice, is_fresh=False), method)(URL, {"username": "alice"})

    alice.refresh_from_db()
    assert answer.status_code == 302
    assert "/reauthenticate/" in answer["Location"]
    assert alice.is_active


@pytest.mark.parametrize("method", ["get", "post"])
def test_close_page_is_forbidden_to_moderators(maud: User, method: str) -> None:
    answer = getattr(client_of(maud), method)(URL, {"username": "maud"})

    maud.refresh_from_db()
    assert answer.status_code == 403
    assert b"Have another one take your rights first" in answer.content
    assert maud.is_active


@pytest.mark.parametrize("method", ["get", "post"])
def test_close_page_sends_strangers_to_the_sign_in(client: Client, method: str) -> None:
    assert "/login/" in getattr(client, method)(URL)["Location"]


def test_close_page_answers_no_other_methods(alice: User) -> None:
    assert client_of(alice).delete(URL).status_code == 405


def test_close_page_needs_the_token_of_its_form(alice: User) -> None:
    answer = client_of(alice, enforce_csrf_checks=True).post(URL, {"username": "alice"})

    alice.refresh_from_db()
    assert answer.status_code == 403
    assert alice.is_active
