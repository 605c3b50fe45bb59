"""What people type: filters of lists, stacks, what they run, companies, imports."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from rapidfuzz import fuzz, process

from apps.accounts.forms import LinesField
from apps.accounts.models import User
from apps.core.folding import one_line
from apps.stacks.models import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_WHY_CHARACTERS,
    PARTIAL_DATE_PATTERN,
    REPOSITORY_PATTERN,
    Company,
    Item,
    Stack,
    Tier,
)
from apps.tools.models import Category, Tool
from apps.tools.selectors import FUZZY_CUTOFF, search_tools

# Of one form: each costs up to three queries. A longer list is pasted.
MAX_NAMES = 20
NAME_CHARACTERS = 60
SUGGESTIONS = 3
# A pasted list of names, with links and remarks.
MAX_LIST_CHARACTERS = 20_000

_INPUT = {"class": "input"}
_TYPED = {"class": "input", "autocomplete": "off"}
_TEXT = {"class": "input", "rows": 3}

# Of a stack: folded where the page is about something else.
_MORE_FIELDS = frozenset(["description", "link", "repository"])

# What `owner` says for oneself; else it is the slug of a company.
ME = "me"


class StackFilterForm(forms.Form):
    """`?tool=&layer=&kind=&company=&tier=`. What is no choice is ignored, so that old links go on working."""

    tool = forms.CharField(required=False, max_length=NAME_CHARACTERS, widget=forms.TextInput(attrs=_TYPED))
    layer = forms.SlugField(required=False, max_length=60)
    kind = forms.ChoiceField(required=False, choices=Stack.Kind.choices)
    company = forms.CharField(required=False, max_length=80, widget=forms.TextInput(attrs=_TYPED))
    tier = forms.ChoiceField(required=False, choices=Tier.choices)

    @property
    def chosen(self) -> dict[str, str]:
        """The valid values that are not empty."""
        self.is_valid()
        return {
            name: value.strip()
            for name, value in self.cleaned_data.items()
            if value.strip() and "\0" not in value
        }


def find_named(name: str) -> tuple[Tool | None, list[Tool]]:
    """The listed tool whose name, slug or alias `name` is; or none, and what may be meant. Three queries at most."""
    found = search_tools(name[:NAME_CHARACTERS], limit=SUGGESTIONS)
    # What is merely close comes without this mark, or with a higher one.
    exact = [tool for tool in found if getattr(tool, "nearness", None) == 0]
    return (exact[0], []) if exact else (None, found)


def names_alike(names: Sequence[str]) -> dict[str, list[Tool]]:
    """For each of `names` the listed tools whose names are spelt much like it, best first. One query."""
    tools = list(Tool.objects.listed().only("name", "slug"))
    spelt = [tool.name.lower() for tool in tools]
    return {
        name: [
            tools[at]
            for _, _, at in process.extract(
                name[:NAME_CHARACTERS].lower(),
                spelt,
                scorer=fuzz.ratio,
                score_cutoff=FUZZY_CUTOFF,
                limit=SUGGESTIONS,
            )
        ]
        for name in names
    }


def _unknown(name: str, others: Sequence[Tool]) -> SafeString:
    if not others:
        return format_html("We know no tool called “{}”.", name)
    names = format_html_join(" or ", "<b>{}</b>", ((tool.name,) for tool in others))
    return format_html("We know no tool called “{}”. Did you mean {}?", name, names)


class ToolsField(forms.Field):
    """Names of tools, in one field with commas between them or in several of one name; a list of tools when cleaned."""

    widget = forms.TextInput

    def __init__(self, *, at_most: int = MAX_NAMES, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.at_most = at_most

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(_names(value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[Tool]:
        names = list(dict.fromkeys(_names(value)))
        if not names and self.required:
            raise ValidationError("Name a tool.")
        if len(names) > self.at_most:
            raise ValidationError(
                "Name one tool." if self.at_most == 1 else f"Name at most {self.at_most} tools at a time."
            )
        tools: dict[int, Tool] = {}
        wrong: list[ValidationError] = []
        for name in names:
            tool, others = find_named(name)
            if tool:
                tools[tool.pk] = tool
            else:
                wrong.append(ValidationError(_unknown(name, others)))
        if wrong:
            raise ValidationError(wrong)
        return list(tools.values())


def _names(value: Any) -> list[str]:
    texts = value if isinstance(value, list) else [value or ""]
    return [name.strip()[:NAME_CHARACTERS] for text in texts for name in str(text).split(",") if name.strip()]


class PickerInput(forms.TextInput):
    """A text field that static/js/picker.js makes a picker: then it sends a value for each tool that was picked."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"autocomplete": "off", "maxlength": 1200, **(attrs or {})})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        given = data.getlist(name) if hasattr(data, "getlist") else [data.get(name) or ""]
        return [text.replace("\0", "") for text in given]


