"""What this app, and the packages for signing in, hold of a person: for the export. No secrets."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.db.models import F
from django.urls import reverse

from apps.accounts.models import Avatar, User
from apps.accounts.services.personal import Rows
from apps.core.mail import mail_link


def profile(person: User) -> Rows:
    fields = (
        "username", "name", "email", "title", "company", "place", "bio", "links", "date_joined", "last_login",
        "follower_count", "reputation", "is_active", "is_staff", "is_superuser", "closed_at",
    )  # fmt: skip
    row = {field: getattr(person, field) for field in fields}
    row["groups"] = list(person.groups.values_list("name", flat=True))
    row["permissions"] = list(person.user_permissions.values_list("codename", flat=True))
    return [row]


def avatar(person: User) -> Rows:
    """Where the picture is: it is there for everybody."""
    path = reverse("accounts:avatar", kwargs={"pk": person.pk, "digest": person.avatar_digest or "none"})
    changes = Avatar.objects.filter(person=person).values_list("changed_at", flat=True)
    return [{"address": mail_link(path), "changed_at": changed_at} for changed_at in changes]


def email_addresses(person: User) -> Rows:
    rows: Rows = EmailAddress.objects.filter(user=person).values("email", "verified", "primary")
    return rows


def former_usernames(person: User) -> Rows:
    return person.former_usernames.values("username", "given_up_at")


def follows(person: User) -> Rows:
    return person.follows.values("created_at", username=F("person__username"))


def followers(person: User) -> Rows:
    return person.follower_rows.values("created_at", username=F("follower__username"))


def api_tokens(person: User) -> Rows:
    return person.api_tokens.values("name", "scope", "created_at", "expires_at", "last_used_at", "revoked_at")


def exports(person: User) -> Rows:
    return person.exports.values("requested_at", "written_at")


def connected_accounts(person: User) -> Rows:
    rows: Rows = SocialAccount.objects.filter(user=person).values(
        "provider", "uid", "date_joined", "last_login", "extra_data"
    )
    return rows


def authenticators(person: User) -> Rows:
    """Of which kind, and what the person calls them; never what they know."""
    return [
        {
            "kind": row.type,
            # A passkey's is the person's own word for it, the others' is their kind.
            "name": str(row),
            "created_at": row.created_at,
            "last_used_at": row.last_used_at,
        }
        for row in Authenticator.objects.filter(user=person)
    ]


def sessions(person: User) -> Rows:
    rows: Rows = UserSession.objects.filter(user=person).values(
        "created_at", "last_seen_at", "ip", browser=F("user_agent")
    )
    return rows


def moderation(person: User) -> Rows:
    """What the person did in the admin."""
    return LogEntry.objects.filter(user=person).values("action_time", "object_repr", "change_message")
