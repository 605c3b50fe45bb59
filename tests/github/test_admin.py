from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.github.models import Failure, FormerName, RateLimit, Release, Repository, Snapshot, StarReading
from tests.factories.accounts import UserFactory
from tests.factories.tools import RepositoryFactory, StarReadingFactory

pytestmark = pytest.mark.django_db

State = Repository.State
LATER = datetime(2030, 1, 1, tzinfo=UTC)
FIGURES = {"stars": 72_014, "forks": 16_000, "figures_on": date(2026, 8, 1), "figures_source": "github"}


@pytest.fixture
def flask() -> Repository:
    """A repository with a row of each kind around it."""
    flask = RepositoryFactory(full_name="pallets/flask", **FIGURES, read_at=timezone.now(), due_at=LATER)
    StarReadingFactory(repository=flask, date=date(2026, 8, 1), stars=72_014)
    FormerName.objects.create(repository=flask, full_name="mitsuhiko/flask")
    Failure.objects.create(repository=flask, kind="broken", reason="Something went wrong.")
    Release.objects.create(repository=flask, tag="3.1.2", published_on=date(2026, 8, 19))
    return flask


def act(client: Client, name: str, *rows: Any, model: str = "repository", **more: str) -> str:
    """Choose an action for some rows; answers what the page says then."""
    data = {"action": name, "_selected_action": [row.pk for row in rows], **more}
    answer = client.post(reverse(f"admin:github_{model}_changelist"), data, follow=True)
    return answer.content.decode()


def page(row: Repository) -> str:
    return reverse("admin:github_repository_change", args=[row.pk])


@pytest.mark.parametrize("name", ["repository", "starreading", "formername", "failure", "release"])
def test_admin_lists_and_searches(maud_client: Client, flask: Repository, name: str) -> None:
    found = maud_client.get(reverse(f"admin:github_{name}_changelist"), {"q": "pallets"})
    missed = maud_client.get(reverse(f"admin:github_{name}_changelist"), {"q": "nobody"})

    assert b"pallets/flask" in found.content
    assert b"pallets/flask" not in missed.content


def test_admin_finds_a_repository_by_a_former_name(maud_client: Client, flask: Repository) -> None:
    answer = maud_client.get(reverse("admin:github_repository_changelist"), {"q": "mitsuhiko"})

    assert answer.content.count(b"pallets/flask</a>") == 1


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("repository", lambda n: RepositoryFactory()),
        ("failure", lambda n: Failure.objects.create(kind="x", reason="", repository=RepositoryFactory())),
        (
            "formername",
            lambda n: FormerName.objects.create(full_name=f"a/{n}", repository=RepositoryFactory()),
        ),
        (
            "release",
            lambda n: Release.objects.create(
                tag="1", published_on=date(2026, 1, 1), repository=RepositoryFactory()
            ),
        ),
    ],
)
def test_admin_lists_need_no_query_for_each_row(
    maud_client: Client, name: str, row: Callable[[int], object], count_queries: Callable[..., Any]
) -> None:
    counts = []
    for rows in (range(2), range(2, 12)):
        for n in rows:
            row(n)
        with count_queries(at_most=20) as queries:
            maud_client.get(reverse(f"admin:github_{name}_changelist"))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_admin_filters_repositories_by_state(maud_client: Client, flask: Repository) -> None:
    RepositoryFactory(full_name="gone/away", state=State.MISSING)

    answer = maud_client.get(reverse("admin:github_repository_changelist"), {"state__exact": "missing"})

    assert b"gone/away" in answer.content
    assert b"pallets/flask" not in answer.content


def test_admin_says_what_is_wrong_with_a_repository(maud_client: Client) -> None:
    answer = maud_client.post(reverse("admin:github_repository_add"), {"full_name": "flask", "stars": "5"})

    assert answer.status_code == 200
    assert b"Write owner/name as on GitHub" in answer.content
    assert not Repository.objects.exists()


def test_admin_adds_a_repository_which_the_workers_read(maud_client: Client) -> None:
    form = maud_client.get(reverse("admin:github_repository_add"))
    answer = maud_client.post(reverse("admin:github_repository_add"), {"full_name": "pallets/flask"})

    assert b'name="stars"' not in form.content
    assert answer.status_code == 302
    row = Repository.objects.get()
    assert (row.stars, row.state) == (None, "new")
    assert row.due_at <= timezone.now()


