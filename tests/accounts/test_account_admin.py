from datetime import timedelta
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import ApiToken, DataExport, FormerUsername, PersonFollow, User
from apps.accounts.services.exports import MAX_ATTEMPTS
from apps.accounts.services.follows import follow_person
from apps.accounts.services.tokens import authenticate, create_token
from apps.accounts.services.usernames import change_username
from tests.accounts.clients import client_of
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

PEOPLE = reverse("admin:accounts_user_changelist")

NEW = {
    "username": "bob",
    "usable_password": "true",
    "password1": "correct horse battery",
    "password2": "correct horse battery",
}


def page_of(person: User) -> str:
    return reverse("admin:accounts_user_change", args=[person.pk])


def form_of(person: User, **changes: Any) -> dict[str, Any]:
    """What the page of `person` sends, with the rows of its parts left as they are."""
    address = person.emailaddress_set.get()
    sent = {
        "username": person.username,
        "email": person.email,
        "is_active": "on",
        "emailaddress_set-TOTAL_FORMS": "1",
        "emailaddress_set-INITIAL_FORMS": "1",
        "emailaddress_set-0-id": address.pk,
        "emailaddress_set-0-user": person.pk,
        "emailaddress_set-0-email": address.email,
        "emailaddress_set-0-verified": "on",
        "emailaddress_set-0-primary": "on",
        "former_usernames-TOTAL_FORMS": "0",
        "former_usernames-INITIAL_FORMS": "0",
    }
    return {name: value for name, value in (sent | changes).items() if value is not None}


def act(client: Client, name: str, action: str, *rows: Any) -> Any:
    url = reverse(f"admin:accounts_{name}_changelist")
    return client.post(url, {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True)


def is_signed_in(client: Client) -> bool:
    return client.get("/settings/profile/").status_code == 200


def signed_in(person: User) -> Client:
    """A browser whose session allauth knows of, too."""
    client = client_of(person)
    person.usersession_set.create(ip="192.0.2.1", user_agent="x", session_key=client.session.session_key)
    return client


# --- People --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["user", "formerusername", "personfollow", "apitoken", "dataexport"])
def test_lists_cost_the_same_whatever_they_hold(
    maud_client: Client, name: str, count_queries: Any, alice: User
) -> None:
    url = reverse(f"admin:accounts_{name}_changelist")
    for number in range(12):
        person = UserFactory()
        follow_person(follower=person, person=alice)
        create_token(person=person, name=f"T{number}", scope="read", days=30)
        FormerUsername.objects.create(person=person, username=f"former-{number}")
        DataExport.objects.create(person=person, file=b"data", written_at=timezone.now())
    maud_client.get(url)

    # Session, moderator, counts, rows, and what the filters by date ask.
    with count_queries(at_most=9) as queries:
        answer = maud_client.get(url)

    assert answer.status_code == 200
    assert answer.context["cl"].result_count >= 12
    assert all('"file"' not in query["sql"] for query in queries)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"is_active__exact": "0"}, {"locked", "leaver"}),
        ({"is_staff__exact": "1"}, {"maud"}),
        ({"verified": "0"}, {"newcomer"}),
        ({"verified": "1"}, {"maud", "locked", "leaver"}),
        ({"closed_at__isempty": "0"}, {"leaver"}),
        ({"q": "old-name"}, {"locked"}),
        ({"q": "newcomer@"}, {"newcomer"}),
    ],
)
def test_people_are_found_by_state(maud_client: Client, query: dict[str, str], found: set[str]) -> None:
    locked = UserFactory(username="locked", is_active=False)
    FormerUsername.objects.create(person=locked, username="old-name")
    UserFactory(username="newcomer", verified=False)
    UserFactory(username="leaver", is_active=False, closed_at=timezone.now())

    answer = maud_client.get(PEOPLE, query)

    assert {row.username for row in answer.context["cl"].result_list} == found


def test_page_of_a_person_costs_the_same_whatever_it_holds(
    maud_client: Client, alice: User, count_queries: Any
) -> None:
    for number in range(8):
        FormerUsername.objects.create(person=alice, username=f"former-{number}")
        alice.emailaddress_set.create(email=f"a{number}@example.org")
    maud_client.get(page_of(alice))

    with count_queries(at_most=12):
        answer = maud_client.get(page_of(alice))

    assert answer.status_code == 200
    assert b"former-7" in answer.content


