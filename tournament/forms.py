"""What pages of the arena send."""

from __future__ import annotations

from django import forms

from tournament.models import Vote
from tournament.services.votes import MOST_HEARD_S, MOST_SWITCHES


class BattleForm(forms.Form):
    """Which song to fight on."""

    song = forms.UUIDField(error_messages={"required": "Choose a song.", "invalid": "Choose a song."})


class VoteForm(forms.Form):
    """A vote, and what the player counted while it was made."""

    choice = forms.ChoiceField(choices=Vote.Choice.choices)
    heard_a_s = forms.FloatField(min_value=0, max_value=MOST_HEARD_S, required=False)
    heard_b_s = forms.FloatField(min_value=0, max_value=MOST_HEARD_S, required=False)
    switches = forms.IntegerField(min_value=0, max_value=MOST_SWITCHES, required=False)

    def clean_heard_a_s(self) -> float:
        return self.cleaned_data["heard_a_s"] or 0.0

    def clean_heard_b_s(self) -> float:
        return self.cleaned_data["heard_b_s"] or 0.0

    def clean_switches(self) -> int:
        return self.cleaned_data["switches"] or 0
