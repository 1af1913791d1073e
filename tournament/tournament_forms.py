"""What the tournaments' pages send."""

from __future__ import annotations

from django import forms

from tournament.engine.rounds import USUAL_ROUNDS


class TournamentForm(forms.Form):
    """On which song, how long, and whether the own rough mix takes part."""

    song = forms.UUIDField(error_messages={"required": "Choose a song.", "invalid": "Choose a song."})
    rounds = forms.IntegerField(required=False, error_messages={"invalid": "A tournament has 3 to 10 rounds."})
    with_rough_mix = forms.BooleanField(required=False)

    def clean_rounds(self) -> int:
        found = self.cleaned_data["rounds"]
        return USUAL_ROUNDS if found is None else int(found)
