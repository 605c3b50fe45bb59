from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet, URLField
from django.http import HttpRequest
from django.template.defaultfilters import pluralize

from apps.core.admin import ReadOnlyAdmin, SaveChangedMixin
from apps.stacks.models import (
    Change,
    Company,
    Evidence,
    Item,
    Membership,
    ProofCheck,
    ProvedBy,
    Reading,
    Stack,
)
from apps.stacks.services.companies import prove_company, remove_members, unprove_company
from apps.stacks.services.stacks import set_hidden, unprove_stack


@admin.register(Company)
class CompanyAdmin(SaveChangedMixin, admin.ModelAdmin[Company]):
    """Companies are entered on the site. Their words are mended here; what counts goes by actions."""

    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    list_display = (
        "name",
        "slug",
        "domain",
        "proved_at",
        "proved_by",
        "member_count",
        "created_by",
        "created_at",
    )
    list_filter = (("proved_at", admin.EmptyFieldListFilter), "proved_by", "created_at")
    list_select_related = ("created_by",)
    search_fields = ("name", "slug", "domain")
    fields = (
        "name", "slug", "description", "website", "domain", "proved_at", "proved_by", "created_by", "created_at",
    )  # fmt: skip
    readonly_fields = ("slug", "domain", "proved_at", "proved_by", "created_by", "created_at")
    actions = ("prove", "unprove")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Company]:
        return super().get_queryset(request).annotate(member_count=Count("memberships"))

    @admin.display(description="members", ordering="member_count")
    def member_count(self, company: Any) -> int:
        count: int = company.member_count
        return count

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Company | None = None) -> bool:
        """Its stacks would go with it, and their counts stay."""
        return False

    @admin.action(description="Take the domain as proved", permissions=["change"])
    def prove(self, request: HttpRequest, rows: QuerySet[Company]) -> None:
        """After a moderator saw it by another way; it says "a DNS record", which is what it stands for."""
        for company in rows.filter(proved_at=None):
            try:
                prove_company(company=company, way=ProvedBy.DNS)
            except ValidationError as error:
                self.message_user(request, f"{company}: {' '.join(error.messages)}", messages.ERROR)
            else:
                self.log_change(request, company, "Proved.")

    @admin.action(description="Take back the proof", permissions=["change"])
    def unprove(self, request: HttpRequest, rows: QuerySet[Company]) -> None:
        for company in rows.filter(proved_at__isnull=False):
            unprove_company(company=company)
            self.log_change(request, company, "Proof taken back.")


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin[Membership]):
    list_display = ("person", "company", "role", "proved_by", "created_at")
    list_filter = ("role", "proved_by", "created_at")
    list_select_related = ("person", "company")
    search_fields = ("person__username", "company__name", "company__slug")
    actions = ("remove",)

    @admin.action(description="Take the person out of the company", permissions=["remove"])
    def remove(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        for row in rows:
            self.log_change(request, row, "Taken out of the company.")
        count = remove_members(memberships=rows)
        self.message_user(request, f"{count} member{pluralize(count)} taken out.")

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("stacks.delete_membership")


@admin.register(Stack)
class StackAdmin(ReadOnlyAdmin[Stack]):
    """What somebody runs is theirs to say. Moderators take it from public view, or give it back."""

    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    list_display = (
        "name", "owner_slug", "kind", "visibility", "is_hidden", "item_count", "repository", "proved_at", "changed_at",
    )  # fmt: skip
    list_filter = ("is_hidden", "visibility", "kind", ("proved_at", admin.EmptyFieldListFilter), "changed_at")
    list_select_related = ("person", "company")
    search_fields = ("name", "slug", "repository", "person__username", "company__slug", "company__name")
    actions = ("hide", "show", "unprove")

    @admin.action(description="Hide from public view", permissions=["hide"])
    def hide(self, request: HttpRequest, rows: QuerySet[Stack]) -> None:
        self._set_hidden(request, rows, is_hidden=True)

    @admin.action(description="Show again", permissions=["hide"])
    def show(self, request: HttpRequest, rows: QuerySet[Stack]) -> None:
        self._set_hidden(request, rows, is_hidden=False)

    def _set_hidden(self, request: HttpRequest, rows: QuerySet[Stack], *, is_hidden: bool) -> None:
        changed = [stack for stack in rows.order_by("pk") if set_hidden(stack=stack, is_hidden=is_hidden)]
        for stack in changed:
            self.log_change(request, stack, "Hidden." if is_hidden else "Shown again.")
        words = "hidden" if is_hidden else "shown again"
        self.message_user(request, f"{len(changed)} stack{pluralize(changed)} {words}.")

    @admin.action(description="Take back the proof of the repository", permissions=["hide"])
    def unprove(self, request: HttpRequest, rows: QuerySet[Stack]) -> None:
        for stack in rows.filter(proved_at__isnull=False).order_by("pk"):
            unprove_stack(stack=stack)
            self.log_change(request, stack, "Proof taken back.")

    def has_hide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("stacks.change_stack")


class EvidenceInline(admin.TabularInline[Evidence, Item]):
    model = Evidence
    fields = readonly_fields = ("source", "path", "line", "purl", "name", "version", "confidence", "found_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Item | None = None) -> bool:
        return False


@admin.register(Item)
class ItemAdmin(ReadOnlyAdmin[Item]):
    list_display = (
        "tool",
        "stack",
        "version",
        "tier",
        "stage",
        "since",
        "until",
        "replaced_by",
        "created_at",
    )
    list_filter = ("tier", "stage", "scope", ("until", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("tool", "stack", "replaced_by")
    search_fields = ("tool__name", "tool__slug", "stack__name", "stack__slug")
    inlines = (EvidenceInline,)
    show_full_result_count = False


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin[Change]):
    list_display = ("stack", "tool", "kind", "before", "after", "other", "on", "by", "created_at")
    list_filter = ("kind", "created_at")
    list_select_related = ("stack", "tool", "other", "by")
    search_fields = ("tool__name", "tool__slug", "stack__name", "stack__slug", "by__username")
    show_full_result_count = False


@admin.register(Reading)
class ReadingAdmin(ReadOnlyAdmin[Reading]):
    """That somebody had files read, and how it went; not what was found before they published it."""

    list_display = (
        "pk", "source", "person", "repository", "state", "done", "total", "attempts", "error", "due_at", "created_at",
    )  # fmt: skip
    list_filter = ("state", "source", "created_at")
    list_select_related = ("person",)
    search_fields = ("person__username", "repository")
    exclude = ("findings", "unread", "unknown")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reading]:
        return super().get_queryset(request).defer("findings", "unread", "unknown")


@admin.register(ProofCheck)
class ProofCheckAdmin(ReadOnlyAdmin[ProofCheck]):
    list_display = (
        "pk",
        "way",
        "company",
        "stack",
        "person",
        "is_found",
        "said",
        "attempts",
        "due_at",
        "checked_at",
    )
    list_filter = ("is_found", "way", "created_at")
    list_select_related = ("company", "stack", "person")
    search_fields = ("company__slug", "stack__slug", "person__username", "said")
