"""What an owner says when giving a song to the arena."""

from __future__ import annotations

from django import forms

from tournament.services.consents import GENRES, LICENCES


class ConsentForm(forms.Form):
    """Under which licence a song may be judged."""

    licence = forms.ChoiceField(choices=LICENCES, help_text="Voters see it beside the song.")
    genre = forms.ChoiceField(choices=[("", "Choose one"), *GENRES])
    agreed = forms.BooleanField(
        label="I agree", error_messages={"required": "Say that you agree; without that the song stays private."}
    )
