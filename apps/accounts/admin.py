from typing import Any

from allauth.account.admin import EmailAddressAdmin as AllauthEmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.socialaccount.admin import SocialAccountAdmin as AllauthSocialAccountAdmin
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.admin import UserSessionAdmin as AllauthUserSessionAdmin
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.utils import timezone

from apps.accounts.forms import LinksField
from apps.accounts.models import ApiToken, DataExport, FormerUsername, PersonFollow, User
from apps.accounts.services.personal import tell_of_standing
from apps.accounts.services.sessions import end_access
from apps.accounts.services.tokens import revoke_tokens
from apps.accounts.services.usernames import check_is_free, hold_name, keep_former
from apps.core.admin import ReadOnlyAdmin
from apps.core.jobs import ring

# Nobody gives themselves, or others, more rights than they have.
RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")

HAS_VERIFIED = Exists(EmailAddress.objects.filter(user=OuterRef("pk"), verified=True))


class NewPersonForm(AdminUserCreationForm[User]):
    def clean_username(self) -> str:
        """Refuse names that were somebody's, too."""
        username: str = self.cleaned_data["username"]
        # Held until the admin's transaction ends.
        with hold_name(username):
            check_is_free(username)
        return username


class PersonForm(UserChangeForm[User]):
    def clean_username(self) -> str:
        """Refuse names that are, or were, somebody else's. Moderators may give another one at any time."""
        username: str = self.cleaned_data["username"]
        with hold_name(username):
            check_is_free(username, person=self.instance)
        return username


class PasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    user: User

    def save(self, commit: bool = True) -> User:
        """That column alone; votes and follows may have come since the row was read. Tokens go with the password."""
        super().save(commit=False)
        self.user.save(update_fields=["password"])
        revoke_tokens(person=self.user)
        return self.user


class VerifiedFilter(admin.SimpleListFilter):
    title = "verified address"
    parameter_name = "verified"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Yes"), ("0", "No")]

    def queryset(self, request: HttpRequest, rows: QuerySet[User]) -> QuerySet[User]:
        match self.value():
            case "1":
                return rows.filter(HAS_VERIFIED)
            case "0":
                return rows.exclude(HAS_VERIFIED)
        return rows


class EmailAddressInline(admin.TabularInline[EmailAddress, User]):
    model = EmailAddress
    extra = 0


