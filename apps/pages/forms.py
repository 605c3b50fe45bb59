from typing import cast

from django import forms

from apps.pages.models import ContactMessage


class ContactForm(forms.ModelForm[ContactMessage]):
    """A message to the operator. `website` is hidden from people; who fills it in is a robot."""

    website = forms.CharField(
        required=False,
        label="Leave this empty",
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    class Meta:
        model = ContactMessage
        fields = ("name", "email", "subject", "text")
        labels = {"name": "Your name", "email": "Your e-mail address", "text": "Message"}
        help_texts = {"email": "For the answer, and for nothing else.", "text": "At most 5,000 characters."}
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name", "class": "input"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email", "class": "input"}),
            "subject": forms.TextInput(attrs={"class": "input"}),
            "text": forms.Textarea(attrs={"rows": 8, "class": "input"}),
        }

    def clean_subject(self) -> str:
        """One line: it becomes a mail's header."""
        return " ".join(cast(str, self.cleaned_data["subject"]).split())

    @property
    def is_robot(self) -> bool:
        return bool(self.cleaned_data.get("website"))

    @property
    def message(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("name", "email", "subject", "text")}
