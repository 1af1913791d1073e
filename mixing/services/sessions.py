"""A song as mixers and the renderer see it. For workers: an analysis of another version is measured again here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mixing.engine.audio.whole_file import whole_file
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import AudioFeatures, MelWindows, SessionFeatures, StemFeatures
from mixing.engine.roles import Role
from mixing.models import Song, Stem
from mixing.services import storage
from mixing.services.stems import kept_bytes

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

        def told(done: float, before: int = index) -> None:
            if progress is not None:
                progress((before + done) / len(chosen))

        audio, mel = _heard(stem, told)
        features.append(StemFeatures(name=stem.name, role=cast(Role, stem.role), audio=audio, mel=mel))
        told(1.0)
    rate = _rate(song)
    tempo_bpm, key = _music(song, chosen)
    return SessionFeatures(sample_rate=rate, stems=tuple(features), tempo_bpm=tempo_bpm, key=key)


def stem_sources(song: Song, stems: Iterable[Stem] | None = None) -> list[StemSource]:
    """The canonical files of these stems, or of all that are ready; one that is gone is named."""
    from mixing.engine.console.sources import StemSource

    chosen = ready_stems(song) if stems is None else list(stems)
    return [StemSource(stem.name, _sound(stem)) for stem in chosen]


def _rate(song: Song) -> int:
    if song.sample_rate is None:
        raise MixFailed("empty_session", "There is no stem to mix.")
    return song.sample_rate


def _music(song: Song, stems: Sequence[Stem]) -> tuple[float | None, str | None]:
    """Tempo and key, heard once for the same stems in the same roles and kept with the song."""
    from mixing.engine.audio import music

    told = sorted(f"{stem.sha256} {stem.role}" for stem in stems)
    digest = hashlib.sha256("\n".join([str(music.MUSIC_VERSION), *told]).encode()).hexdigest()
    if song.music_digest != digest:
        heard = music.listen([(_sound(stem), cast(Role, stem.role)) for stem in stems])
        song.tempo_bpm, song.key, song.music_digest = heard.tempo_bpm, heard.key or "", digest
        kept = {"tempo_bpm": song.tempo_bpm, "key": song.key, "music_digest": digest}
        Song.objects.filter(pk=song.pk).update(**kept)
    return song.tempo_bpm, song.key or None


def _sound(stem: Stem) -> Path:
    path = storage.absolute(stem.audio_path)
    if not path.is_file():
        raise MixFailed("stem_gone", f"“{stem.name}” was deleted meanwhile. Mix again.", field=stem.name)
    return path


def _heard(stem: Stem, progress: Callable[[float], None]) -> tuple[AudioFeatures, MelWindows]:
    """What was measured when the stem came, or what is measured now if that is missing, broken or outdated."""
    try:
        return AudioFeatures.from_dict(stem.analysis or {}), MelWindows.load(
            storage.mel_file(storage.absolute(stem.audio_path))
        )
    except MixFailed:
        return _listen_again(stem, progress)


def _listen_again(stem: Stem, progress: Callable[[float], None]) -> tuple[AudioFeatures, MelWindows]:
    from mixing.engine.audio.analysis import analyse_with_mel

    path = _sound(stem)
    features, mel = analyse_with_mel(path, name=stem.name, progress=progress)
    kept = storage.mel_file(path)
    with whole_file(kept) as unfinished:
        mel.save(unfinished)
    stem.analysis = features.to_dict()
    stem.stored_bytes = kept_bytes(path, storage.absolute(stem.peaks_path))
    if not Stem.objects.filter(pk=stem.pk).update(analysis=stem.analysis, stored_bytes=stem.stored_bytes):
        storage.remove(kept)
    return features, mel