def test_admin_page_shows_what_was_before(
    maud_client: Client, flask: Repository, count_queries: Callable[..., Any]
) -> None:
    for n in range(40):
        Snapshot.objects.create(
            repository=flask, date=date(2026, 8, 1) + timedelta(days=n), stars=70_000 + n, forks=1
        )

    with count_queries(at_most=12):
        text = maud_client.get(page(flask)).content.decode()

    assert "mitsuhiko/flask until" in text
    assert "broken, Something went wrong." in text
    assert "2026-09-09: 70039 stars, 1 forks" in text
    assert "2026-08-10: " not in text
    assert text.count(" stars, ") == 30


def test_admin_page_shows_a_repository_without_any_past(maud_client: Client) -> None:
    answer = maud_client.get(page(RepositoryFactory()))

    assert answer.status_code == 200
    assert answer.content.count(b">none<") == 3


def test_admin_page_of_a_duplicate_leads_to_the_other_row(maud_client: Client) -> None:
    row = RepositoryFactory(full_name="old/name", database_id=5, state=State.DUPLICATE)
    other = RepositoryFactory(full_name="new/name", database_id=5, state=State.OK)
    RepositoryFactory(full_name="some/thing", database_id=6)

    text = maud_client.get(page(row)).content.decode()

    assert f'<a href="{page(other)}">new/name</a> (ok)' in text
    assert "some/thing" not in text


def test_admin_writes_nothing_that_the_workers_write(maud_client: Client, flask: Repository) -> None:
    answer = maud_client.post(page(flask), {"full_name": "pallets/flask", "stars": "1", "state": "missing"})

    assert answer.status_code == 302
    flask.refresh_from_db()
    assert (flask.stars, flask.state, flask.due_at) == (72_014, "new", LATER)


def test_admin_that_names_another_repository_has_it_read_by_that_name(
    maud_client: Client, flask: Repository
) -> None:
    Repository.objects.update(node_id="R_1", database_id=1, state=State.REPLACED)

    maud_client.post(page(flask), {"full_name": "pallets/click"})

    flask.refresh_from_db()
    assert (flask.full_name, flask.node_id, flask.database_id) == ("pallets/click", "", None)
    assert (flask.state, flask.stars, flask.same_since) == ("new", None, timezone.now().date())
    assert flask.due_at <= timezone.now()


def test_admin_that_writes_a_name_in_another_case_names_the_same_repository(
    maud_client: Client, flask: Repository
) -> None:
    maud_client.post(page(flask), {"full_name": "Pallets/Flask"})

    flask.refresh_from_db()
    assert (flask.full_name, flask.stars, flask.same_since) == ("Pallets/Flask", 72_014, None)
    assert flask.due_at == LATER


