from django import forms
from django.http import QueryDict

from apps.accounts.models import User
from apps.notifications.models import Channel, Digest, Kind
from apps.notifications.selectors import channels_of
from apps.notifications.services.preferences import choose_channels, choose_digest


class SettingsForm(forms.Form):
    """How a person wants to be told of each kind of thing: a field of radios for each, and the weekly mail."""

    digest = forms.BooleanField(
        required=False, label="Mail me once a week what is new on the tools I run or follow"
    )

    def __init__(self, data: QueryDict | None = None, *, person: User) -> None:
        initial: dict[str, object] = {kind.value: channel for kind, channel in channels_of(person).items()}
        initial["digest"] = Digest.objects.filter(person=person).exists()
        super().__init__(data, initial=initial)
        self._person = person
        for kind in Kind:
            self.fields[kind] = forms.ChoiceField(
                label=kind.label,
                choices=Channel.choices,
                widget=forms.RadioSelect,
                error_messages={"required": "Choose one of these.", "invalid_choice": "Choose one of these."},
            )

    @property
    def kinds(self) -> list[forms.BoundField]:
        return [self[kind] for kind in Kind]

    def save(self) -> None:
        choose_channels(
            person=self._person, channels={kind: Channel(self.cleaned_data[kind]) for kind in Kind}
        )
        choose_digest(person=self._person, wanted=self.cleaned_data["digest"])
