"""A row of each kind that is somebody's: how one comes about, where an export has it, what closing does with it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Model
from django.utils import timezone

from apps.accounts.models import DataExport, FormerUsername, User
from apps.accounts.services.avatars import keep_avatar
from apps.accounts.services.follows import follow_person
from apps.accounts.services.tokens import create_token
from apps.advice.models import Draft, Revision
from apps.notifications.models import Channel, Digest, Kind, Notification, Preference
from apps.stacks.models import Removal
from apps.stacks.services.items import add_items
from apps.stacks.services.readings import read_names
from apps.stacks.services.stacks import create_stack
from apps.tools.models import PointAnswer
from apps.tools.services.follows import follow_tool
from apps.tools.services.points import answer_point
from apps.votes.models import Reputation, Ring
from apps.votes.services.casting import cast_vote
from tests.factories.accounts import UserFactory
from tests.factories.advice import CommentFactory, PostFactory, ReplyFactory
from tests.factories.pages import EventFactory
from tests.factories.stacks import ChangeFactory, CompanyFactory, MembershipFactory, ProofCheckFactory
from tests.factories.tools import PointFactory, ToolFactory

# Of threads, replies and comments.
_REMOVED = "What a person wrote and removed is exported with the rest; what moderators remove is others'."
# Of the feed.
_EVENTS = "It says that they wrote a thread or a reply or changed a stack, all of which an export has."
SECRETS = ("the-hash-of-a-password", "TOTP-SECRET", "RECOVERY-SEED", "PUBLIC-KEY", "PASSKEY-ID")


@dataclass(frozen=True, slots=True)
class Kept:
    """`export`: the name under which an export has it; or `because`: why it has not. `stays`: without the person."""

    make: Callable[[User], object]
    export: str = ""
    because: str = ""
    stays: bool = False


def _other() -> User:
    return UserFactory()


def _notification(person: User, actor: User) -> Notification:
    return Notification.objects.create(
        person=person, actor=actor, kind=Kind.FOLLOWER, text="Somebody follows you", url="/@x/"
    )


def _ring(person: User, **fields: Any) -> Ring:
    ring = Ring.objects.create(vote_count=1, inside_share=1.0, **fields)
    if not fields:
        ring.members.add(person)
    return ring


def _stack(person: User) -> None:
    stack = create_stack(person=person, name="Mine")
    add_items(person=person, stack=stack, tools=[ToolFactory()])


def _authenticators(person: User) -> None:
    kinds = Authenticator.Type
    data = {
        kinds.TOTP: {"secret": "TOTP-SECRET"},
        kinds.RECOVERY_CODES: {"seed": "RECOVERY-SEED", "used_mask": 0},
        kinds.WEBAUTHN: {"name": "Telephone", "credential": {"id": "PASSKEY-ID", "key": "PUBLIC-KEY"}},
    }
    for kind, values in data.items():
        Authenticator.objects.create(user=person, type=kind, data=values)


def _session(person: User) -> None:
    store = SessionStore()
    store.create()
    UserSession.objects.create(
        user=person, ip="192.0.2.7", user_agent="A browser", session_key=store.session_key
    )


ROWS: dict[str, Kept] = {
    "accounts.Avatar.person": Kept(lambda person: keep_avatar(person=person, image=b"x"), "avatar"),
    "accounts.FormerUsername.person": Kept(
        lambda person: FormerUsername.objects.create(person=person, username=f"former-{person.pk}"), "former_usernames"
    ),
    "accounts.PersonFollow.follower": Kept(
        lambda person: follow_person(follower=person, person=_other()), "follows"
    ),
    "accounts.PersonFollow.person": Kept(
        lambda person: follow_person(follower=_other(), person=person), "followers"
    ),
    "accounts.ApiToken.person": Kept(
        lambda person: create_token(person=person, name="Mine", scope="read", days=30), "api_tokens"
    ),
    "accounts.DataExport.person": Kept(
        lambda person: DataExport.objects.create(
            person=person, file=b"an older export", written_at=timezone.now()
        ),
        "exports",
    ),
    "accounts.User_groups.user": Kept(
        lambda person: person.groups.add(Group.objects.get_or_create(name="Editors")[0]), "profile"
    ),
    "accounts.User_user_permissions.user": Kept(
        lambda person: person.user_permissions.add(Permission.objects.first()), "profile"
    ),
    "account.EmailAddress.user": Kept(
        lambda person: EmailAddress.objects.create(user=person, email=f"second-{person.pk}@example.org"),
        "email_addresses",
    ),
    "mfa.Authenticator.user": Kept(_authenticators, "authenticators"),
    "socialaccount.SocialAccount.user": Kept(
        lambda person: SocialAccount.objects.create(user=person, provider="github", uid=str(person.pk)),
        "connected_accounts",
    ),
    "usersessions.UserSession.user": Kept(_session, "sessions"),
    "admin.LogEntry.user": Kept(
        lambda person: LogEntry.objects.create(
            user=person,
            content_type=ContentType.objects.get_for_model(User),
            object_id="1",
            object_repr="somebody",
            action_flag=CHANGE,
        ),
        "moderation",
    ),
    "notifications.Preference.person": Kept(
        lambda person: Preference.objects.create(person=person, kind=Kind.FOLLOWER, channel=Channel.OFF),
        "notification_preferences",
    ),
    "notifications.Digest.person": Kept(
        lambda person: Digest.objects.create(person=person, since=timezone.now()), "weekly_mail"
    ),
    "notifications.Notification.person": Kept(
        lambda person: _notification(person, _other()), "notifications"
    ),
    "notifications.Notification.actor": Kept(
        lambda person: _notification(_other(), person), because="It was told to somebody else, who has it."
    ),
    "tools.Point.author": Kept(lambda person: PointFactory(author=person), "points", stays=True),
    "tools.PointAnswer.person": Kept(
        lambda person: answer_point(person=person, point=PointFactory(about="1.0"), is_true=True)
        or PointAnswer,
        "point_answers",
    ),
    "tools.ToolFollow.person": Kept(
        lambda person: follow_tool(person=person, tool=ToolFactory()), "followed_tools"
    ),
    "stacks.Stack.person": Kept(_stack, "stacks"),
    "stacks.Company.created_by": Kept(
        lambda person: CompanyFactory(created_by=person), "companies", stays=True
    ),
    "stacks.Membership.person": Kept(lambda person: MembershipFactory(person=person), "memberships"),
    "stacks.Removal.person": Kept(
        lambda person: Removal.objects.create(company=CompanyFactory(), person=person), "removals"
    ),
    "stacks.Change.by": Kept(
        lambda person: ChangeFactory(by=person, item__until="2024", item__stack__visibility="private"),
        "stack_changes",
        stays=True,
    ),
    "stacks.Reading.person": Kept(
        lambda person: read_names(person=person, text="Django"), "readings"
    ),
    "stacks.ProofCheck.person": Kept(lambda person: ProofCheckFactory(person=person), "proof_checks"),
    "advice.Post.author": Kept(lambda person: PostFactory(author=person), "posts", stays=True),
    "advice.Post.removed_by": Kept(
        lambda person: PostFactory(removed_by=person, removed_at=timezone.now()), because=_REMOVED, stays=True
    ),
    "advice.Reply.author": Kept(
        lambda person: ReplyFactory(author=person, post__reply_count=1), "replies", stays=True
    ),
    "advice.Reply.removed_by": Kept(
        lambda person: ReplyFactory(removed_by=person, removed_at=timezone.now()), because=_REMOVED, stays=True
    ),
    "advice.Comment.author": Kept(lambda person: CommentFactory(author=person), "comments", stays=True),
    "advice.Comment.removed_by": Kept(
        lambda person: CommentFactory(removed_by=person, removed_at=timezone.now()), because=_REMOVED, stays=True
    ),
    "advice.Revision.edited_by": Kept(
        lambda person: Revision.objects.create(
            comment=CommentFactory(author=person), body="Before", edited_by=person, written_at=timezone.now()
        ),
        "earlier_words",
        stays=True,
    ),
    "advice.Draft.person": Kept(
        lambda person: Draft.objects.create(person=person, kind="advice", data={"title": ["Which?"]}), "drafts"
    ),
    "pages.Event.actor": Kept(lambda person: EventFactory(actor=person), because=_EVENTS, stays=True),
    "pages.EventSubject.person": Kept(lambda person: EventFactory(people=[person]), because=_EVENTS),
    "votes.Vote.voter": Kept(
        lambda person: cast_vote(voter=person, target=ToolFactory(), value=1), "votes"
    ),
    "votes.Reputation.person": Kept(
        lambda person: Reputation.objects.create(person=person, tool=ToolFactory(), score=3), "reputation"
    ),
    "votes.Ring_members.user": Kept(
        _ring, because="A suspicion, which moderators look into: who knew of it would vote around it."
    ),
    "votes.Ring.restored_by": Kept(
        lambda person: _ring(person, restored_by=person),
        because="What moderators do is in the admin's log, which has it.",
        stays=True,
    ),
}  # fmt: skip


def references() -> Iterator[tuple[str, type[Model], str]]:
    """Every column that refers to a person: its name in `ROWS`, its model and itself."""
    for relation in User._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and not relation.many_to_many:
            model = relation.related_model
            yield f"{model._meta.label}.{relation.field.name}", model, relation.field.name