@pytest.mark.parametrize(
    ("was", "read_at", "state"),
    [
        (State.FAILED, None, "new"),
        (State.FAILED, LATER, "ok"),
        (State.REPLACED, LATER, "ok"),
        (State.MISSING, LATER, "missing"),
    ],
)
def test_read_again_starts_as_if_nothing_had_failed(
    maud_client: Client,
    was: str,
    read_at: datetime | None,
    state: str,
    queued_tasks: Callable[[], list[str]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    row = RepositoryFactory(
        state=was,
        read_at=read_at,
        due_at=LATER,
        leased_until=LATER,
        claims=4,
        failures=9,
        is_token_refused=True,
        problem="Why.",
    )

    with django_capture_on_commit_callbacks(execute=True):
        said = act(maud_client, "read_again", row)

    row.refresh_from_db()
    assert (row.state, row.claims, row.failures, row.is_token_refused) == (state, 0, 0, False)
    assert row.due_at <= timezone.now()
    # Who reads it now writes nothing.
    assert row.leased_until is None
    assert "1 will be read next." in said
    assert queued_tasks() == ["apps.github.tasks.refresh_due_repositories"]


def test_take_namesake_forgets_the_ids_of_replaced_ones_only(maud_client: Client) -> None:
    ids = {"node_id": "R_1", "database_id": 1, "due_at": LATER, **FIGURES}
    replaced, fine = RepositoryFactory(state=State.REPLACED, **ids), RepositoryFactory(state=State.OK, **ids)

    asked = act(maud_client, "take_namesake", replaced, fine)
    replaced.refresh_from_db()
    assert (replaced.state, replaced.node_id) == (State.REPLACED, "R_1")
    assert "This can't be undone" in unescape(asked)
    assert fine.full_name not in asked

    said = act(maud_client, "take_namesake", replaced, confirmed="1")

    replaced.refresh_from_db()
    fine.refresh_from_db()
    assert (replaced.state, replaced.node_id, replaced.database_id) == ("new", "", None)
    assert (replaced.stars, replaced.same_since) == (None, timezone.now().date())
    assert replaced.due_at <= timezone.now()
    assert (fine.node_id, fine.due_at, fine.same_since) == ("R_1", LATER, None)
    assert "1 replaced one will be read under the name." in said


def test_actions_need_the_right_to_change(client: Client) -> None:
    viewer = UserFactory(is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__in=["view_repository", "view_ratelimit"]))
    client.force_login(viewer)
    row = RepositoryFactory(state=State.FAILED)
    limit = RateLimit.objects.create(resource="graphql", not_before=LATER, refusals=1)

    act(client, "read_again", row)
    act(client, "ask_again", limit, model="ratelimit")

    row.refresh_from_db()
    limit.refresh_from_db()
    assert (row.state, limit.not_before) == ("failed", LATER)


def test_ask_again_ends_the_waits_that_github_gave_no_time_for(maud_client: Client) -> None:
    refused = RateLimit.objects.create(resource="graphql", not_before=LATER, refusals=2, reason="401")
    along = RateLimit.objects.create(resource="rest", not_before=LATER, reason="401")
    told = RateLimit.objects.create(resource="anonymous", not_before=LATER + timedelta(hours=1))

    listed = maud_client.get(reverse("admin:github_ratelimit_changelist"))
    said = act(maud_client, "ask_again", refused, told, model="ratelimit")

    assert b"401" in listed.content
    assert "Waits that are over: 2." in said
    for limit in (refused, along, told):
        limit.refresh_from_db()
    assert (refused.not_before, refused.refusals, along.not_before) == (None, 0, None)
    assert told.not_before == LATER + timedelta(hours=1)


def test_actions_that_found_nothing_to_do_say_so(maud_client: Client, flask: Repository) -> None:
    limit = RateLimit.objects.create(resource="graphql")

    assert "None: no other repository bears these names." in act(maud_client, "take_namesake", flask)
    assert "None waits, or GitHub itself named the time." in act(
        maud_client, "ask_again", limit, model="ratelimit"
    )


def test_admin_says_in_words_that_a_repository_is_asked_for(maud_client: Client, flask: Repository) -> None:
    listed = reverse("admin:github_repository_changelist")

    assert "before all others" not in maud_client.get(listed).text
    act(maud_client, "read_again", flask)

    assert "before all others" in maud_client.get(listed).text
    assert "before all others" in maud_client.get(page(flask)).text


@pytest.mark.parametrize("name", ["formername", "failure", "release"])
def test_rows_of_workers_are_only_read(maud_client: Client, flask: Repository, name: str) -> None:
    row = {"formername": FormerName, "failure": Failure, "release": Release}[name].objects.get()

    answers = [
        maud_client.get(reverse(f"admin:github_{name}_add")),
        maud_client.post(reverse(f"admin:github_{name}_delete", args=[row.pk]), {"post": "yes"}),
        maud_client.post(reverse(f"admin:github_{name}_change", args=[row.pk]), {}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert maud_client.get(reverse(f"admin:github_{name}_change", args=[row.pk])).status_code == 200


def test_admin_is_closed_to_others(client: Client, flask: Repository) -> None:
    answer = client.get(reverse("admin:github_repository_changelist"))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:login"))
    assert StarReading.objects.exists()


def test_admin_deletes_a_repository_with_all_its_past(maud_client: Client, flask: Repository) -> None:
    Snapshot.objects.create(repository=flask, date=date(2026, 8, 1), stars=1, forks=1)
    address = reverse("admin:github_repository_delete", args=[flask.pk])

    asked = maud_client.get(address)
    answer = maud_client.post(address, {"post": "yes"})

    assert asked.status_code == 200
    assert answer.status_code == 302
    assert not Repository.objects.exists()
    assert not Snapshot.objects.exists()
