"""A question and a decision, as people type them."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.urls import reverse

from apps.accounts.forms import LinesField
from apps.accounts.models import User
from apps.advice.limits import MAX_CHOSEN, MAX_TOOLS
from apps.advice.models import (
    MAX_BODY_CHARACTERS,
    MAX_CONTEXT_CHARACTERS,
    MAX_TITLE_CHARACTERS,
    MAX_WHY_CHARACTERS,
    MIN_TITLE_CHARACTERS,
    Post,
    PostTool,
)
from apps.advice.services.posts import Named
from apps.core.folding import one_line
from apps.stacks.forms import PartialDateField, PickerInput, ToolsField
from apps.stacks.models import Stack
from apps.tools.models import Tool

# Of what was rejected; the others are folded.
SHOWN_ROWS = 2

_INPUT = {"class": "input"}
_TYPED = {"class": "input", "autocomplete": "off"}
# Looks for what was asked before while it is typed: advice/_similar.html.
_LOOKS_FOR_SIMILAR = {
    "hx-trigger": "input changed delay:400ms",
    "hx-target": "#similar",
    "hx-swap": "innerHTML",
    "hx-include": "[name=options], [name=chosen]",
    "hx-sync": "this:replace",
}
_CHOOSE = {"invalid_choice": "Choose one of these."}
_TOO_LONG = {"max_length": "Write at most %(limit_value)d characters; these are %(show_value)d."}


class NamedToolsField(ToolsField):
    """Tools, shown again by their names where they were picked or kept by their slugs."""

    widget = PickerInput

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        given = [name.strip() for text in value for name in str(text).split(",") if name.strip()]
        names = (
            dict(Tool.objects.listed().filter(slug__in=given).values_list("slug", "name")) if given else {}
        )
        # A name with a comma would be two.
        return ", ".join(slug if "," in names.get(slug, "") else names.get(slug, slug) for slug in given)


class PostForm(forms.Form):
    """What both kinds of threads have."""

    kind: str
    person: User
    # Fields whose values the services take as they are.
    VALUES: Sequence[str] = ()
    # Fields of the services that are called otherwise here.
    FIELD_OF: Mapping[str, str] = {}

    title = forms.CharField(
        max_length=MAX_TITLE_CHARACTERS,
        help_text=f"{MIN_TITLE_CHARACTERS} to {MAX_TITLE_CHARACTERS} characters.",
        widget=forms.TextInput(attrs=_TYPED),
        error_messages=_TOO_LONG,
    )
    body = LinesField(
        max_length=MAX_BODY_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 10}),
        error_messages=_TOO_LONG,
    )

    def clean_title(self) -> str:
        title = one_line(self.cleaned_data["title"])
        if len(title) < MIN_TITLE_CHARACTERS:
            raise ValidationError(f"Write at least {MIN_TITLE_CHARACTERS} characters.")
        return title

    @property
    def tools(self) -> list[Named]:
        """The tools and their parts, once the form is valid."""
        raise NotImplementedError

    @property
    def values(self) -> dict[str, Any]:
        """The other fields, as services take them."""
        return {name: self.cleaned_data[name] for name in self.VALUES}

    def add_problems(self, error: ValidationError | PermissionDenied) -> None:
        """Show what a service refused: at its field where the form has that, else above all. The words typed stay."""
        if isinstance(error, PermissionDenied):
            self.add_error(None, str(error))
            return
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, problems in error.error_dict.items():
            self.add_error(self.FIELD_OF.get(name, name if name in self.fields else None), problems)


class QuestionForm(PostForm):
    kind = Post.Kind.ADVICE
    VALUES = ("team_size", "stage", "scale", "constraints", "decide_by")
    FIELD_OF = {"tools": "options"}

    options = NamedToolsField(
        at_most=MAX_TOOLS,
        required=False,
        label="Tools you are weighing",
        help_text=f"Up to {MAX_TOOLS}. Leave it empty if you are open to anything.",
    )
    about = NamedToolsField(
        at_most=MAX_TOOLS,
        required=False,
        label="What else it is about",
        help_text="Such as the language or the platform that it has to fit.",
    )
    team_size = forms.ChoiceField(
        required=False,
        label="Team",
        choices=[("", "Not said"), *Post.TeamSize.choices],
        widget=forms.Select(attrs=_INPUT),
        error_messages=_CHOOSE,
    )
    stage = forms.ChoiceField(
        required=False,
        label="Stage",
        choices=[("", "Not said"), *Post.Stage.choices],
        widget=forms.Select(attrs=_INPUT),
        error_messages=_CHOOSE,
    )
    scale = forms.CharField(
        required=False,
        max_length=MAX_CONTEXT_CHARACTERS,
        label="Scale",
        help_text="Users, requests, data, servers.",
        widget=forms.TextInput(attrs=_TYPED),
        error_messages=_TOO_LONG,
    )
    constraints = forms.CharField(
        required=False,
        max_length=MAX_CONTEXT_CHARACTERS,
        label="Constraints",
        help_text="What is ruled out, or has to be: budget, hosting, skills, rules.",
        widget=forms.TextInput(attrs=_TYPED),
        error_messages=_TOO_LONG,
    )
    decide_by = forms.DateField(
        required=False,
        label="Decide by",
        widget=forms.DateInput(attrs={**_INPUT, "type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Write a day such as 2027-01-31."},
    )

    field_order = ("title", "options", "about", "body")

    def __init__(self, *args: Any, person: User, post: Post | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        _say(self, "title", "Your question in one line", "Write your question in one line.")
        if post is None:
            address = reverse("advice:similar")
            self.fields["title"].widget.attrs |= _LOOKS_FOR_SIMILAR | {"hx-get": address}
        _say(
            self,
            "body",
            "What have you tried, and what matters?",
            "Write what you have tried and what matters.",
        )

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if "options" in values and "about" in values and not values["options"] and not values["about"]:
            self.add_error("options", "Name at least one tool: what you are weighing, or what it is about.")
        return values

    @property
    def tools(self) -> list[Named]:
        parts = {"options": PostTool.Role.OPTION, "about": PostTool.Role.ABOUT}
        return [Named(tool, role) for name, role in parts.items() for tool in self.cleaned_data[name]]

    @property
    def context_fields(self) -> list[forms.BoundField]:
        """What helps those who answer and may be left out."""
        return [self[name] for name in self.VALUES]

    @property
    def has_context(self) -> bool:
        """Whether there is something to see in them."""
        return any(field.value() or field.errors for field in self.context_fields)


class DecisionForm(PostForm):
    kind = Post.Kind.DECISION
    VALUES = ("since", "again", "stack")
    FIELD_OF = {"tools": "chosen"}

    chosen = NamedToolsField(
        at_most=MAX_CHOSEN,
        label="What you chose",
        help_text=f"One tool, or up to {MAX_CHOSEN} that go together.",
    )
    since = PartialDateField(label="Since when you run it", help_text="As exactly as you know it.")
    again = forms.ChoiceField(
        required=False,
        label="Would you choose it again?",
        choices=[("", "Not said"), *Post.Again.choices],
        widget=forms.Select(attrs=_INPUT),
        error_messages=_CHOOSE,
    )
    stack = forms.ModelChoiceField(
        queryset=Stack.objects.none(),
        required=False,
        label="In which stack",
        help_text="A public one of yours that runs it.",
        empty_label="None",
        widget=forms.Select(attrs=_INPUT),
        error_messages={"invalid_choice": "Choose one of your public stacks."},
    )

    def __init__(self, *args: Any, person: User, post: Post | None = None, **kwargs: Any) -> None:
        """`person`: whose stacks can be named. `post`: the one that is edited."""
        super().__init__(*args, **kwargs)
        self.person = person
        _say(self, "title", "Your decision in one line", "Write your decision in one line.")
        _say(self, "body", "Why, and how has it gone?", "Write why you chose it, and how it has gone.")
        self.row_names = []
        for number in range(1, MAX_TOOLS + 1):
            tool, why = f"rejected_{number}", f"why_{number}"
            self.fields[tool] = NamedToolsField(at_most=1, required=False, label=f"Rejected tool {number}")
            self.fields[why] = forms.CharField(
                required=False,
                max_length=MAX_WHY_CHARACTERS,
                label="Why not",
                widget=forms.TextInput(attrs=_TYPED),
                error_messages=_TOO_LONG,
            )
            self.row_names.append((tool, why))
        stacks = Stack.objects.editable_by(person).public()
        if post and post.stack_id:
            # It stays though nobody else sees it any more.
            stacks = Stack.objects.filter(Q(pk__in=stacks.values("pk")) | Q(pk=post.stack_id))
        field = cast("forms.ModelChoiceField[Stack]", self.fields["stack"])
        field.queryset = stacks.order_by("name", "pk")

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The fields of what was rejected, and why."""
        return [(self[tool], self[why]) for tool, why in self.row_names]

    @property
    def has_more_rows(self) -> bool:
        """Whether there is something to see in the rows that are folded."""
        return any(field.value() or field.errors for row in self.rows[SHOWN_ROWS:] for field in row)

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        for name, why in self.row_names:
            if name in values and not values[name] and values.get(why):
                self.add_error(name, "Name the tool that this is about.")
        return values

    @property
    def tools(self) -> list[Named]:
        values = self.cleaned_data
        chosen = [Named(tool, PostTool.Role.CHOSEN) for tool in values["chosen"]]
        return chosen + [
            Named(tool, PostTool.Role.REJECTED, values[why])
            for name, why in self.row_names
            for tool in values[name]
        ]


