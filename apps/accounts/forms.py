"""What people write about themselves."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import URLValidator

from apps.accounts.displaynames import problem_of_name
from apps.accounts.models import BIO_CHARACTERS, MAX_LINKS, ApiToken, User
from apps.accounts.services.avatars import MAX_BYTES, AvatarError, draw_avatar
from apps.accounts.services.tokens import LIFETIMES
from apps.core.folding import one_line

LINK_CHARACTERS = 200


class LinesField(forms.CharField):
    """Text of several lines, each ended as they are counted: browsers send two characters where they count one."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class LinksField(LinesField):
    """Up to `MAX_LINKS` web addresses, one in each line; a list when cleaned."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> Any:
        lines = super().clean(value).split("\n")
        wrong = [
            words for number, line in enumerate(lines, 1) if (words := _wrong_link(number, line.strip()))
        ]
        if wrong:
            raise ValidationError(wrong)
        links = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
        if len(links) > MAX_LINKS:
            raise ValidationError(f"At most {MAX_LINKS} links; these are {len(links)}.")
        return links


def _wrong_link(number: int, line: str) -> str:
    """What is wrong with the address in a line, or nothing."""
    if not line:
        return ""
    if len(line) > LINK_CHARACTERS:
        return f"Line {number} is longer than {LINK_CHARACTERS} characters."
    try:
        URLValidator(schemes=["http", "https"])(line)
        has_name = "@" in urlsplit(line).netloc
    except (ValidationError, ValueError):
        has_name = None
    if has_name is None or not line.isprintable():
        return f"Line {number} is not a web address: one begins with https:// or http:// and has no spaces."
    return f"Line {number} has a name or password in the address. Leave them out." if has_name else ""


class ProfileForm(forms.ModelForm[User]):
    """A person's profile and picture. `cleaned_data["avatar"]` is the picture as we drew it, bytes of WebP, or None."""

    bio = LinesField(
        required=False,
        max_length=BIO_CHARACTERS,
        label="About you",
        help_text=f"At most {BIO_CHARACTERS:,} characters. Markdown: **bold**, *italic*, `code`, lists and links.",
        widget=forms.Textarea(attrs={"rows": 6, "class": "input"}),
    )
    links = LinksField(
        required=False,
        help_text=f"Up to {MAX_LINKS}, one in each line: your site, your repositories, where else to find you.",
        widget=forms.Textarea(attrs={"rows": 5, "class": "input", "spellcheck": "false"}),
    )
    # No `ImageField`: it would decode the file before we have looked at its size, and believe its name.
    avatar = forms.FileField(
        required=False,
        label="Picture",
        max_length=None,
        help_text="JPEG, PNG, WebP or GIF, at most 4 MB. We crop it to a square and remove what else is in the file.",
        widget=forms.FileInput(
            attrs={"accept": "image/jpeg,image/png,image/webp,image/gif", "class": "input"}
        ),
    )
    without_avatar = forms.BooleanField(required=False, label="Remove the picture")

    class Meta:
        model = User
        fields = ("name", "title", "company", "place", "bio")
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name", "class": "input"}),
            "title": forms.TextInput(attrs={"autocomplete": "organization-title", "class": "input"}),
            "company": forms.TextInput(attrs={"autocomplete": "organization", "class": "input"}),
            "place": forms.TextInput(attrs={"autocomplete": "address-level2", "class": "input"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["links"] = self.instance.links

    def clean(self) -> dict[str, Any]:
        for name in ("name", "title", "company", "place"):
            if name in self.cleaned_data:
                self.cleaned_data[name] = one_line(self.cleaned_data[name])
        if problem := problem_of_name(self.cleaned_data.get("name", "")):
            self.add_error("name", problem)
        if "links" in self.cleaned_data:
            self.instance.links = self.cleaned_data["links"]
        return self.cleaned_data

    def clean_avatar(self) -> bytes | None:
        file: UploadedFile[bytes] | None = self.cleaned_data["avatar"]
        if file is None:
            return None
        if (file.size or 0) > MAX_BYTES:
            raise ValidationError("This file is larger than 4 MB. Make it smaller and try again.")
        try:
            return draw_avatar(file)
        except AvatarError as error:
            raise ValidationError(str(error)) from error


class UsernameForm(forms.Form):
    username = forms.CharField(
        max_length=30,
        label="New username",
        help_text="3 to 30 lower-case letters and digits, with single hyphens or underscores between them.",
        widget=forms.TextInput(
            attrs={
                "class": "input",
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )

    def clean_username(self) -> str:
        """In lower case, as names are when people sign up."""
        username: str = self.cleaned_data["username"]
        return username.lower()


class TokenForm(forms.ModelForm[ApiToken]):
    lifetime = forms.ChoiceField(
        label="Expires",
        choices=LIFETIMES,
        initial="90",
        widget=forms.Select(attrs={"class": "input"}),
        help_text="A token that is forgotten somewhere does no harm once it has expired.",
    )

    class Meta:
        model = ApiToken
        fields = ("name", "scope")
        labels = {"name": "What for", "scope": "It may"}
        widgets = {
            "name": forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
            "scope": forms.Select(attrs={"class": "input"}),
        }

    @property
    def days(self) -> int | None:
        """After how many days the token expires; None: never."""
        return int(self.cleaned_data["lifetime"]) or None


class CloseForm(forms.Form):
    """The username typed once more, so that nobody closes an account by accident."""

    username = forms.CharField(
        label="Your username",
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "autocapitalize": "none"}),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person = person

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if username.removeprefix("@").lower() != self._person.username:
            raise ValidationError("This is not your username.")
        return username
