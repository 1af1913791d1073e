"""What people type into the pages of songs and mixes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from mixing.engine.mixers.interface import PRESENCES
from mixing.models import Song, Stem


class SongForm(forms.ModelForm):
    """A song's title."""

    class Meta:
        model = Song
        fields = ("title",)


class MixForm(forms.Form):
    """Which mixer, how loud, and how present each stem is to be."""

    mixer = forms.CharField(max_length=64)
    target_lufs = forms.FloatField(required=False, min_value=-40, max_value=-5)

    def __init__(self, data: Any, *, stems: Iterable[Stem]) -> None:
        super().__init__(data)
        self.stems = list(stems)
        for stem in self.stems:
            choices = [(presence, presence) for presence in PRESENCES]
            self.fields[f"presence-{stem.uuid}"] = forms.ChoiceField(required=False, choices=choices)

    def intent(self) -> dict[str, Any]:
        """The wish as the engine reads it; what was left open is left to the mixer."""
        wishes = {stem.name: self.cleaned_data[f"presence-{stem.uuid}"] for stem in self.stems}
        return {
            "target_lufs": self.cleaned_data["target_lufs"],
            "stems": {name: {"presence": presence} for name, presence in wishes.items() if presence},
        }

    def first_error(self) -> tuple[str, str]:
        """The name of a field and what is wrong with it."""
        name, sentences = next(iter(self.errors.items()))
        return name, str(sentences[0])
