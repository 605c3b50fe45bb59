"""What the list of threads can be narrowed to."""

from django import forms

from apps.advice.models import Post
from apps.stacks.forms import NAME_CHARACTERS


class PostFilterForm(forms.Form):
    """`?order=&kind=&tool=`. What is no choice is ignored, so that old links go on working."""

    ORDERS = {"newest": "Newest", "hot": "Hot", "unanswered": "Unanswered"}
    KINDS = {"": "All", Post.Kind.ADVICE.value: "Questions", Post.Kind.DECISION.value: "Decisions"}

    order = forms.ChoiceField(required=False, choices=list(ORDERS.items()))
    kind = forms.ChoiceField(required=False, choices=Post.Kind.choices)
    tool = forms.CharField(required=False, max_length=NAME_CHARACTERS)

    @property
    def chosen(self) -> dict[str, str]:
        """The valid values that are not empty."""
        self.is_valid()
        return {
            name: value.strip()
            for name, value in self.cleaned_data.items()
            if value.strip() and "\0" not in value
        }
