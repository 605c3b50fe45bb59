"""allauth's forms where they shall do something else; settings name them."""

from collections.abc import Callable
from typing import Any

from allauth.account import forms as account_forms
from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from allauth.socialaccount import forms as social_forms
from cryptography.exceptions import InvalidSignature
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from apps.accounts.models import User
from apps.accounts.services.unverified import give_way, is_taken, make_room, never_verified, pending
from apps.accounts.services.usernames import hold_name, is_of_something_else

USERNAME_HINT = (
    "3 to 30 lower-case letters and digits, - or _ between them. It is in the address of your profile."
)
EMAIL_HINT = "We send a code to it. Nobody else sees it."


class LoginForm(account_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login = self.fields["login"]
        login.label = "Username or e-mail address"
        login.widget.attrs |= {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        # Beside the button; here it would be read out with the field each time.
        self.fields["password"].help_text = ""

    def user_credentials(self) -> dict[str, Any]:
        """As a name or as an address, never as both: each try hashes the password, which tells by the time it takes."""
        credentials: dict[str, Any] = super().user_credentials()
        if "email" in credentials:
            credentials.pop("username", None)
        return credentials


class SignupMixin(forms.Form):
    """What both ways of signing up have in common: with a password, and with an account elsewhere."""

    account_already_exists: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail address"
        self.fields["email"].help_text = EMAIL_HINT
        self.fields["username"].help_text = USERNAME_HINT
        self.fields["username"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}

    def clean_username(self) -> str:
        """A name is free that somebody signed up with who gave the same address and never verified it."""
        self.cleaned_data["username"] = username = self.cleaned_data["username"].lower()
        try:
            return str(super().clean_username())  # type: ignore[misc]
        except ValidationError as error:
            email = self.cleaned_data.get("email", "")
            if error.code != "username_taken" or not pending(email).filter(username=username).exists():
                raise
        return str(username)

    def validate_unique_email(self, value: str) -> str:
        """An address is free that somebody signed up with and never verified."""
        email = str(super().validate_unique_email(value))  # type: ignore[misc]
        self.account_already_exists = self.account_already_exists and is_taken(email)
        return email

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            # A new account's password is hashed; who has one already shall not be told by the time that saves.
            make_password(self.cleaned_data.get("password1"))
        try:
            with transaction.atomic(), hold_name(username := self.cleaned_data["username"]):
                if is_of_something_else(username):
                    raise IntegrityError("A company took the name.")
                if not self.account_already_exists:
                    make_room(email=self.cleaned_data["email"], username=username)
                return super().try_save(request)  # type: ignore[misc, no-any-return]
        except IntegrityError as error:
            # Somebody else took the name or the address in this very moment.
            raise ImmediateHttpResponse(ratelimit.respond_429(request)) from error


class SignupForm(SignupMixin, account_forms.SignupForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        trap = self.fields[settings.ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD]
        trap.label = "Leave this empty"
        # allauth hides it by a style of its own, which the content security policy forbids.
        trap.widget.attrs = {"tabindex": "-1", "autocomplete": "off"}


class SocialSignupForm(SignupMixin, social_forms.SignupForm):
    def save(self, request: HttpRequest) -> User:
        """An account has one address, the one chosen here; the provider may know more."""
        chosen = self.cleaned_data["email"].lower()
        known = self.sociallogin.email_addresses
        self.sociallogin.email_addresses = [address for address in known if address.email.lower() == chosen]
        user: User = super().save(request)
        return user


class AddEmailForm(account_forms.AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "New e-mail address"


class ConfirmEmailForm(account_forms.ConfirmEmailVerificationCodeForm):
    def clean_code(self) -> str:
        code = account_forms.BaseConfirmCodeForm.clean_code(self)
        if self.user is None:
            # The account was given up in the meantime, or never was one: allauth only pretends that it sent a code.
            raise get_adapter().validation_error("incorrect_code")
        # Who has the code has the mailbox, and not whoever signed up with its address and never verified it.
        give_way(email=self.email, keep=self.user)
        super().clean_code()
        return str(code)


class ResetPasswordForm(account_forms.ResetPasswordForm):
    users: list[User]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail address"

    def clean_email(self) -> str:
        """An account that never verified the address may be somebody else's: its owner signs up instead."""
        email = super().clean_email()
        unverified = set(never_verified().filter(pk__in=[user.pk for user in self.users]))
        self.users = [user for user in self.users if user not in unverified]
        return str(email)


def refusing_nonsense(check: Callable[[], Any]) -> Any:
    """What `check` gives; a credential of the wrong shape, or with a wrong signature, is one more that is wrong."""
    try:
        return check()
    except (AttributeError, KeyError, TypeError, ValueError, InvalidSignature) as error:
        raise get_adapter().validation_error("incorrect_code") from error


class SecondFactorMixin(forms.Form):
    """Counts what fails for each person, and answers 429 after too many; allauth has one limit with the password."""

    user: User

    def limited(self, check: Callable[[], Any]) -> Any:
        usage = ratelimit.consume(
            context.request, app="allauth.account", action="second_factor", key=str(self.user.pk)
        )
        if usage is None:
            raise ImmediateHttpResponse(ratelimit.respond_429(context.request))
        value = check()
        usage.rollback()
        return value


class KeyMixin(SecondFactorMixin):
    def clean_credential(self) -> Any:
        check = super().clean_credential  # type: ignore[misc]
        return self.limited(lambda: refusing_nonsense(check))


class CodeMixin(SecondFactorMixin):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}

    def clean_code(self) -> str:
        return str(self.limited(super().clean_code))  # type: ignore[misc]


class AuthenticateForm(CodeMixin, mfa_forms.AuthenticateForm):
    pass


class ReauthenticateForm(CodeMixin, mfa_forms.ReauthenticateForm):
    pass


class AuthenticateWebAuthnForm(KeyMixin, webauthn_forms.AuthenticateWebAuthnForm):
    pass


class ReauthenticateWebAuthnForm(KeyMixin, webauthn_forms.ReauthenticateWebAuthnForm):
    pass


class LoginWebAuthnForm(webauthn_forms.LoginWebAuthnForm):
    def clean_credential(self) -> Any:
        return refusing_nonsense(super().clean_credential)


class AddWebAuthnForm(webauthn_forms.AddWebAuthnForm):
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = refusing_nonsense(super().clean)
        return cleaned

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = "To tell it from others: Phone, Blue key."
        passwordless = self.fields["passwordless"]
        passwordless.label = "Sign in with it alone, without a password"
        passwordless.help_text = "It then asks for your fingerprint, face or PIN."
        passwordless.initial = True