class PartialDateField(forms.CharField):
    """ "2024", "2024-04" or "2024-04-01": a day that exists, not one to come."""

    default_validators = [
        RegexValidator(
            rf"^{PARTIAL_DATE_PATTERN}\Z",
            'Write "2024", "2024-04" or "2024-04-01", as exactly as you know it.',
        )
    ]

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={**_TYPED, "size": 10, "placeholder": "2024-04"})
        super().__init__(max_length=10, required=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if text:
            try:
                date.fromisoformat(text + "0000-01-01"[len(text) :])
            except ValueError:
                raise ValidationError("There is no such day.") from None
            if text > timezone.localdate().isoformat():
                raise ValidationError("That day is still to come.")
        return text


def companies_of(person: User) -> list[Company]:
    """Those that the person belongs to, by name."""
    return list(Company.objects.filter(memberships__person=person).order_by("name", "pk"))


class StackForm(forms.ModelForm[Stack]):
    """A stack: what the service takes. `owner`, of a new one, is the person or one of their companies."""

    owner = forms.ChoiceField(
        label="Whose it is",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one.", "invalid_choice": "Choose one of these."},
    )
    description = LinesField(
        required=False,
        max_length=MAX_DESCRIPTION_CHARACTERS,
        label="What it does",
        help_text="Two sentences are plenty. Markdown: **bold**, `code`, lists and links.",
        widget=forms.Textarea(attrs=_TEXT),
    )
    link = forms.URLField(
        required=False,
        max_length=200,
        assume_scheme="https",
        label="Link",
        help_text="Where one finds it, if anywhere.",
        widget=forms.URLInput(attrs={**_TYPED, "placeholder": "https://"}),
        error_messages={"invalid": "Write an address such as https://example.com/."},
    )
    repository = forms.CharField(
        required=False,
        max_length=200,
        label="Repository on GitHub",
        help_text="Such as pallets/flask. With it you can have the stack read from there, and show that it is yours.",
        widget=forms.TextInput(attrs={**_TYPED, "spellcheck": "false", "autocapitalize": "none"}),
    )

    class Meta:
        model = Stack
        fields = ("name", "description", "kind", "link", "visibility", "repository")
        labels = {"visibility": "Who sees it", "name": "Name", "kind": "Kind"}
        widgets = {
            "name": forms.TextInput(attrs=_TYPED),
            "kind": forms.Select(attrs=_INPUT),
            "visibility": forms.Select(attrs=_INPUT),
        }

    field_order = ("name", "owner", "kind", "visibility", "description", "link", "repository")

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].error_messages["required"] = "Give it a name."
        if self.instance.pk:
            del self.fields["owner"]
            return
        self.companies = {company.slug: company for company in companies_of(person)}
        if not self.companies:
            del self.fields["owner"]
            return
        owner = cast(forms.ChoiceField, self.fields["owner"])
        owner.choices = [
            (ME, f"Mine, {person.get_full_name()}"),
            *((slug, company.name) for slug, company in self.companies.items()),
        ]
        self.initial.setdefault("owner", ME)

    def clean_name(self) -> str:
        name = one_line(self.cleaned_data["name"])
        if not name:
            raise ValidationError("Give it a name.")
        return name

    def clean_repository(self) -> str:
        return clean_repository(self.cleaned_data["repository"])

    @property
    def values(self) -> dict[str, Any]:
        """What services take, once the form is valid."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields if name in self.cleaned_data}

    @property
    def main_fields(self) -> list[forms.BoundField]:
        """What a new stack can't do without."""
        return [field for field in self if field.name not in _MORE_FIELDS]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        """What can as well be said later."""
        return [field for field in self if field.name in _MORE_FIELDS]

    @property
    def company(self) -> Company | None:
        return self.companies.get(self.cleaned_data.get("owner", ME))

    def _post_clean(self) -> None:
        """The service checks what the database promises, and says it by field: the row that is shown stays as it is."""


