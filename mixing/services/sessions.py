"""A song as mixers and the renderer see it. For workers: an analysis of another version is measured again here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import ANALYSIS_VERSION, AudioFeatures, SessionFeatures, StemFeatures
from mixing.engine.roles import Role
from mixing.models import Song, Stem
from mixing.services import storage

if TYPE_CHECKING:
    from mixing.engine.console.sources import StemSource


def ready_stems(song: Song) -> list[Stem]:
    """The stems that can be mixed, in the song's order."""
    return list(song.stems.filter(state=Stem.State.READY))


def session_features(
    song: Song, stems: Iterable[Stem] | None = None, *, progress: Callable[[float], None] | None = None
) -> SessionFeatures:
    """What was measured on these stems, or on all that are ready; fresh, whatever version measured them first."""
    chosen = ready_stems(song) if stems is None else list(stems)
    features = []
    for index, stem in enumerate(chosen):
        features.append(StemFeatures(name=stem.name, role=cast(Role, stem.role), audio=_features(stem)))
        if progress is not None:
            progress((index + 1) / len(chosen))
    return SessionFeatures(sample_rate=_rate(song), stems=tuple(features))


def stem_sources(song: Song, stems: Iterable[Stem] | None = None) -> list[StemSource]:
    """The canonical files of these stems, or of all that are ready; one that is gone is named."""
    from mixing.engine.console.sources import StemSource

    chosen = ready_stems(song) if stems is None else list(stems)
    for stem in chosen:
        if not storage.absolute(stem.audio_path).is_file():
            raise MixFailed("stem_gone", f"“{stem.name}” was deleted meanwhile. Mix again.", field=stem.name)
    return [StemSource(stem.name, storage.absolute(stem.audio_path)) for stem in chosen]


def _rate(song: Song) -> int:
    if song.sample_rate is None:
        raise MixFailed("empty_session", "There is no stem to mix.")
    return song.sample_rate


def _features(stem: Stem) -> AudioFeatures:
    if stem.analysis is None or stem.analysis.get("version") != ANALYSIS_VERSION:
        from mixing.engine.audio.analysis import analyse

        stem.analysis = analyse(storage.absolute(stem.audio_path), name=stem.name).to_dict()
        Stem.objects.filter(pk=stem.pk).update(analysis=stem.analysis)
    return AudioFeatures.from_dict(stem.analysis)
