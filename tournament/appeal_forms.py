"""What a person writes whose votes are held back."""

from __future__ import annotations

from django import forms

from tournament.services.quarantine import LONGEST_TEXT


class AppealForm(forms.Form):
    """In their own words."""

    text = forms.CharField(
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": "Write a sentence or two.",
            "max_length": f"An appeal has {LONGEST_TEXT} characters at most.",
        },
    )