def clean_repository(text: str) -> str:
    """`owner/name` of what people paste: that, or an address at github.com. Raises `ValidationError`."""
    name = text.strip().removesuffix("/")
    for prefix in ("https://", "http://", "www.", "github.com/", "git@github.com:"):
        name = name.removeprefix(prefix)
    name = "/".join(name.split("/")[:2]).removesuffix(".git")
    if name:
        RegexValidator(rf"^{REPOSITORY_PATTERN}\Z", "Write owner/name as on GitHub, such as pallets/flask.")(
            name
        )
    return name


class AddForm(forms.Form):
    """Tools that a stack runs from now on."""

    tools = ToolsField(
        label="Add tools",
        help_text=f"Names with commas between them, up to {MAX_NAMES}: Flask, PostgreSQL",
        widget=PickerInput(),
    )


class ItemForm(forms.ModelForm[Item]):
    """What is said of a tool that a stack runs."""

    why = LinesField(
        required=False,
        max_length=MAX_WHY_CHARACTERS,
        label="Why you use it",
        help_text="The reason a colleague would get. Markdown.",
        widget=forms.Textarea(attrs={**_TEXT, "autofocus": True}),
    )
    since = PartialDateField(label="Since")

    class Meta:
        model = Item
        fields = ("why", "version", "since", "stage", "scope")
        labels = {"stage": "Stage", "scope": "What for", "version": "Version"}
        widgets = {
            "version": forms.TextInput(attrs={**_TYPED, "size": 10}),
            "stage": forms.Select(attrs=_INPUT),
            "scope": forms.Select(attrs=_INPUT),
        }

    field_order = ("why", "version", "since", "stage", "scope")

    def clean_version(self) -> str:
        return one_line(self.cleaned_data["version"])

    def _post_clean(self) -> None:
        """As in `StackForm`: the service writes."""