def typed_in(data: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The `initial` of a form out of what was typed into one: {name: [text, ...]}."""
    initial: dict[str, Any] = {}
    for name, values in data.items():
        texts = [str(text).replace("\0", "") for text in values]
        initial[name] = texts if _is_of_tools(name) else texts[-1] if texts else ""
    return initial


def _is_of_tools(name: str) -> bool:
    return name in ("options", "about", "chosen") or name.startswith("rejected_")


def initial_of(post: Post) -> dict[str, Any]:
    """The `initial` of the form that edits `post`. One query."""
    initial: dict[str, Any] = {"title": post.title, "body": post.body}
    initial |= {name: getattr(post, name) for name in FORMS[post.kind].VALUES}
    initial["stack"] = post.stack_id
    rejected = 0
    for row in post.post_tools.select_related("tool"):
        if row.role == PostTool.Role.REJECTED:
            rejected += 1
            initial[f"rejected_{rejected}"] = [row.tool.slug]
            initial[f"why_{rejected}"] = row.why
        else:
            initial.setdefault(_FIELD_OF_ROLE[row.role], []).append(row.tool.slug)
    return initial


_FIELD_OF_ROLE: Mapping[str, str] = {
    PostTool.Role.OPTION: "options",
    PostTool.Role.ABOUT: "about",
    PostTool.Role.CHOSEN: "chosen",
}

FORMS: Mapping[str, type[QuestionForm] | type[DecisionForm]] = {
    form.kind: form for form in (QuestionForm, DecisionForm)
}


def _say(form: forms.Form, name: str, label: str, required: str) -> None:
    form.fields[name].label = label
    form.fields[name].error_messages["required"] = required
