"""How allauth does what it does here."""

from datetime import timedelta
from typing import Any

from allauth.account import app_settings as account_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from allauth.account.models import EmailAddress
from allauth.core import context as request_context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from allauth.core.internal.httpkit import clean_client_ip
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.services.tokens import revoke_tokens
from apps.accounts.services.usernames import former_names, is_of_something_else
from apps.core.context import absolute_url
from apps.core.limits import client_address
from apps.core.mail import LIFETIME, post_mail


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_taken": "This username is taken. Choose another one.",
        "email_password_mismatch": "The address and the password don't belong together.",
        "username_password_mismatch": "The username and the password don't belong together.",
        "incorrect_code": "This code is not the right one.",
        "incorrect_password": "This is not your password.",
        "enter_current_password": "This is not your password.",
        "email_taken": "Another account has this address.",
        "duplicate_email": "This is your address already.",
        "too_many_login_attempts": "That was too often in a short time. Wait some minutes, then try again.",
        "rate_limited": "That was too often in a short time. Wait some minutes, then try again.",
    }

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Leave a mail to the worker; after its code or link has run out it is not sent any more."""
        request = request_context.request
        # Addresses that allauth made of the Host header, which is whatever the visitor says: templates begin theirs
        # with `site_url`.
        context = {name: value for name, value in context.items() if not name.endswith("_url")}
        mail = self.render_mail(
            template_prefix,
            email,
            {
                "request": request,
                "email": email,
                "product_name": settings.PRODUCT_NAME,
                "site_url": absolute_url(request, "/").removesuffix("/"),
                "hours": settings.PASSWORD_RESET_TIMEOUT // 3600,
            }
            | context,
        )
        lifetime = LIFETIME
        if "code" in context:
            lifetime = timedelta(seconds=account_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT)
        elif "uid" in context and "key" in context:
            lifetime = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
        post_mail(to=[email], subject=mail.subject, body=str(mail.body), lifetime=lifetime)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Refuse what somebody else is, or once was, called as well, and something that is no person."""
        username = super().clean_username(username, shallow)
        if not shallow and (former_names(username).exists() or is_of_something_else(username)):
            raise self.validation_error("username_taken")
        return username

    def set_password(self, user: User, password: str) -> None:
        """Whoever changes or resets it may have lost it to somebody, who may have made tokens."""
        user.set_password(password)
        user.save(update_fields=["password"])
        revoke_tokens(person=user)

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """An account keeps its address until another one is verified."""
        return not email_address.verified

    def get_client_ip(self, request: HttpRequest) -> str:
        """By the site's own count of proxies. What is no address is kept as the address of nobody."""
        return clean_client_ip(client_address(request)) or "::"

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Count what fails by address too.

        Apart from allauth's count by account, which it forgets, with all that its limit counts, when somebody's
        second factor is right: whoever has an account with one could try the passwords of all others.
        """
        usage = ratelimit.consume(request, app="allauth.account", action="login_failed_address")
        if usage is None:
            raise ImmediateHttpResponse(ratelimit.respond_429(request))
        user = super().authenticate(request, **credentials)
        if user is None:
            return None
        usage.rollback()
        assert isinstance(user, User)  # noqa: S101 - there are no other users
        return user

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Answer 429 after too many failed attempts, where allauth says so beside the field and with 200."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            raise ImmediateHttpResponse(ratelimit.respond_429(request)) from error

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """One count for each account, by whichever of its names, and by whichever port the Host header has."""
        login = str(credentials.get("email") or credentials.get("username") or "").lower()
        users = filter_users_by_email(login, prefer_verified=True, for_login=True)
        user = users[0] if users else get_user_by_username(login)
        return f"user {user.pk}" if user else f"nobody {login}"


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        """Keep of the provider's profile only what the person is called there, for them to tell accounts apart.

        Called for each answer of a provider, whatever it is for, before anything of it is saved.
        """
        user = super().populate_user(request, sociallogin, data)
        account = sociallogin.account
        account.extra_data = {"username": sociallogin.provider.wrap_account(account).to_str()}
        assert isinstance(user, User)  # noqa: S101 - there are no other users
        return user
