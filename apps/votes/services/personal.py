"""What votes hold of a person: for their export, and to be taken away when they leave."""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import F

from apps.accounts.models import User
from apps.votes.kinds import KINDS
from apps.votes.models import Reputation, Vote
from apps.votes.services.casting import take_back


def export_votes(person: User) -> list[dict[str, Any]]:
    """The person's votes, newest first: on what, up (1) or down (-1), and since when.

    Of threads and replies the numbers: what they say is others', and may be removed. Nothing of rings: what the site
    suspects of others is not theirs.
    """
    votes = Vote.objects.filter(voter=person).order_by("-id")
    rows = votes.values(
        "value",
        "created_at",
        "changed_at",
        on_tool=F("tool__slug"),
        on_point=F("point__text"),
        on_point_of=F("point__tool__slug"),
        on_post=F("post_id"),
        on_reply=F("reply_id"),
    )
    return [dict(row) for row in rows]


def export_reputation(person: User) -> list[dict[str, Any]]:
    """What the person earned, by tool, best first."""
    rows = Reputation.objects.filter(person=person).order_by("-score", "id")
    return [dict(row) for row in rows.values("score", on_tool=F("tool__slug"))]


def take_away(person: User) -> None:
    """Take back each vote of the person, so that counters stay right, and delete what they earned."""
    for kind in KINDS.values():
        votes = Vote.objects.filter(voter=person, **{f"{kind.column}__isnull": False}).order_by("id")
        for pk in votes.values_list(kind.column, flat=True):
            try:
                take_back(voter_id=person.pk, kind=kind, pk=pk)
            except ObjectDoesNotExist:
                # Deleted meanwhile, and the vote with it.
                continue
    Reputation.objects.filter(person=person).delete()
    User.objects.filter(pk=person.pk).update(reputation=0)
