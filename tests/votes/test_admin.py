from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from apps.votes.models import Reputation, Ring, Vote
from apps.votes.services.casting import cast_vote
from tests.factories.accounts import UserFactory
from tests.factories.tools import ToolFactory
from tests.factories.votes import make_point, make_post, make_reply, make_voter

pytestmark = pytest.mark.django_db

VOTES, RINGS, REPUTATIONS = (
    reverse(f"admin:votes_{name}_changelist") for name in ("vote", "ring", "reputation")
)


@pytest.fixture
def ring() -> Ring:
    """Two accounts, of which one voted for the other."""
    author, voter = make_voter(username="ann"), make_voter(username="ben")
    ring = Ring.objects.create(vote_count=1, inside_share=0.75)
    ring.members.set([author, voter])
    cast_vote(voter=voter, target=make_point(author), value=1)
    return ring


def restore(client: Client, ring: Ring) -> Any:
    return client.post(RINGS, {"action": "restore", "_selected_action": [ring.pk]}, follow=True)


def test_admin_lists_votes_of_every_kind(maud_client: Client) -> None:
    tool, point = ToolFactory(name="Flask"), make_point(text="One file is an application")
    cast_vote(voter=make_voter(username="ann"), target=tool, value=1)
    cast_vote(voter=make_voter(username="ben"), target=point, value=-1)

    cast_vote(voter=make_voter(username="cas"), target=make_post(title="Which of these?"), value=1)
    cast_vote(voter=make_voter(username="dot"), target=make_reply(), value=1)

    html = maud_client.get(VOTES).content.decode()
    of_posts, of_replies = (
        maud_client.get(VOTES, {"kind": kind}).content.decode() for kind in ("post", "reply")
    )
    of_tools = maud_client.get(VOTES, {"kind": "tool"}).content.decode()
    of_nothing = maud_client.get(VOTES, {"kind": "dream"}).content.decode()
    of_ben = maud_client.get(VOTES, {"q": "ben"}).content.decode()
    waiting = maud_client.get(VOTES, {"state__exact": "pending"}).content.decode()

    assert "Flask</td>" in html
    assert "One file is an application</td>" in html
    assert "Which of these?</td>" in of_posts
    assert ("cas" in of_replies, "dot" in of_replies) == (False, True)
    assert ("ann" in of_tools, "ben" in of_tools) == (True, False)
    assert ("ann" in of_nothing, "ben" in of_nothing) == (True, True)
    assert ("ann" in of_ben, "ben" in of_ben) == (False, True)
    assert ("ann" in waiting, "ben" in waiting) == (False, False)


@pytest.mark.parametrize("at", [VOTES, RINGS, REPUTATIONS])
def test_admin_lists_take_no_query_for_each_row(
    maud_client: Client, ring: Ring, count_queries: Callable[..., Any], at: str
) -> None:
    for _ in range(10):
        voter, point = make_voter(), make_point(make_voter())
        cast_vote(voter=voter, target=point, value=1)
        cast_vote(voter=voter, target=ToolFactory(), value=1)
        cast_vote(voter=voter, target=make_post(), value=1)
        Ring.objects.create(vote_count=1, inside_share=1).members.set([voter, point.author])

    with count_queries(at_most=9):
        answer = maud_client.get(at)

    assert answer.status_code == 200
    assert Reputation.objects.count() == 10


@pytest.mark.parametrize(("name", "model"), [("vote", Vote), ("ring", Ring), ("reputation", Reputation)])
def test_admin_rows_are_only_read(maud_client: Client, ring: Ring, name: str, model: Any) -> None:
    cast_vote(voter=make_voter(), target=make_point(make_voter()), value=1)
    row = model.objects.first()

    assert maud_client.get(reverse(f"admin:votes_{name}_change", args=[row.pk])).status_code == 200
    assert maud_client.get(reverse(f"admin:votes_{name}_add")).status_code == 403
    assert maud_client.post(reverse(f"admin:votes_{name}_delete", args=[row.pk])).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


def test_admin_shows_a_ring_with_its_members_and_votes(maud_client: Client, ring: Ring) -> None:
    html = maud_client.get(reverse("admin:votes_ring_change", args=[ring.pk])).content.decode()
    votes = maud_client.get(VOTES, {"ring__id__exact": ring.pk})

    assert "75%" in html
    assert 'change/">ann</a>, <a href=' in html
    assert ">ben</a>" in html
    assert f"{VOTES}?ring__id__exact={ring.pk}" in html
    assert votes.status_code == 200
    assert "ben" in votes.content.decode()


def test_admin_restores_the_votes_of_a_ring(maud_client: Client, maud: Any, ring: Ring) -> None:
    answer = restore(maud_client, ring)

    ring.refresh_from_db()
    assert "Rings whose votes count again: 1." in answer.content.decode()
    assert ring.restored_by == maud
    assert Vote.objects.get().state == Vote.State.COUNTED


@pytest.mark.parametrize(("right", "state"), [("view_ring", "reversed"), ("change_ring", "counted")])
def test_admin_restores_only_for_who_may(client: Client, ring: Ring, right: str, state: str) -> None:
    moderator = UserFactory(is_staff=True)
    moderator.user_permissions.set(Permission.objects.filter(codename__in=["view_ring", right]))
    client.force_login(moderator)

    restore(client, ring)

    assert Vote.objects.get().state == state


def test_admin_of_votes_is_closed_to_others(client: Client, mallory: Any, ring: Ring) -> None:
    client.force_login(mallory)

    for at in (VOTES, RINGS, REPUTATIONS):
        assert client.get(at).status_code == 302
    restore(client, ring)
    assert Vote.objects.get().state == Vote.State.REVERSED
