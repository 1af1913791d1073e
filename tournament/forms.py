"""What pages of the arena send."""

from __future__ import annotations

import json
from typing import Any, Final

from django import forms

from tournament.models import Vote, VoteReason

LONGEST_REPORT: Final = 20_000
"""Characters of one side's stretches."""
MOST_SWITCHES: Final = 10_000


class BattleForm(forms.Form):
    """Which song to fight on."""

    song = forms.UUIDField(error_messages={"required": "Choose a song.", "invalid": "Choose a song."})


class StretchesField(forms.CharField):
    """JSON of any shape; whether it is a list of stretches is for the engine to say."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return json.loads(text or "[]")
        except (ValueError, RecursionError):
            raise forms.ValidationError("Stretches come as JSON, [[from, to], …] in seconds.") from None


class HeardForm(forms.Form):
    """What sounded since the last report."""

    token = forms.CharField(max_length=60)
    a = StretchesField(max_length=LONGEST_REPORT, required=False)
    b = StretchesField(max_length=LONGEST_REPORT, required=False)
    switches = forms.IntegerField(min_value=0, max_value=MOST_SWITCHES, required=False)

    def clean_switches(self) -> int:
        return self.cleaned_data["switches"] or 0


class VoteForm(forms.Form):
    """A vote and its ballot."""

    choice = forms.ChoiceField(choices=Vote.Choice.choices)
    token = forms.CharField(
        max_length=60, error_messages={"required": "This vote came without its ballot. Reload the page."}
    )


class ReasonsForm(forms.Form):
    """Why, one or several."""

    codes = forms.MultipleChoiceField(
        choices=VoteReason.Code.choices, error_messages={"required": "Choose at least one reason, or leave it."}
    )