class FormerUsernameInline(admin.TabularInline[FormerUsername, User]):
    model = FormerUsername
    extra = 0
    fields = readonly_fields = ("username", "given_up_at")

    def has_add_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User]):
    """People. They are locked out here, never deleted: they close their accounts themselves, which counts right."""

    form = PersonForm
    add_form = NewPersonForm
    change_password_form = PasswordForm
    list_display = (
        "username", "name", "email", "is_verified", "is_active", "is_staff", "closed_at", "date_joined", "last_login",
    )  # fmt: skip
    list_filter = (
        "is_active",
        "is_staff",
        "is_demo",
        VerifiedFilter,
        ("closed_at", admin.EmptyFieldListFilter),
        "date_joined",
    )
    search_fields = ("username", "name", "email", "former_usernames__username")
    date_hierarchy = "date_joined"
    actions = ("lock_out", "let_in_again")
    inlines = (EmailAddressInline, FormerUsernameInline)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("name", "email", "title", "company", "place", "bio", "links")}),
        ("Rights", {"fields": ("is_active", *RIGHTS)}),
        ("Counted", {"fields": ("follower_count", "reputation")}),
        ("Dates", {"fields": ("last_login", "date_joined", "closed_at")}),
    )
    readonly_fields = ("follower_count", "reputation", "last_login", "date_joined", "closed_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).annotate(_verified=HAS_VERIFIED)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "links":
            return LinksField(required=False, widget=AdminTextareaWidget, help_text="One in each line.")
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return self.inlines if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Staff are changed by those with all rights only: who sets a password has the account."""
        is_above = obj is None or not (obj.is_staff or obj.is_superuser) or request.user.is_superuser
        return is_above and super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        rights = () if request.user.is_superuser else RIGHTS
        # Who closed the account stays out.
        closed = ("is_active",) if obj and obj.closed_at else ()
        return (*super().get_readonly_fields(request, obj), *rights, *closed)

    @admin.display(boolean=True, description="verified", ordering="_verified")
    def is_verified(self, person: User) -> bool:
        return bool(person._verified)  # type: ignore[attr-defined]

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: bool) -> None:
        if change and "username" in form.changed_data:
            keep_former(person=obj, username=form.initial["username"], taken=obj.username)
        if change:
            # These columns alone: votes and follows may have come since the row was read.
            columns = {field.name for field in User._meta.concrete_fields}
            obj.save(update_fields=columns.intersection(form.changed_data))
        else:
            super().save_model(request, obj, form, change)
        if not obj.is_active:
            end_access(person=obj)
        if "is_active" in form.changed_data:
            tell_of_standing(obj)

    @admin.action(description="Lock out", permissions=["change"])
    def lock_out(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """At once and everywhere. Not oneself, and not those whose rights must be taken first."""
        people = list(rows.filter(is_active=True, is_staff=False, is_superuser=False))
        for person in people:
            with transaction.atomic():
                person.is_active = False
                person.save(update_fields=["is_active"])
                end_access(person=person)
                tell_of_standing(person)
            self.log_change(request, person, "Locked out.")
        self.message_user(
            request,
            f"{len(people)} locked out. Staff and those who were locked out already are left as they were.",
            messages.SUCCESS if people else messages.WARNING,
        )

    @admin.action(description="Let in again", permissions=["change"])
    def let_in_again(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        # Staff were locked out by those with all rights.
        below = {} if request.user.is_superuser else {"is_staff": False, "is_superuser": False}
        people = list(rows.filter(is_active=False, closed_at=None, **below))
        for person in people:
            with transaction.atomic():
                person.is_active = True
                person.save(update_fields=["is_active"])
                tell_of_standing(person)
            self.log_change(request, person, "Let in again.")
        self.message_user(
            request,
            f"{len(people)} let in again. Who closed the account stays out, and only a superuser lets in staff.",
            messages.SUCCESS if people else messages.WARNING,
        )


@admin.register(FormerUsername)
class FormerUsernameAdmin(ReadOnlyAdmin[FormerUsername]):
    list_display = ("username", "person", "given_up_at")
    list_select_related = ("person",)
    search_fields = ("username", "person__username")

    def has_delete_permission(self, request: HttpRequest, obj: FormerUsername | None = None) -> bool:
        """To have a name free again that nobody should keep."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(PersonFollow)
class PersonFollowAdmin(ReadOnlyAdmin[PersonFollow]):
    list_display = ("follower", "person", "created_at")
    list_select_related = ("follower", "person")
    search_fields = ("follower__username", "person__username")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin[ApiToken]):
    """The keys to the API: that they are there, never what they are."""

    list_display = (
        "name", "person", "scope", "last_characters", "created_at", "expires_at", "last_used_at", "revoked_at",
    )  # fmt: skip
    list_filter = ("scope", ("revoked_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("person",)
    search_fields = ("name", "person__username")
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiToken]) -> None:
        count = rows.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, f"{count} token{pluralize(count)} revoked.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_apitoken")


@admin.register(DataExport)
class DataExportAdmin(ReadOnlyAdmin[DataExport]):
    """Who asked for their data; not the data."""

    list_display = ("person", "requested_at", "written_at", "attempts", "last_error")
    list_filter = (("written_at", admin.EmptyFieldListFilter), "requested_at")
    list_select_related = ("person",)
    search_fields = ("person__username",)
    exclude = ("file",)
    actions = ("try_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataExport]:
        return super().get_queryset(request).defer("file")

    @admin.action(description="Try again those that could not be written", permissions=["try_again"])
    def try_again(self, request: HttpRequest, rows: QuerySet[DataExport]) -> None:
        count = rows.filter(written_at=None).update(attempts=0, last_error="")
        ring("apps.accounts.tasks.write_due_exports")
        self.message_user(request, f"{count} export{pluralize(count)} will be written.")

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_dataexport")


# --- Of others -----------------------------------------------------------------------------------

# Theirs can be written, which is a way into any account, or to more rights. They are registered when their modules
# are imported above, whichever app comes first.
admin.site.unregister([EmailAddress, SocialAccount, UserSession, Group])


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin[EmailAddress], AllauthEmailAddressAdmin):  # type: ignore[misc]
    actions = ()
    list_select_related = ("user",)


@admin.register(SocialAccount)
class SocialAccountAdmin(ReadOnlyAdmin[SocialAccount], AllauthSocialAccountAdmin):  # type: ignore[misc]
    list_select_related = ("user",)


@admin.register(UserSession)
class UserSessionAdmin(ReadOnlyAdmin[UserSession], AllauthUserSessionAdmin):  # type: ignore[misc]
    list_select_related = ("user",)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin):
    """What a group may do, its members may: changed by those with all rights only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)
