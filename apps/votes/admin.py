from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.core.admin import ReadOnlyAdmin
from apps.votes.kinds import KINDS
from apps.votes.models import Reputation, Ring, Vote
from apps.votes.services.rings import restore_ring


class KindFilter(admin.SimpleListFilter):
    title = "what is voted on"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, str(kind.model._meta.verbose_name)) for name, kind in KINDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Vote]) -> QuerySet[Vote]:
        kind = KINDS.get(self.value() or "")
        return queryset.filter(**{f"{kind.column}__isnull": False}) if kind else queryset


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin[Vote]):
    list_display = ("voter", "target", "value", "state", "ring", "changed_at")
    list_filter = (KindFilter, "state", "value")
    list_select_related = ("voter", "ring", *KINDS)
    search_fields = ("voter__username", "voter__email")
    # Counting all of them would take longer than the rest of the page.
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Vote]:
        rows: QuerySet[Vote] = super().get_queryset(request)
        # Long texts, of which the list shows nothing.
        return rows.defer("post__body", "post__html", "reply__body", "reply__html")

    @admin.display(description="voted on")
    def target(self, vote: Vote) -> str:
        return next(str(target) for name in KINDS if (target := getattr(vote, name)))


@admin.register(Ring)
class RingAdmin(ReadOnlyAdmin[Ring]):
    list_display = ("__str__", "member_count", "vote_count", "inside_percent", "restored_at", "restored_by")
    list_filter = (("restored_at", admin.EmptyFieldListFilter),)
    list_select_related = ("restored_by",)
    search_fields = ("members__username",)
    fields = (
        "found_at",
        "inside_percent",
        "vote_count",
        "member_names",
        "its_votes",
        "restored_at",
        "restored_by",
    )
    actions = ("restore",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ring]:
        rows: QuerySet[Ring] = super().get_queryset(request)
        return rows.annotate(member_count=Count("members", distinct=True))

    def has_restore_permission(self, request: HttpRequest) -> bool:
        """Whether the person may restore rings: the right to change them, which does nothing else."""
        return request.user.has_perm("votes.change_ring")

    @admin.display(description="members", ordering="member_count")
    def member_count(self, ring: Any) -> int:
        count: int = ring.member_count
        return count

    @admin.display(description="of all their votes, for one another", ordering="inside_share")
    def inside_percent(self, ring: Ring) -> str:
        return f"{ring.inside_share:.0%}"

    @admin.display(description="members")
    def member_names(self, ring: Ring) -> SafeString:
        return format_html_join(
            ", ",
            '<a href="{}">{}</a>',
            (
                (reverse("admin:accounts_user_change", args=[pk]), username)
                for pk, username in ring.members.order_by("username").values_list("pk", "username")
            ),
        )

    @admin.display(description="its votes")
    def its_votes(self, ring: Ring) -> SafeString:
        return format_html(
            '<a href="{}?ring__id__exact={}">All votes of the ring</a>',
            reverse("admin:votes_vote_changelist"),
            ring.pk,
        )

    @admin.action(description="Restore the votes of the chosen rings", permissions=["restore"])
    def restore(self, request: HttpRequest, rings: QuerySet[Ring]) -> None:
        assert isinstance(request.user, User)  # noqa: S101 - the admin lets nobody else in
        for ring in rings:
            restore_ring(ring=ring, by=request.user)
        self.message_user(request, f"Rings whose votes count again: {len(rings)}.", messages.SUCCESS)


@admin.register(Reputation)
class ReputationAdmin(ReadOnlyAdmin[Reputation]):
    list_display = ("person", "tool", "score")
    list_select_related = ("person", "tool")
    search_fields = ("person__username", "tool__name")