class DropForm(forms.Form):
    """When and why a stack stopped running a tool, and what came in its place; of what it ran once, the same."""

    until = PartialDateField(label="Until", help_text="Empty: today.")
    replaced_by = ToolsField(
        at_most=1,
        required=False,
        label="Replaced by",
        help_text="The tool that does its work now. It joins the stack if it is not there yet.",
        widget=PickerInput(),
    )
    why_not = LinesField(
        required=False,
        max_length=MAX_WHY_CHARACTERS,
        label="Why it went",
        help_text="What others should know before they choose it. Markdown.",
        widget=forms.Textarea(attrs=_TEXT),
    )

    def __init__(self, *args: Any, item: Item, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.item = item

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = self.cleaned_data
        since, until = self.item.since, values.get("until", "")
        # Of two that are not equally exact, only as far as both say.
        shared = min(len(since), len(until))
        if since[:shared] > until[:shared]:
            self.add_error("until", f"The stack runs it since {since}: it can't have gone before that.")
        if any(tool.pk == self.item.tool_id for tool in values.get("replaced_by", ())):
            self.add_error("replaced_by", "It can't replace itself: change its version instead.")
        return values

    @property
    def values(self) -> dict[str, Any]:
        """What `drop_item` takes."""
        tools = self.cleaned_data["replaced_by"]
        return self.cleaned_data | {"replaced_by": tools[0] if tools else None}


class ImportForm(forms.Form):
    """One of three: files, which the upload handler has read already, a repository, or a list of names."""

    stack = forms.ModelChoiceField(
        queryset=Stack.objects.none(),
        required=False,
        label="For",
        empty_label="A new stack",
        widget=forms.Select(attrs=_INPUT),
        error_messages={"invalid_choice": "Choose one of your stacks."},
    )
    repository = forms.CharField(
        required=False,
        max_length=200,
        label="Repository on GitHub",
        help_text="owner/name or its address. It must be public.",
        widget=forms.TextInput(
            attrs={
                **_TYPED,
                "spellcheck": "false",
                "autocapitalize": "none",
                "placeholder": "https://github.com/pallets/flask",
            }
        ),
    )
    names = LinesField(
        required=False,
        max_length=MAX_LIST_CHARACTERS,
        label="Names",
        help_text="One in each line, or with commas between them. A Markdown list with links will do.",
        widget=forms.Textarea(attrs={"class": "input", "rows": 6, "spellcheck": "false"}),
        error_messages={"max_length": "This list is too long: leave all but the names out."},
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A browser would cut what is pasted without a word.
        del self.fields["names"].widget.attrs["maxlength"]
        stack = cast("forms.ModelChoiceField[Stack]", self.fields["stack"])
        stack.queryset = Stack.objects.editable_by(person).with_owner().order_by("name", "pk")
        stack.label_from_instance = lambda stack: f"{stack.owner_name}: {stack.name}"  # type: ignore[assignment]

    def clean_repository(self) -> str:
        return clean_repository(self.cleaned_data["repository"])


class CompanyForm(forms.ModelForm[Company]):
    """A company: what services take. The slug is for a new one only."""

    description = LinesField(
        required=False,
        max_length=MAX_DESCRIPTION_CHARACTERS,
        label="What it does",
        help_text="Markdown.",
        widget=forms.Textarea(attrs=_TEXT),
    )
    website = forms.URLField(
        required=False,
        max_length=200,
        assume_scheme="https",
        widget=forms.URLInput(attrs={**_TYPED, "placeholder": "https://"}),
        error_messages={"invalid": "Write an address such as https://example.com/."},
    )

    class Meta:
        model = Company
        fields = ("name", "slug", "domain", "website", "description")
        labels = {"slug": "Address on this site", "domain": "Domain"}
        help_texts = {
            "slug": "Lower-case letters, digits and single hyphens. Left empty, it is made of the name.",
            "domain": "Such as example.com. Who has a mail address there can join; a DNS record shows it is yours.",
        }
        widgets = {
            "name": forms.TextInput(attrs={**_TYPED, "autocomplete": "organization"}),
            "slug": forms.TextInput(attrs={**_TYPED, "autocapitalize": "none", "spellcheck": "false"}),
            "domain": forms.TextInput(attrs={**_TYPED, "autocapitalize": "none", "spellcheck": "false"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].error_messages["required"] = "Give its name."
        self.fields["slug"].required = False
        if self.instance.pk:
            del self.fields["slug"]

    def clean_name(self) -> str:
        name = one_line(self.cleaned_data["name"])
        if not name:
            raise ValidationError("Give its name.")
        return name

    def clean_domain(self) -> str:
        domain: str = self.cleaned_data["domain"].strip().lower()
        for prefix in ("https://", "http://", "www."):
            domain = domain.removeprefix(prefix)
        return domain.split("/")[0]

    @property
    def values(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields if name in self.cleaned_data}

    def _post_clean(self) -> None:
        """As in `StackForm`: the service writes."""


def show_problems(form: forms.BaseForm, error: ValidationError) -> None:
    """Put what a service refused beside the fields that it names; what is of no field of the form, above them."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    problems: Mapping[str, list[ValidationError]] = error.error_dict
    for name, errors in problems.items():
        form.add_error(name if name in form.fields else None, errors)


def layer_choices() -> list[Category]:
    """The layers in their order. One query."""
    return list(Category.objects.filter(level=Category.Level.LAYER).order_by("position", "name"))
