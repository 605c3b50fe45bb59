"""The control to vote on something: what it shows to whom."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.models import User
from apps.votes.kinds import KINDS, kind_of
from apps.votes.models import Vote

# What a person is told of a vote of theirs that does not count. Nothing of one that was reversed: it would only
# teach rings how they are found.
WAITS = "Your vote counts once your account is a day old."


class MyVote(NamedTuple):
    """The reader's own vote on something."""

    value: int
    state: str


# By the kind and the id of what was voted on.
MyVotes = Mapping[tuple[str, int], MyVote]


def votes_of(reader: User | AnonymousUser, targets: Iterable[Model]) -> MyVotes:
    """The reader's votes on these. One query; none where nobody is signed in, or there is nothing to vote on."""
    ids: dict[str, list[int]] = {}
    for target in targets:
        ids.setdefault(kind_of(target).name, []).append(target.pk)
    if not reader.is_authenticated or not ids:
        return {}
    chosen = Q()
    for name, pks in ids.items():
        chosen |= Q(**{f"{name}__in": pks})
    names = list(KINDS)
    rows = Vote.objects.filter(chosen, voter=reader).order_by().values_list("value", "state", *names)
    return {
        (name, pk): MyVote(value, state)
        for value, state, *pks in rows
        for name, pk in zip(names, pks, strict=True)
        if pk is not None
    }


def button_context(request: HttpRequest, target: Model, mine: MyVote | None) -> dict[str, Any]:
    """What templates/votes/_vote.html shows of `target` to who asks for the page. No query."""
    kind = kind_of(target)
    shown = {"target": kind.spoken or target, "up": getattr(target, kind.counters[0])}
    if not request.user.is_authenticated:
        return shown | {"sign_in": f"{reverse('account_login')}?next={quote(request.path)}"}
    if kind.author_of(target) == request.user.pk:
        return shown | {"is_own": True}
    return shown | {
        "has_down": kind.has_down,
        "value": mine.value if mine else 0,
        "note": WAITS if mine and mine.state == Vote.State.PENDING else "",
        "id": f"vote-{kind.name}-{target.pk}",
        "address": reverse("votes:cast", args=[kind.name, target.pk]),
    }