def test_page_of_a_person_saves_what_was_changed(maud_client: Client, alice: User) -> None:
    links = "https://a.example\r\nhttps://b.example"

    answer = maud_client.post(page_of(alice), form_of(alice, name="Alice", links=links))

    alice.refresh_from_db()
    assert answer.status_code == 302
    assert (alice.name, alice.links) == ("Alice", ["https://a.example", "https://b.example"])
    assert alice.is_active


@pytest.mark.parametrize(
    "links", ["javascript:alert(1)", "\n".join(f"https://a.example/{n}" for n in range(6))]
)
def test_page_of_a_person_refuses_links_that_people_may_not_have(
    maud_client: Client, alice: User, links: str
) -> None:
    answer = maud_client.post(page_of(alice), form_of(alice, links=links))

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["links"]


def test_counts_and_dates_cannot_be_written(maud_client: Client, alice: User) -> None:
    sent = form_of(
        alice, follower_count="99", reputation="99", closed_at="2026-01-01", date_joined="2020-01-01"
    )

    maud_client.post(page_of(alice), sent)

    alice.refresh_from_db()
    assert (alice.follower_count, alice.reputation, alice.closed_at) == (0, 0, None)
    assert alice.date_joined.year > 2020


def test_moderator_changes_a_username_at_any_time_and_the_old_one_is_kept(
    maud_client: Client, alice: User
) -> None:
    change_username(person=alice, username="liddell")

    for name in ("third-name", "alice"):
        answer = maud_client.post(page_of(alice), form_of(alice, username=name))
        assert answer.status_code == 302
        alice.refresh_from_db()

    assert alice.username == "alice"
    assert set(alice.former_usernames.values_list("username", flat=True)) == {"liddell", "third-name"}


@pytest.mark.parametrize("name", ["mallory", "former", "admin", "No", ""])
def test_moderator_cannot_give_a_username_that_is_taken_or_none(
    maud_client: Client, alice: User, mallory: User, name: str
) -> None:
    FormerUsername.objects.create(person=mallory, username="former")

    answer = maud_client.post(page_of(alice), form_of(alice, username=name))

    alice.refresh_from_db()
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["username"]
    assert alice.username == "alice"
    assert not alice.former_usernames.exists()


def test_new_person_cannot_have_a_name_that_was_somebodys(maud_client: Client, mallory: User) -> None:
    FormerUsername.objects.create(person=mallory, username="bob")

    answer = maud_client.post(reverse("admin:accounts_user_add"), NEW)

    assert b"This username is taken. Choose another one." in answer.content
    assert not User.objects.filter(username="bob").exists()


def test_page_for_a_new_person_has_no_parts(maud_client: Client) -> None:
    answer = maud_client.get(reverse("admin:accounts_user_add"))

    assert answer.status_code == 200
    assert b"TOTAL_FORMS" not in answer.content


def test_people_cannot_be_deleted(maud_client: Client, alice: User) -> None:
    answer = maud_client.post(reverse("admin:accounts_user_delete", args=[alice.pk]), {"post": "yes"})
    listed = act(maud_client, "user", "delete_selected", alice)

    assert answer.status_code == 403
    assert listed.status_code == 200
    assert User.objects.filter(pk=alice.pk).exists()


# --- Locking out ---------------------------------------------------------------------------------


def test_lock_out_ends_sessions_and_is_logged(maud_client: Client, alice: User, mallory: User) -> None:
    client, other = signed_in(mallory), signed_in(alice)
    key = client.session.session_key

    answer = act(maud_client, "user", "lock_out", mallory)

    mallory.refresh_from_db()
    assert b"1 locked out." in answer.content
    assert not mallory.is_active
    assert not SessionStore().exists(key)
    assert not mallory.usersession_set.exists()
    assert not is_signed_in(client)
    assert is_signed_in(other)
    assert LogEntry.objects.get().change_message == "Locked out."


