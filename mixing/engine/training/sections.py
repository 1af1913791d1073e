"""Sections of songs, mixed by random consoles on true audio: what the reference net learns from.

A song is cut in two. Each random console is set once for the song and mixes both halves with the real renderer; what is
measured on one half's mix is then the reference for the stems of the other half.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

from mixing.engine.audio.analysis import analyse_array
from mixing.engine.audio.decode import decode_blocks
from mixing.engine.audio.probe import family_rate, probe
from mixing.engine.audio.whole_file import whole_file
from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.console.renderer import render
from mixing.engine.console.sources import StemSource
from mixing.engine.mixers.interface import (
    ANALYSIS_VERSION,
    BANDS,
    WINDOW_FRAMES,
    AudioFeatures,
    MelWindows,
    SessionFeatures,
    StemFeatures,
)
from mixing.engine.training.content import content_hash
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.random_console import RANDOM_CONSOLE_VERSION, random_console

SECTIONS: Final = 2
LONGEST_SECTION_S: Final = 45.0
SECTIONS_VERSION: Final = 2
"""Changes whenever the same song and seeds give other features."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedSection:
    """The stems of one section, and what was measured on its mixes, one for each console.

    Parameters
    ----------
    session : SessionFeatures
    power_dbfs : tuple[float, ...]
        Mean power of each stem over the whole section, channels added; -200 for silence.
    mixes : tuple[AudioFeatures, ...]
        In the order of the consoles.
    """

    session: SessionFeatures
    power_dbfs: tuple[float, ...]
    mixes: tuple[AudioFeatures, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedSong:
    """A song's sections under the same random consoles."""

    song: SongEntry
    consoles: tuple[ConsoleParameters, ...]
    sections: tuple[MixedSection, ...]


class SectionAudio:
    """The stems of one section as canonical WAVs in a folder, ready to be rendered.

    Parameters
    ----------
    session : SessionFeatures
    sources : list[StemSource]
    power_dbfs : tuple[float, ...]
    """

    def __init__(self, folder: Path, names: Sequence[str], song: SongEntry, stems: Sequence[NDArray[np.float32]],
                 sample_rate: int) -> None:  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        features: list[StemFeatures] = []
        self.sources: list[StemSource] = []
        for index, (name, stem, samples) in enumerate(zip(names, song.stems, stems, strict=True)):
            path = folder / f"{index:03}.wav"
            sf.write(path, samples.T, sample_rate, subtype="FLOAT")
            audio, mel = analyse_array(samples, sample_rate)
            features.append(StemFeatures(name=name, role=stem.role, audio=audio, mel=mel))
            self.sources.append(StemSource(name, path))
        self._folder = folder
        self.session = SessionFeatures(sample_rate=sample_rate, stems=tuple(features))
        self.power_dbfs = tuple(_power_dbfs(samples) for samples in stems)

    def mix(self, console: ConsoleParameters) -> AudioFeatures:
        """Render a console on true audio and measure the mix."""
        output = self._folder / "mix.wav"
        render(self.sources, console, sample_rate=self.session.sample_rate, output=output, threads=1)
        samples, rate = sf.read(output, dtype="float32", always_2d=True)
        return analyse_array(np.ascontiguousarray(samples.T), rate)[0]


def sections_of(song: SongEntry, folder: Path) -> list[SectionAudio]:
    """Decode a song and cut it: two sections of equal length, at most LONGEST_SECTION_S each, written to ``folder``."""
    rate = family_rate(probe(song.stems[0].path, name=song.stems[0].path.name).sample_rate)
    stems = [_decoded(stem.path, rate) for stem in song.stems]
    length = max(samples.shape[1] for samples in stems) // SECTIONS
    kept = min(length, round(LONGEST_SECTION_S * rate))
    return [
        SectionAudio(
            folder / str(section),
            song.stem_names(),
            song,
            [_cut(samples, section * length, kept) for samples in stems],
            rate,
        )
        for section in range(SECTIONS)
    ]


def mixed_songs(
    songs: Iterable[SongEntry], consoles: int, *, cache: Path, tell: Callable[[str], None] | None = None
) -> list[MixedSong]:
    """Each song's sections under ``consoles`` random consoles; what was measured is kept in ``cache`` by content."""
    mixed = []
    for song in songs:
        path = cache / "sections" / f"{_key(song, consoles)}.json"
        frames = path.with_suffix(".npz")
        if not path.exists() or not frames.exists():
            if tell is not None:
                tell(f"Mixing {song.title} with {consoles} random consoles")
            path.parent.mkdir(parents=True, exist_ok=True)
            _keep(_mix_song(song, consoles), path, frames)
        with np.load(frames, allow_pickle=False) as kept:
            mixed.append(_from_dict(song, json.loads(path.read_text(encoding="utf-8")), kept))
    return mixed


def _keep(mixed: MixedSong, path: Path, frames: Path) -> None:
    with whole_file(path) as unfinished:
        unfinished.write_text(json.dumps(_to_dict(mixed)), encoding="utf-8")
    levels = {
        f"{number}/{stem.name}": stem.mel.frames_db.astype(np.float16)
        for number, section in enumerate(mixed.sections)
        for stem in section.session.stems
        if stem.mel is not None and stem.mel.frames_db is not None
    }
    with whole_file(frames) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, **levels)  # type: ignore[arg-type]


