from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import date as as_date
from django.template.defaultfilters import pluralize
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.core.admin import ReadOnlyAdmin, SaveChangedMixin, save_changed
from apps.github import turns
from apps.github.models import Failure, FormerName, RateLimit, Release, Repository, StarReading
from apps.github.querysets import ASKED_FOR
from apps.github.services import retries

# Of its snapshots and failures, the page of a repository shows the last so many.
SHOWN = 30

BY_NAME = ("repository__full_name",)


@admin.register(Repository)
class RepositoryAdmin(SaveChangedMixin, admin.ModelAdmin[Repository]):
    """A person says which repository it is; all else the workers write."""

    list_display = (
        "full_name",
        "state",
        "stars",
        "forks",
        "figures_on",
        "read_at",
        "next_look",
        "failures",
        "problem",
    )
    list_filter = (
        "state",
        "is_token_refused",
        "figures_source",
        ("figures_on", admin.EmptyFieldListFilter),
        ("leased_until", admin.EmptyFieldListFilter),
    )
    search_fields = ("full_name", "former_names__full_name")
    date_hierarchy = "figures_on"
    actions = ("read_again", "take_namesake")
    fieldsets = (
        (None, {"fields": ("full_name", "state", "state_since", "problem", "other_row")}),
        (
            "Figures",
            {
                "fields": (
                    ("stars", "forks", "watchers", "open_issues"),
                    ("figures_on", "figures_source"),
                    ("grew_7", "grew_90", "grew_365", "growth_on"),
                    ("latest_release", "latest_release_on", "release_days"),
                    ("began_at", "pushed_at", "license", "language"),
                    ("is_fork", "is_mirror", "is_disabled"),
                )
            },
        ),
        (
            "Reading",
            {
                "fields": (
                    ("read_at", "next_look", "history_due_at", "interest"),
                    ("failures", "missing_count", "missing_since", "is_token_refused"),
                    ("leased_until", "claims"),
                    ("database_id", "node_id"),
                )
            },
        ),
        ("Before", {"fields": ("its_former_names", "same_since", "its_snapshots", "its_failures")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Repository | None = None) -> list[str]:
        rows: Any = self.fieldsets
        names = [name for _, options in rows for line in options["fields"] for name in _line(line)]
        return [name for name in names if name != "full_name"]

    def get_fieldsets(self, request: HttpRequest, obj: Repository | None = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else ((None, {"fields": ("full_name",)}),)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        save_changed(form)
        if obj.full_name.lower() != form.initial["full_name"].lower():
            retries.begin_anew(pks=[obj.pk])

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Its thousands of snapshots are counted, not listed; its own rows, which nobody deletes alone, go too."""
        _, counts, needed, protected = super().get_deleted_objects(objs, request)
        own = {str(model._meta.verbose_name) for model in (Failure, FormerName, Release)}
        return [str(row) for row in objs], counts, needed - own, protected

    @admin.display(ordering="due_at")
    def next_look(self, row: Repository) -> datetime | str:
        return "before all others" if row.due_at == ASKED_FOR else row.due_at

    @admin.display(description="other row of the same repository")
    def other_row(self, row: Repository) -> SafeString | str:
        if row.database_id is None:
            return "–"
        others = Repository.objects.filter(database_id=row.database_id).exclude(pk=row.pk)
        advice = ""
        if row.state == Repository.State.DUPLICATE:
            advice = " Give its tools to one of the two and delete the other: this one takes the name once it is free."
        return format_html("{}.{}", _links(others) or "none", advice)

    @admin.display(description="former names")
    def its_former_names(self, row: Repository) -> SafeString | str:
        names = row.former_names.values_list("full_name", "until")
        return _list("{} until {}", ((name, as_date(until, "Y-m-d")) for name, until in names))

    @admin.display(description="last snapshots")
    def its_snapshots(self, row: Repository) -> SafeString | str:
        last = row.snapshots.order_by("-date")[:SHOWN].values_list("date", "stars", "forks")
        return _list("{}: {} stars, {} forks", ((day.isoformat(), *figures) for day, *figures in last))

    @admin.display(description="last failures")
    def its_failures(self, row: Repository) -> SafeString | str:
        last = row.failure_rows.order_by("-at")[:SHOWN].values_list("at", "kind", "reason")
        return _list("{}: {}, {}", ((as_date(at, "Y-m-d H:i"), *why) for at, *why in last))

    @admin.action(description="Read again now", permissions=["change"])
    def read_again(self, request: HttpRequest, rows: QuerySet[Repository]) -> None:
        count = retries.read_again(pks=list(rows.values_list("pk", flat=True)))
        self.message_user(request, f"{count} will be read next.", messages.SUCCESS)

    @admin.action(description="Take the other repository of this name as ours", permissions=["change"])
    def take_namesake(self, request: HttpRequest, rows: QuerySet[Repository]) -> HttpResponse | None:
        replaced = list(rows.filter(state=Repository.State.REPLACED))
        if not replaced:
            self.message_user(request, "None: no other repository bears these names.", messages.WARNING)
            return None
        if "confirmed" not in request.POST:
            context = {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "rows": replaced,
                "title": "Take the other repository?",
            }
            return TemplateResponse(request, "admin/github/repository/take_namesake.html", context)
        count = retries.take_namesake(pks=[row.pk for row in replaced])
        words = f"{count} replaced one{pluralize(count)} will be read under the name."
        self.message_user(request, words, messages.SUCCESS)
        return None


def _line(line: str | tuple[str, ...]) -> tuple[str, ...]:
    return (line,) if isinstance(line, str) else line


def _links(rows: QuerySet[Repository]) -> SafeString:
    return format_html_join(
        ", ",
        '<a href="{}">{}</a> ({})',
        (
            (reverse("admin:github_repository_change", args=[row.pk]), row.full_name, row.get_state_display())
            for row in rows
        ),
    )


def _list(line: str, rows: Any) -> SafeString | str:
    items = format_html_join("", f"<li>{line}</li>", rows)
    return format_html("<ul>{}</ul>", items) if items else "none"


@admin.register(FormerName)
class FormerNameAdmin(ReadOnlyAdmin[FormerName]):
    list_display = ("full_name", "repository", "until")
    list_select_related = ("repository",)
    search_fields = ("full_name", *BY_NAME)


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin[Release]):
    list_display = ("repository", "tag", "published_on")
    list_select_related = ("repository",)
    list_filter = ("published_on",)
    search_fields = (*BY_NAME, "tag")
    show_full_result_count = False


@admin.register(Failure)
class FailureAdmin(ReadOnlyAdmin[Failure]):
    list_display = ("at", "kind", "repository", "reason")
    list_select_related = ("repository",)
    list_filter = ("kind", "at", ("repository", admin.EmptyFieldListFilter))
    search_fields = (*BY_NAME, "reason")


@admin.register(RateLimit)
class RateLimitAdmin(ReadOnlyAdmin[RateLimit]):
    list_display = (
        "resource",
        "remaining",
        "quota",
        "reset_at",
        "not_before",
        "refusals",
        "reason",
        "requests",
        "changed_at",
    )
    list_filter = (("not_before", admin.EmptyFieldListFilter),)
    search_fields = ("resource", "reason")
    actions = ("ask_again",)

    def has_ask_permission(self, request: HttpRequest) -> bool:
        """Whether the person may end a wait: the right to change limits, which does nothing else."""
        return request.user.has_perm("github.change_ratelimit")

    @admin.action(description="Ask again now, where GitHub named no time", permissions=["ask"])
    def ask_again(self, request: HttpRequest, rows: QuerySet[RateLimit]) -> None:
        count = turns.end_waits(list(rows.values_list("resource", flat=True)))
        if count:
            self.message_user(request, f"Waits that are over: {count}.", messages.SUCCESS)
        else:
            self.message_user(request, "None waits, or GitHub itself named the time.", messages.WARNING)


@admin.register(StarReading)
class StarReadingAdmin(admin.ModelAdmin[StarReading]):
    list_display = ("repository", "date", "stars", "forks", "source")
    list_select_related = ("repository",)
    list_filter = ("source",)
    search_fields = ("repository__full_name",)
    autocomplete_fields = ("repository",)
    show_full_result_count = False