def test_lock_out_leaves_staff_and_oneself(maud_client: Client, maud: User) -> None:
    colleague = UserFactory(is_staff=True)

    answer = act(maud_client, "user", "lock_out", maud, colleague)

    assert b"0 locked out." in answer.content
    assert User.objects.filter(is_active=True).count() == 2


def test_let_in_again_is_for_those_who_were_locked_out(maud_client: Client) -> None:
    locked = UserFactory(is_active=False)
    leaver = UserFactory(is_active=False, closed_at=timezone.now())

    answer = act(maud_client, "user", "let_in_again", locked, leaver)
    again = act(maud_client, "user", "let_in_again", leaver)

    locked.refresh_from_db()
    leaver.refresh_from_db()
    assert b"1 let in again." in answer.content
    assert b"0 let in again." in again.content
    assert (locked.is_active, leaver.is_active) == (True, False)


def test_taking_the_tick_off_active_ends_sessions(maud_client: Client, mallory: User) -> None:
    client = signed_in(mallory)

    maud_client.post(page_of(mallory), form_of(mallory, is_active=None))

    mallory.refresh_from_db()
    assert not mallory.is_active
    assert not mallory.usersession_set.exists()
    assert not is_signed_in(client)


@pytest.mark.parametrize("action", ["lock_out", "let_in_again"])
def test_actions_on_people_need_the_right_to_change_them(action: str, mallory: User) -> None:
    viewer = UserFactory(is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_user"))
    locked = UserFactory(is_active=False)

    act(client_of(viewer), "user", action, mallory, locked)

    assert [User.objects.get(pk=person.pk).is_active for person in (mallory, locked)] == [True, False]


@pytest.fixture
def helper_client() -> Client:
    """A browser of a moderator who may change people, but has not all rights."""
    helper = UserFactory(username="helper", is_staff=True)
    helper.user_permissions.add(*Permission.objects.filter(codename__in=["view_user", "change_user"]))
    return client_of(helper)


def test_moderator_gives_no_rights(helper_client: Client, alice: User) -> None:
    sent = form_of(alice, name="Alice", is_staff="on", is_superuser="on")

    answer = helper_client.post(page_of(alice), sent)

    alice.refresh_from_db()
    assert answer.status_code == 302
    assert (alice.name, alice.is_staff, alice.is_superuser) == ("Alice", False, False)


def test_moderator_changes_no_other(helper_client: Client, maud: User) -> None:
    password = reverse("admin:auth_user_password_change", args=[maud.pk])

    pages = [helper_client.post(page_of(maud), form_of(maud, name="x")), helper_client.get(password)]

    maud.refresh_from_db()
    assert [page.status_code for page in pages] == [403, 403]
    assert maud.name == ""


def test_moderator_lets_in_no_staff(helper_client: Client, maud_client: Client) -> None:
    locked = [UserFactory(is_active=False, **{right: True}) for right in ("is_staff", "is_superuser")]

    answer = act(helper_client, "user", "let_in_again", *locked)

    assert b"0 let in again." in answer.content
    assert not User.objects.filter(pk__in=[person.pk for person in locked], is_active=True).exists()
    assert b"2 let in again." in act(maud_client, "user", "let_in_again", *locked).content


def test_closed_account_stays_closed(maud_client: Client, mallory: User) -> None:
    User.objects.filter(pk=mallory.pk).update(is_active=False, closed_at=timezone.now())

    answer = maud_client.post(page_of(mallory), form_of(mallory, name="M"))

    mallory.refresh_from_db()
    assert answer.status_code == 302
    assert (mallory.is_active, mallory.name) == (False, "M")


@pytest.mark.parametrize("way", ["action", "page"])
def test_locking_out_ends_tokens(maud_client: Client, mallory: User, alice: User, way: str) -> None:
    (_, token), (_, other) = (
        create_token(person=person, name="T", scope="read", days=None) for person in (mallory, alice)
    )

    if way == "action":
        act(maud_client, "user", "lock_out", mallory)
    else:
        maud_client.post(page_of(mallory), form_of(mallory, is_active=None))
    act(maud_client, "user", "let_in_again", mallory)

    mallory.refresh_from_db()
    assert mallory.is_active
    assert authenticate(token) is None
    assert authenticate(other)


def test_page_of_a_person_writes_only_what_was_changed(
    maud_client: Client, alice: User, count_queries: Any
) -> None:
    alice.links = ["https://a.example"]
    alice.save(update_fields=["links"])

    sent = form_of(alice, name="Alice", links="https://a.example")
    with count_queries(at_most=40) as queries:
        answer = maud_client.post(page_of(alice), sent)

    writes = [query["sql"] for query in queries if query["sql"].startswith('UPDATE "accounts_user"')]
    assert answer.status_code == 302
    assert len(writes) == 1
    assert writes[0].startswith('UPDATE "accounts_user" SET "name" = \'Alice\' WHERE')


def test_password_that_a_moderator_sets_ends_tokens_and_writes_nothing_else(
    maud_client: Client, alice: User, count_queries: Any
) -> None:
    _, token = create_token(person=alice, name="T", scope="read", days=None)
    url = reverse("admin:auth_user_password_change", args=[alice.pk])
    sent = {
        "password1": "another horse battery",
        "password2": "another horse battery",
        "usable_password": "true",
    }

    with count_queries(at_most=20) as queries:
        answer = maud_client.post(url, sent | {"set-password": "1"})

    alice.refresh_from_db()
    writes = [query["sql"] for query in queries if query["sql"].startswith('UPDATE "accounts_user"')]
    assert answer.status_code == 302
    assert alice.check_password("another horse battery")
    assert authenticate(token) is None
    assert len(writes) == 1
    assert "reputation" not in writes[0]


# --- What belongs to people ----------------------------------------------------------------------


def test_tokens_show_no_digest(maud_client: Client, alice: User) -> None:
    key, _ = create_token(person=alice, name="Mine", scope="read", days=30)
    urls = [
        reverse("admin:accounts_apitoken_changelist"),
        reverse("admin:accounts_apitoken_change", args=[key.pk]),
    ]

    pages = [maud_client.get(url) for url in urls]

    assert [page.status_code for page in pages] == [200, 200]
    assert all(b"Mine" in page.content for page in pages)
    assert all(key.digest.encode() not in page.content for page in pages)


def test_tokens_are_revoked(maud_client: Client, alice: User) -> None:
    key, token = create_token(person=alice, name="Mine", scope="read", days=30)
    over, _ = create_token(person=alice, name="Over", scope="read", days=30)
    before = timezone.now() - timedelta(days=1)
    ApiToken.objects.filter(pk=over.pk).update(revoked_at=before)

    answer = act(maud_client, "apitoken", "revoke", key, over)

    over.refresh_from_db()
    assert b"1 token revoked." in answer.content
    assert authenticate(token) is None
    assert over.revoked_at == before


def test_exports_show_no_file(maud_client: Client, alice: User) -> None:
    row = DataExport.objects.create(person=alice, file=b"all that is alice's", written_at=timezone.now())
    urls = [
        reverse("admin:accounts_dataexport_changelist"),
        reverse("admin:accounts_dataexport_change", args=[row.pk]),
    ]

    pages = [maud_client.get(url) for url in urls]

    assert [page.status_code for page in pages] == [200, 200]
    assert all(b"all that is" not in page.content for page in pages)
    assert "file" not in pages[1].context["adminform"].form.fields


def test_exports_that_failed_are_tried_again(maud_client: Client, alice: User, mallory: User) -> None:
    failed = DataExport.objects.create(person=alice, attempts=MAX_ATTEMPTS, last_error="broken")
    done = DataExport.objects.create(person=mallory, attempts=1, written_at=timezone.now())

    answer = act(maud_client, "dataexport", "try_again", failed, done)

    failed.refresh_from_db()
    done.refresh_from_db()
    assert b"1 export will be written." in answer.content
    assert (failed.attempts, failed.last_error, done.attempts) == (0, "", 1)


@pytest.mark.parametrize(("name", "action"), [("apitoken", "revoke"), ("dataexport", "try_again")])
def test_actions_need_the_right_to_change(name: str, action: str, alice: User) -> None:
    viewer = UserFactory(is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename=f"view_{name}"))
    key, token = create_token(person=alice, name="Mine", scope="read", days=30)
    export = DataExport.objects.create(person=alice, attempts=MAX_ATTEMPTS)

    act(client_of(viewer), name, action, key if name == "apitoken" else export)

    export.refresh_from_db()
    assert authenticate(token)
    assert export.attempts == MAX_ATTEMPTS


