"""From a seed to a multitrack: plan, perform, balance, export."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile as sf

from mixing.engine.generator import accompaniment, melody, rhythm_section
from mixing.engine.generator.drums import Kit, draw_kit, play_drums
from mixing.engine.generator.form import Plan, plan_song
from mixing.engine.generator.instruments import PLAYERS, draw_colour
from mixing.engine.generator.score import Hit, Note
from mixing.engine.generator.styles import Chair
from mixing.engine.generator.transitions import play_transitions
from mixing.engine.generator.waves import Wave, soften_ends
from mixing.engine.roles import Role

DEMO_SEED: Final = 14
DEMO_DURATION_S: Final = 75.0
LICENCE: Final = "CC0-1.0"
ARTIST: Final = "AI Mixer"

_BALANCE_PEAK_DBFS: Final = -3.0
_EXPORT_PEAK_DBFS: Final = (-15.0, -2.0)
_HITS: Final[dict[str, Callable[[Plan], list[Hit]]]] = {
    "kick": rhythm_section.kick_hits,
    "snare": rhythm_section.snare_hits,
    "hats": rhythm_section.hat_hits,
    "percussion": rhythm_section.percussion_hits,
    "toms": rhythm_section.tom_hits,
    "cymbals": rhythm_section.cymbal_hits,
}
_NOTES: Final[dict[str, Callable[[Plan], list[Note]]]] = {
    "bass": rhythm_section.bass_notes,
    "chords": accompaniment.chord_notes,
    "pad": accompaniment.pad_notes,
    "strum": accompaniment.strum_notes,
    "arpeggio": accompaniment.arpeggio_notes,
    "lead": melody.lead_notes,
}
_BALANCE_DB: Final = {
    "kick": -3.5, "snare": -4.5, "hats": -12.0, "percussion": -13.5, "toms": -7.0, "cymbals": -12.5, "bass": -3.0,
    "chords": -5.0, "strum": -7.5, "pad": -9.5, "arpeggio": -9.5, "lead": -5.0, "fx": -13.5,
}  # fmt: skip
_TITLES: Final = (
    ("Paper", "Velvet", "Northern", "Slow", "Copper", "Glass", "Late", "Quiet", "Amber", "Distant", "Neon", "Winter"),
    ("Harbour", "Lanterns", "Avenue", "Weather", "Satellites", "Orchard", "Letters", "Tide", "Platform", "Gardens"),
)


@dataclass(frozen=True, slots=True)
class GeneratedStem:
    """One track as a musician would export it.

    Parameters
    ----------
    name : str
        File name without its ending.
    role : Role
    audio : np.ndarray [shape=(channels, samples), dtype=float32]
        1 or 2 channels, peak below -1 dBFS.
    balance_db : float
        The gain that brings this stem back from the level of its export to the balance that the song was written in:
        a known answer for whoever fits or tests a mixer.
    """

    name: str
    role: Role
    audio: npt.NDArray[np.float32]
    balance_db: float


@dataclass(frozen=True, slots=True)
class GeneratedSong:
    """A multitrack with what is known about it."""

    seed: int
    title: str
    genre: str
    tempo_bpm: int
    key: str
    sample_rate: int
    stems: tuple[GeneratedStem, ...]
    plan: Plan


def generate(seed: int, *, sample_rate: int = 44100, duration_s: float = DEMO_DURATION_S) -> GeneratedSong:
    """Write and perform a song.

    Parameters
    ----------
    seed : int
        0 or more; the same seed, rate and duration give the same samples.
    sample_rate : int
        22050 Hz or more.
    duration_s : float
        Exact length of every stem, 1 to 600 s; under ten bars only verse and chorus, or a chorus alone, are played.

    Returns
    -------
    GeneratedSong
        Stems of equal length that start together, dry or nearly so, at the uneven levels of raw tracks.

    Raises
    ------
    ValueError
        If rate or duration are out of range.
    """
    if sample_rate < 22050 or not 1.0 <= duration_s <= 600.0:
        raise ValueError("A song takes a rate of at least 22050 Hz and 1 to 600 seconds.")
    plan = plan_song(seed, duration_s)
    kit = draw_kit(plan.rng("kit"), electronic=plan.style.electronic)
    frames = round(duration_s * sample_rate)
    tracks = [
        _balanced(perform(plan, chair, kit, sample_rate, frames), chair, sample_rate) for chair in plan.style.band
    ]
    words = plan.rng("title")
    return GeneratedSong(
        seed=seed,
        title=" ".join(str(words.choice(choices)) for choices in _TITLES),
        genre=plan.style.genre,
        tempo_bpm=plan.clock.tempo_bpm,
        key=plan.key.name,
        sample_rate=sample_rate,
        stems=_export(plan, tracks),
        plan=plan,
    )


def perform(plan: Plan, chair: Chair, kit: Kit, sample_rate: int, frames: int) -> Wave:
    """Play one chair's part: ``(channels, frames)`` with faded ends and exact zeros where nothing sounds."""
    track = np.zeros((chair.channels, frames))
    rng = plan.rng(f"{chair.name} sound")
    if chair.duty in _HITS:
        play_drums(_HITS[chair.duty](plan), kit, rng, sample_rate, track)
    elif chair.duty == "fx":
        play_transitions(accompaniment.transitions(plan), rng, sample_rate, track)
    else:
        instrument = chair.instruments[int(rng.integers(len(chair.instruments)))]
        PLAYERS[instrument](_NOTES[chair.duty](plan), draw_colour(rng), rng, sample_rate, track)
    ring_s = min(0.8, 0.08 * frames / sample_rate)
    track = soften_ends(track, sample_rate, attack_s=0.001, release_s=ring_s)
    track[np.abs(track) < 2.0**-24] = 0.0
    return track


