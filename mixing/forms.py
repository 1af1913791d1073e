"""What people type into the pages of songs and mixes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import forms

from mixing.engine.mixers.interface import PRESENCES
from mixing.engine.mixers.styles import STYLES
from mixing.models import Mixer, Song, Stem

STEM_WISHES = ("presence", "pan", "space")


class SongForm(forms.ModelForm):
    """A song's title."""

    class Meta:
        model = Song
        fields = ("title",)


class MixForm(forms.Form):
    """Which mixer, in which style, how loud, like which recording, and where each stem is to be."""

    mixer = forms.CharField(max_length=64)
    style = forms.ChoiceField(required=False, choices=[(name, style.title) for name, style in STYLES.items()])
    target_lufs = forms.FloatField(required=False, min_value=-40, max_value=-5)
    reference = forms.UUIDField(required=False)

    def __init__(self, data: Any, *, stems: Iterable[Stem]) -> None:
        super().__init__(data)
        self.stems = list(stems)
        presences = [(presence, presence) for presence in PRESENCES]
        for stem in self.stems:
            self.fields[f"presence-{stem.uuid}"] = forms.ChoiceField(required=False, choices=presences)
            self.fields[f"pan-{stem.uuid}"] = forms.FloatField(required=False, min_value=-1, max_value=1)
            self.fields[f"space-{stem.uuid}"] = forms.FloatField(required=False, min_value=0, max_value=1)

    def asked(self) -> dict[str, Any]:
        """What :func:`mixing.services.mixes.create` takes; what was left open is left to the mixer.

        A style that the mixer has a checkpoint of its own for is that checkpoint.
        """
        wish = self.cleaned_data
        styled = variant_of(wish["mixer"], wish["style"], Mixer.objects.filter(is_active=True))
        style = (wish["style"] or None) if styled is None else None
        return {
            "mixer_key": wish["mixer"] if styled is None else styled.key,
            "reference": wish["reference"],
            "intent": {"style": style, "target_lufs": wish["target_lufs"], "stems": self._stem_wishes()},
        }

    def first_error(self) -> tuple[str, str]:
        """The name of a field and what is wrong with it."""
        name, sentences = next(iter(self.errors.items()))
        return name, str(sentences[0])

    def _stem_wishes(self) -> dict[str, dict[str, Any]]:
        wishes = {}
        for stem in self.stems:
            said = {name: self.cleaned_data[f"{name}-{stem.uuid}"] for name in STEM_WISHES}
            if given := {name: value for name, value in said.items() if value not in ("", None)}:
                wishes[stem.name] = given
        return wishes


def is_variant(mixer: Mixer, mixers: Iterable[Mixer]) -> bool:
    """Whether a mixer is a style of another one of the list, as ``console-net-dark`` is of ``console-net``."""
    name = mixer.key.removeprefix(f"{mixer.family}-")
    return name in STYLES and any(other.key == mixer.family for other in mixers)


def variant_of(key: str, style: str, mixers: Iterable[Mixer]) -> Mixer | None:
    """The checkpoint that is this style of this mixer, if there is one."""
    if not style:
        return None
    return next((mixer for mixer in mixers if mixer.family == key and mixer.key == f"{key}-{style}"), None)


def again(
    mixer_key: str, intent: Mapping[str, Any], stems: Iterable[Stem], reference: UUID | None
) -> list[tuple[str, str]]:
    """The fields of the form that asks for the same mix once more."""
    uuids = {stem.name: stem.uuid for stem in stems}
    fields: list[tuple[str, Any]] = [
        ("mixer", mixer_key),
        ("style", intent.get("style")),
        ("target_lufs", intent.get("target_lufs")),
        ("reference", reference),
    ]
    for name, wish in intent.get("stems", {}).items():
        if name in uuids:
            fields += [(f"{part}-{uuids[name]}", wish.get(part)) for part in STEM_WISHES]
    return [(name, str(value)) for name, value in fields if value is not None]
