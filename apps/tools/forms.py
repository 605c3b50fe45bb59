"""The filters of lists of tools, and the form of a pro or con."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.core.folding import fold
from apps.core.templatetags.ui import license_name
from apps.tools.models import MAX_FOLDED_CHARACTERS, MAX_POINT_CHARACTERS, MIN_POINT_CHARACTERS, Point, Tool
from apps.tools.points import names_address, one_line, problem_of_about
from apps.tools.querysets import ToolQuerySet

ORDERS = {
    "stars": "Most stars",
    "growing": "Most stars gained in a year",
    "name": "Name",
    "newest": "Newest first release",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a list can be filtered by, and how many of its tools have it."""

    value: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A column that a list can be filtered by, with its values, the most frequent first."""

    name: str
    label: str
    choices: Sequence[Choice]


class ToolFilterForm(forms.Form):
    """`?license=&language=&status=&order=`. What is no choice is ignored, so that old links go on working."""

    license = forms.CharField(required=False, max_length=120)
    language = forms.CharField(required=False, max_length=40)
    status = forms.ChoiceField(required=False, choices=Tool.Status.choices)
    order = forms.ChoiceField(required=False, choices=list(ORDERS.items()))

    @property
    def chosen(self) -> dict[str, str]:
        """The valid values that are not empty; `order` too, "stars" by default."""
        self.is_valid()
        values = {name: value for name, value in self.cleaned_data.items() if value and "\0" not in value}
        return {"order": "stars"} | values

    def narrow(self, tools: ToolQuerySet[Tool]) -> ToolQuerySet[Tool]:
        """`tools` with the chosen filters applied."""
        return tools.filter(**{name: value for name, value in self.chosen.items() if name != "order"})


def facets(tools: QuerySet[Tool], chosen: Mapping[str, str]) -> list[Facet]:
    """What `tools` can be filtered by. Three queries."""
    labels = {str(value): str(label).capitalize() for value, label in Tool.Status.choices}
    result = []
    for name, label in (("language", "Language"), ("license", "Licence"), ("status", "Status")):
        rows = tools.exclude(**{name: ""}).order_by().values_list(name).annotate(count=Count("pk"))
        choices = [
            Choice(value, labels.get(value) or license_name(value), count, value == chosen.get(name))
            for value, count in rows.order_by("-count", name)
        ]
        result.append(Facet(name, label, choices))
    return result


class PointForm(forms.Form):
    """A pro or con: one statement on one line, about a version or a year."""

    kind = forms.ChoiceField(
        choices=[(Point.Kind.PRO, "Pro: speaks for it"), (Point.Kind.CON, "Con: speaks against it")],
        widget=forms.RadioSelect,
        label="Is it a pro or a con?",
        error_messages={"required": "Choose one of the two.", "invalid_choice": "Choose one of the two."},
    )
    text = forms.CharField(
        label="One statement",
        help_text=f"{MIN_POINT_CHARACTERS} to {MAX_POINT_CHARACTERS} characters that a reader can check.",
        # Looks for similar ones while it is typed.
        widget=forms.TextInput(
            attrs={
                "class": "input",
                "autocomplete": "off",
                "hx-trigger": "input changed delay:300ms",
                "hx-target": "#similar",
                "hx-include": "[name=kind]",
                "hx-sync": "this:replace",
            }
        ),
        error_messages={"required": "Write what speaks for it or against it."},
    )
    about = forms.CharField(
        label="Version or year that it is about",
        help_text="Such as 3.1, 18.x or 2025: readers see when a statement has grown old.",
        max_length=20,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "size": "10"}),
        error_messages={"required": "Write the version or the year that it is about, such as 3.1 or 2025."},
    )

    def __init__(self, *args: Any, tool: Tool, point: Point | None = None, **kwargs: Any) -> None:
        """A new one on `tool`, or other words for `point`, whose kind stays."""
        super().__init__(*args, **kwargs)
        address = reverse("tools:similar-points", kwargs={"slug": tool.slug})
        if point:
            del self.fields["kind"]
            self.initial = {"text": point.text, "about": point.about}
            address += f"?kind={point.kind}&but={point.pk}"
        self.fields["text"].widget.attrs["hx-get"] = address

    def clean_text(self) -> str:
        text = one_line(self.cleaned_data["text"])
        if len(text) < MIN_POINT_CHARACTERS:
            raise ValidationError(f"Write at least {MIN_POINT_CHARACTERS} characters: what is so, and where.")
        if len(text) > MAX_POINT_CHARACTERS:
            raise ValidationError(
                f"Write at most {MAX_POINT_CHARACTERS} characters; these are {len(text)}. Leave all but one thing out."
            )
        if names_address(text):
            raise ValidationError("Leave links and addresses out.")
        if len(fold(text)) > MAX_FOLDED_CHARACTERS:
            raise ValidationError("Write it with common letters.")
        return text

    def clean_about(self) -> str:
        about: str = self.cleaned_data["about"]
        if problem := problem_of_about(about, today=timezone.localdate()):
            raise ValidationError(problem)
        return about