def _balanced(track: Wave, chair: Chair, sample_rate: int) -> Wave:
    level_db = playing_level_db(track, sample_rate)
    return track if level_db is None else np.asarray(track * 10.0 ** ((_BALANCE_DB[chair.duty] - level_db) / 20.0))


def playing_level_db(track: Wave, sample_rate: int) -> float | None:
    """Level of a track while it plays: the louder half of those 400 ms that are within 30 dB of the loudest.

    A weighting that falls below 60 Hz and rises by 4 dB above 1.5 kHz stands in for the ear; None for silence.
    """
    window = min(track.shape[1], round(0.4 * sample_rate))
    count = track.shape[1] // window
    spectra = np.fft.rfft(track[:, : count * window].reshape(len(track), count, window), axis=2)
    frequencies = np.fft.rfftfreq(window, 1.0 / sample_rate)
    bass = frequencies**4 / (frequencies**4 + 60.0**4)
    weight = bass * (1.0 + 1.5 * frequencies**2 / (frequencies**2 + 1500.0**2)) * 2.0 / window**2
    power = np.sum((spectra.real**2 + spectra.imag**2) @ weight, axis=0)
    if not np.max(power) > 0.0:
        return None
    playing = np.sort(power[power > 1e-3 * np.max(power)])
    return float(10.0 * np.log10(np.mean(playing[len(playing) // 2 :])))


def _export(plan: Plan, tracks: list[Wave]) -> tuple[GeneratedStem, ...]:
    """Leave the balance: each stem gets a peak level of its own, as raw tracks do, and remembers the way back."""
    mix = np.zeros((2, tracks[0].shape[1]))
    for track in tracks:
        mix += track
    mix_gain = 10.0 ** (_BALANCE_PEAK_DBFS / 20.0) / max(float(np.max(np.abs(mix))), 1e-9)
    rng, stems = plan.rng("export levels"), []
    for chair, track in zip(plan.style.band, tracks, strict=True):
        peak = max(float(np.max(np.abs(track))), 1e-9)
        gain = 10.0 ** (float(rng.uniform(*_EXPORT_PEAK_DBFS)) / 20.0) / peak
        balance_db = float(20.0 * np.log10(mix_gain / gain))
        stems.append(GeneratedStem(chair.name, chair.role, (track * gain).astype(np.float32), round(balance_db, 2)))
    return tuple(stems)


def write(song: GeneratedSong, folder: Path) -> Path:
    """Write every stem as a 24-bit WAV, and ``song.json`` beside them.

    Returns
    -------
    Path
        The ``song.json``: title, licence and the role of each file. ``human_balance`` is null, as these are raw tracks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stem in song.stems:
        sf.write(folder / f"{stem.name}.wav", stem.audio.T, song.sample_rate, subtype="PCM_24", format="WAV")
    card = {
        "id": f"generated_{song.seed}",
        "title": song.title,
        "artist": ARTIST,
        "genre": song.genre,
        "tempo_bpm": song.tempo_bpm,
        "key": song.key,
        "licence": LICENCE,
        "licence_evidence": "written and performed by the project's own generator",
        "source": f"mixing.engine.generator, seed {song.seed}",
        "human_mix": None,
        "human_balance": None,
        "weights_may_ship": True,
        "stems": [{"file": f"{stem.name}.wav", "role": stem.role} for stem in song.stems],
    }
    path = folder / "song.json"
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
