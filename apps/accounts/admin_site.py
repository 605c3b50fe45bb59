"""The way into the Django admin: by the site's own sign-in, for staff with a second factor."""

from collections.abc import Iterable
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.accounts.models import User

# Their rows are secrets: keys of providers, and of people's second factors.
SECRET_MODELS = frozenset({"socialaccount.SocialApp", "socialaccount.SocialToken", "mfa.Authenticator"})


class AdminSite(admin.AdminSite):
    """Lets in active staff who have set up an authenticator or passkey, unless ADMIN_SECOND_FACTOR is off."""

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models = model_or_iterable if isinstance(model_or_iterable, Iterable) else [model_or_iterable]
        shown = [model for model in models if model._meta.label not in SECRET_MODELS]
        super().register(shown, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not self._lacks_factor(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        back = request.GET.get("next", request.path)
        if not request.user.is_authenticated:
            return redirect_to_login(back)
        if super().has_permission(request):
            if self._lacks_factor(request):
                messages.warning(
                    request,
                    "The admin needs a second factor: add a passkey or an authenticator app here first.",
                )
                return redirect("mfa_index")
            return redirect("admin:index")
        raise PermissionDenied("The admin is for moderators. Sign in with an account that is one.")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """By the site's own page, which asks who it is, tells the person by mail and revokes tokens."""
        return redirect("account_change_password")

    def _lacks_factor(self, request: HttpRequest) -> bool:
        user = request.user
        return settings.ADMIN_SECOND_FACTOR and not (isinstance(user, User) and is_mfa_enabled(user))
