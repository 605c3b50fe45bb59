"""The filters of lists of tools."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django import forms
from django.db.models import Count, QuerySet

from apps.core.templatetags.ui import license_name
from apps.tools.models import Tool
from apps.tools.querysets import ToolQuerySet

ORDERS = {"stars": "Most stars", "name": "Name", "newest": "Newest first release"}


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