def _mix_song(song: SongEntry, count: int) -> MixedSong:
    with tempfile.TemporaryDirectory() as name:
        sections = sections_of(song, Path(name))
        consoles = tuple(random_console(sections[0].session, seed) for seed in range(count))
        return MixedSong(
            song=song,
            consoles=consoles,
            sections=tuple(
                MixedSection(
                    session=section.session,
                    power_dbfs=section.power_dbfs,
                    mixes=tuple(section.mix(console) for console in consoles),
                )
                for section in sections
            ),
        )


def _decoded(path: Path, rate: int) -> NDArray[np.float32]:
    samples = np.concatenate(list(decode_blocks(path, name=path.name)), axis=1)
    own_rate = probe(path, name=path.name).sample_rate
    if own_rate != rate:
        samples = soxr.resample(samples.T, own_rate, rate).T
    return np.ascontiguousarray(samples, dtype=np.float32)


def _cut(samples: NDArray[np.float32], start: int, frames: int) -> NDArray[np.float32]:
    out = np.zeros((samples.shape[0], frames), dtype=np.float32)
    there = samples[:, start : start + frames]
    out[:, : there.shape[1]] = there
    return out


def _power_dbfs(samples: NDArray[np.float32]) -> float:
    return float(10.0 * np.log10(max(float(np.square(samples, dtype=np.float64).mean(axis=1).sum()), 1e-20)))


def _key(song: SongEntry, consoles: int) -> str:
    versions = f"{SECTIONS_VERSION} {RANDOM_CONSOLE_VERSION} {ANALYSIS_VERSION} {consoles}"
    parts = [f"{name} {stem.role} {content_hash(stem.path)}" for name, stem in zip(song.stem_names(), song.stems,
                                                                                   strict=True)]  # fmt: skip
    return hashlib.sha256("\n".join((versions, *parts)).encode()).hexdigest()[:32]


def _to_dict(mixed: MixedSong) -> dict[str, Any]:
    return {
        "consoles": [console.to_dict() for console in mixed.consoles],
        "sections": [
            {
                "sample_rate": section.session.sample_rate,
                "stems": [
                    {"name": stem.name, "role": stem.role, "audio": stem.audio.to_dict()}
                    for stem in section.session.stems
                ],
                "power_dbfs": list(section.power_dbfs),
                "mixes": [mix.to_dict() for mix in section.mixes],
            }
            for section in mixed.sections
        ],
    }


def _from_dict(song: SongEntry, data: dict[str, Any], frames: Mapping[str, NDArray[np.float16]]) -> MixedSong:
    return MixedSong(
        song=song,
        consoles=tuple(ConsoleParameters.from_dict(console) for console in data["consoles"]),
        sections=tuple(
            MixedSection(
                session=SessionFeatures(
                    sample_rate=section["sample_rate"],
                    stems=tuple(
                        StemFeatures(
                            name=stem["name"],
                            role=stem["role"],
                            audio=AudioFeatures.from_dict(stem["audio"]),
                            mel=_levels_alone(frames[f"{number}/{stem['name']}"]),
                        )
                        for stem in section["stems"]
                    ),
                ),
                power_dbfs=tuple(section["power_dbfs"]),
                mixes=tuple(AudioFeatures.from_dict(mix) for mix in section["mixes"]),
            )
            for number, section in enumerate(data["sections"])
        ),
    )


def _levels_alone(frames_db: NDArray[np.float16]) -> MelWindows:
    """No excerpts of the spectrogram: the nets that take references do not look at any."""
    nothing = np.zeros((0, WINDOW_FRAMES, BANDS), dtype=np.float32)
    return MelWindows(nothing, nothing, frames_db.astype(np.float32))