@pytest.mark.parametrize("name", ["personfollow", "apitoken", "dataexport", "formerusername"])
def test_rows_of_people_are_written_by_nobody(maud_client: Client, name: str) -> None:
    assert maud_client.get(reverse(f"admin:accounts_{name}_add")).status_code == 403


def test_former_username_can_be_set_free(maud_client: Client, alice: User) -> None:
    row = FormerUsername.objects.create(person=alice, username="rude-name")

    answer = maud_client.post(reverse("admin:accounts_formerusername_delete", args=[row.pk]), {"post": "yes"})

    assert answer.status_code == 302
    assert not FormerUsername.objects.exists()


def test_follow_cannot_be_deleted_past_its_count(maud_client: Client, alice: User, mallory: User) -> None:
    follow_person(follower=mallory, person=alice)
    row = PersonFollow.objects.get()

    answer = maud_client.post(reverse("admin:accounts_personfollow_delete", args=[row.pk]), {"post": "yes"})

    assert answer.status_code == 403
    assert PersonFollow.objects.exists()


@pytest.mark.parametrize("name", ["user", "formerusername", "personfollow", "apitoken", "dataexport"])
def test_lists_are_closed_to_others(name: str, client: Client, mallory: User) -> None:
    url = reverse(f"admin:accounts_{name}_changelist")

    assert client.get(url).status_code == 302
    assert client_of(mallory).get(url).status_code == 302


