"""Where a person is signed in."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef

from apps.accounts.models import User
from apps.accounts.services.tokens import revoke_tokens


def end_sessions(*, person: User) -> int:
    """Sign the person out everywhere; answers of how many browsers."""
    sessions = list(UserSession.objects.filter(user=person))
    for session in sessions:
        session.end()
    return len(sessions)


def end_access(*, person: User) -> None:
    """Sign the person out everywhere, and have their tokens work no longer."""
    end_sessions(person=person)
    revoke_tokens(person=person)


def forget_sessions() -> int:
    """Delete what is noted of sessions that are over, network address and browser; answers how many."""
    sessions = Session.objects.filter(session_key=OuterRef("session_key"))
    count, _ = UserSession.objects.exclude(Exists(sessions)).delete()
    return int(count)
