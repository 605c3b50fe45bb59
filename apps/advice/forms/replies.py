"""Replies, comments and outcomes, as people type them. What may be said the services check."""

from typing import Any

from django import forms

from apps.accounts.forms import LinesField
from apps.advice.forms.posts import NamedToolsField
from apps.advice.limits import MAX_RECOMMENDED
from apps.advice.models import (
    MAX_COMMENT_CHARACTERS,
    MAX_OUTCOME_CHARACTERS,
    MAX_REPLY_CHARACTERS,
    Draft,
    Outcome,
    Post,
    Reply,
)
from apps.tools.models import Tool

_TEXT = {"class": "input"}
_TOO_LONG = "Write at most %(limit_value)d characters; these are %(show_value)d."


class ReplyForm(forms.Form):
    """An answer, and up to three tools that it recommends."""

    tools = NamedToolsField(
        label="Tools you recommend",
        help_text=f"Up to {MAX_RECOMMENDED}, or none.",
        at_most=MAX_RECOMMENDED,
        required=False,
    )
    body = LinesField(
        label="What would you do, and why?",
        help_text="Say what you run today and at what size. Experience beats opinion.",
        max_length=MAX_REPLY_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": "Write your answer.", "max_length": _TOO_LONG},
    )

    def __init__(self, *args: Any, post: Post, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if post.is_decision:
            self.fields["body"].label = "How has it gone for you, or what would you have chosen?"
            self.fields["body"].error_messages["required"] = "Write your reply."


class CommentForm(forms.Form):
    body = LinesField(
        label="Comment",
        help_text="A question or a remark. Markdown works.",
        max_length=MAX_COMMENT_CHARACTERS,
        # Who opens it writes: htmx goes there, too, when it puts the form in place.
        widget=forms.Textarea(attrs=_TEXT | {"rows": 3, "autofocus": True}),
        error_messages={"required": "Write something.", "max_length": _TOO_LONG},
    )


class OutcomeForm(forms.Form):
    """What became of a question."""

    verdict = forms.ChoiceField(
        label="How did it go?",
        choices=Outcome.Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one.", "invalid_choice": "Choose one of these."},
    )
    chosen = NamedToolsField(
        label="What did you choose?",
        help_text="One tool of the catalogue, if it has it.",
        at_most=1,
        required=False,
    )
    text = LinesField(
        label="What would you tell somebody with the same question?",
        help_text="Markdown works.",
        max_length=MAX_OUTCOME_CHARACTERS,
        required=False,
        widget=forms.Textarea(attrs=_TEXT | {"rows": 4}),
        error_messages={"max_length": _TOO_LONG},
    )

    def clean_chosen(self) -> Tool | None:
        tools: list[Tool] = self.cleaned_data["chosen"]
        return tools[0] if tools else None


def typed_reply(draft: Draft | None) -> dict[str, Any]:
    """The `initial` of a `ReplyForm` as it was typed and kept."""
    data = draft.data if draft else {}
    return {"body": "\n".join(data.get("body", [])), "tools": data.get("tools", [])}


def initial_of_reply(reply: Reply) -> dict[str, Any]:
    """The `initial` of the form that edits `reply`. One query."""
    tools = reply.recommended.order_by("recommendations__position")
    return {"body": reply.body, "tools": list(tools.values_list("slug", flat=True))}


def initial_of_outcome(outcome: Outcome | None) -> dict[str, Any]:
    """The `initial` of the form that tells it otherwise."""
    if outcome is None or outcome.answered_at is None:
        return {}
    chosen = [outcome.chosen.slug] if outcome.chosen else []
    return {"verdict": outcome.verdict, "chosen": chosen, "text": outcome.text}