# --- Rows of others ------------------------------------------------------------------------------

OTHERS = ("account_emailaddress", "socialaccount_socialaccount", "usersessions_usersession")


@pytest.mark.parametrize("name", OTHERS)
def test_rows_that_let_somebody_in_are_read_only(
    maud_client: Client, alice: User, name: str, count_queries: Any
) -> None:
    signed_in(alice)
    SocialAccount.objects.create(user=alice, provider="github", uid="1")
    model = apps.get_model(name.replace("_", "."))
    row = model.objects.filter(user=alice).get()
    before = model.objects.filter(pk=row.pk).values().get()
    pages = {page: reverse(f"admin:{name}_{page}", args=[row.pk]) for page in ("change", "delete")}
    changelist = reverse(f"admin:{name}_changelist")

    with count_queries(at_most=12):
        shown = [maud_client.get(changelist), maud_client.get(pages["change"])]
    refused = [
        maud_client.get(reverse(f"admin:{name}_add")),
        maud_client.post(pages["change"], {"email": "evil@example.org", "user": "1"}),
        maud_client.post(pages["delete"], {"post": "yes"}),
    ]
    for action in ("make_verified", "delete_selected"):
        maud_client.post(changelist, {"action": action, "_selected_action": [row.pk], "post": "yes"})

    assert [page.status_code for page in shown] == [200, 200]
    assert [page.status_code for page in refused] == [403, 403, 403]
    assert model.objects.filter(pk=row.pk).values().get() == before
    if "session_key" in before:
        assert all(before["session_key"].encode() not in page.content for page in shown)


def test_groups_are_changed_by_superusers_only(maud_client: Client) -> None:
    group = Group.objects.create(name="Editors")
    helper = UserFactory(is_staff=True)
    helper.user_permissions.add(*Permission.objects.filter(content_type__model="group"))
    helper_client = client_of(helper)
    sent = {"name": "Rulers", "permissions": [Permission.objects.first().pk]}
    urls = [
        reverse("admin:auth_group_add"),
        reverse("admin:auth_group_change", args=[group.pk]),
        reverse("admin:auth_group_delete", args=[group.pk]),
    ]

    assert [helper_client.post(url, sent).status_code for url in urls] == [403, 403, 403]
    assert helper_client.get(urls[1]).status_code == 200
    assert Group.objects.get().name == "Editors"
    assert maud_client.post(urls[1], sent).status_code == 302
    assert Group.objects.get().permissions.count() == 1
