"""Judging mixers on songs with a known balance: degrade, let them mix, measure what is left, song by song."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mixing.engine.errors import AudioRejected, MixFailed
from mixing.engine.mixers.interface import Intent, Mixer, SessionFeatures
from mixing.engine.mixers.rough_fit import CARD
from mixing.engine.mixers.rules import RoughMix
from mixing.engine.roles import group_of
from mixing.engine.session_folder import SONG_FILE
from mixing.engine.training.bootstrap import Interval, bootstrap_mean, paired_difference
from mixing.engine.training.conclusions import conclusions
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.examples import examples
from mixing.engine.training.heard import MEASURED_S, HeardSong, raw_session
from mixing.engine.training.importers.folder import without_mix
from mixing.engine.training.measures import MIX_MEASURES, STEM_MEASURES, Sound

SEEDS: Final = (0, 1, 2, 3, 4)
MEASURES: Final = (*STEM_MEASURES, *MIX_MEASURES)
UNITS: Final[Mapping[str, str]] = {
    "level_lu": "LU", "eq_db": "dB", "pan": "", "mrstft": "", "loudness_lu": "LU", "crest_db": "dB", "width": "",
    "imbalance": "", "bands_db": "dB",
}  # fmt: skip
BASELINES: Final = ("rough-mix", "equal-loudness")

Errors = Mapping[str, float]
MixersOf = Callable[[SongEntry], Sequence[Mixer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SongErrors:
    """What each mixer left wrong on one song: the mean over the seeds of each measure that applies.

    A mixer that could not mix it is absent.
    """

    id: str
    title: str
    artist: str
    kind: str
    stems: int
    vocals: bool
    mixers: Mapping[str, Errors]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All songs, and what has to be said about those that were left out or taken on trust."""

    songs: tuple[SongErrors, ...]
    remarks: tuple[str, ...]


def evaluate(
    entries: Sequence[SongEntry],
    mixers_of: MixersOf,
    seeds: Sequence[int] = SEEDS,
    *,
    cache: Path,
    tell: Callable[[SongEntry], None] | None = None,
) -> Outcome:
    """Every song, degraded by every seed, by every mixer; one song in memory at a time.

    Parameters
    ----------
    entries : Sequence[SongEntry]
        Songs of any kind; those that nothing can be compared on, or that cannot be read, are left out with a remark.
    mixers_of : Callable[[SongEntry], Sequence[Mixer]]
        Who mixes a song: always the same mixers, or those that never heard it.
    cache : Path
        Where features are kept.

    Raises
    ------
    MixFailed
        ``nothing_to_evaluate`` if no song is left.
    """
    judged, remarks = songs_to_judge(entries)
    songs: list[SongErrors] = []
    refusals: dict[str, str] = {}
    for entry in judged:
        if tell is not None:
            tell(entry)
        try:
            found = _errors_of_song(entry, mixers_of(entry), seeds, cache, refusals)
        except AudioRejected as error:
            remarks.append(f"{entry.id} is left out: {error.message}")
            continue
        if any(found.values()):
            songs.append(_song_errors(entry, found))
        else:
            remarks.append(f"{entry.id} is left out: nothing is heard in it.")
    if not songs:
        raise MixFailed("nothing_to_evaluate", " ".join(["There is no song to evaluate on.", *remarks]))
    mixed = {key for song in songs for key in song.mixers}
    remarks += [
        f"{key} did not mix {'every' if key in mixed else 'any'} song: {sentence}" for key, sentence in refusals.items()
    ]
    return Outcome(songs=tuple(songs), remarks=tuple(remarks))


def remarks_on(mixers: Sequence[Mixer], songs: Sequence[SongErrors]) -> list[str]:
    """What flatters or belittles mixers that were not made for this evaluation: songs they know, and no reference."""
    remarks = []
    judged = {song.id for song in songs}
    for each in mixers:
        known = sorted(judged & songs_known_to(each))
        if known:
            remarks.append(
                f"{each.key} has learnt from {len(known)} of these songs ({', '.join(known)}), which flatters it; "
                "--leave-out judges it without them."
            )
        if getattr(each, "needs_reference", False) and any(each.key in song.mixers for song in songs):
            remarks.append(f"{each.key} goes by a reference and was given none; evaluate_reference judges it by one.")
    return remarks


def songs_known_to(mixer: Mixer) -> frozenset[str]:
    """The songs that a mixer that ships has learnt from, as its card lists them."""
    if isinstance(mixer, RoughMix):
        listed = json.loads(CARD.read_text(encoding="utf-8"))["data"]["songs"]
    else:
        listed = getattr(getattr(mixer, "card", None), "data", {}).get("songs", ())
    return frozenset(str(song["id"]) for song in listed)


def songs_to_judge(entries: Sequence[SongEntry]) -> tuple[list[SongEntry], list[str]]:
    """The songs with something to compare with, and a sentence for each other one or assumption.

    Without a ``song.json`` nobody says whose balance it is, so the stems' plain sum is taken for it.
    """
    judged: list[SongEntry] = []
    remarks: list[str] = []
    for entry in entries:
        if entry.human_balance is None and not (entry.folder / SONG_FILE).exists():
            kept = without_mix(entry)
            besides = f", and {kept.human_mix.name} for a mix and no stem" if kept.human_mix is not None else ""
            remarks.append(
                f"{entry.id} has no {SONG_FILE}: its stems' plain sum is taken for the balance to restore{besides}."
            )
            entry = dataclasses.replace(kept, human_balance="sum", human_mix=None)
        if entry.human_balance is None and entry.human_mix is None:
            remarks.append(f"{entry.id} is left out: it has neither a human balance nor a human mix to compare with.")
            continue
        if entry.human_balance is None:
            remarks.append(f"{entry.id} has raw tracks and a human mix: only its sum is compared.")
        judged.append(entry)
    return judged, remarks


def _errors_of_song(
    entry: SongEntry, mixers: Sequence[Mixer], seeds: Sequence[int], cache: Path, refusals: dict[str, str]
) -> dict[str, Errors]:
    heard = HeardSong(entry, cache=cache)
    found: dict[str, list[Errors]] = {mixer.key: [] for mixer in mixers}
    for session, sounds in _tasks(entry, heard, seeds, cache):
        for mixer in mixers:
            if mixer.key in refusals:
                continue
            try:
                parameters = mixer.predict(session, Intent())
            except MixFailed as error:
                refusals[mixer.key] = error.message
                continue
            found[mixer.key].append(heard.errors(sounds, parameters))
    return {key: mean_errors(errors) for key, errors in found.items() if errors}


def _tasks(
    entry: SongEntry, heard: HeardSong, seeds: Sequence[int], cache: Path
) -> Iterator[tuple[SessionFeatures, Sequence[Sound]]]:
    """What mixers are told and what their consoles play: each seed's degradation, or raw tracks as they are."""
    if entry.human_balance is None:
        yield raw_session(entry), heard.sounds
        return
    for example in examples([entry], seeds, cache=cache):
        yield example.degraded, heard.degraded(example.seed)


def mean_errors(errors: Sequence[Errors]) -> Errors:
    """The mean of each measure that all of them have."""
    names = [name for name in MEASURES if all(name in each for each in errors)]
    return {name: sum(each[name] for each in errors) / len(errors) for name in names}


def _song_errors(entry: SongEntry, mixers: Mapping[str, Errors]) -> SongErrors:
    return SongErrors(
        id=entry.id,
        title=entry.title,
        artist=entry.artist,
        kind=entry.kind,
        stems=len(entry.stems),
        vocals=any(group_of(stem.role) == "vocals" for stem in entry.stems),
        mixers=mixers,
    )


# ---- the report ------------------------------------------------------------------------------------------------------


def report(outcome: Outcome, seeds: Sequence[int], *, data: str, split: str = "none") -> dict[str, Any]:
    """Plain JSON values: means over songs with intervals, paired differences, every song, and what may be concluded.

    Generated songs stand in rows of their own, ``generated``, wherever there are real ones.
    """
    real = [song for song in outcome.songs if song.kind == "real"]
    generated = [song for song in outcome.songs if song.kind != "real"]
    judged = real or generated
    rows: dict[str, Any] = {
        "data": data,
        "split": split,
        "seeds": list(seeds),
        "measured_s": MEASURED_S,
        "song_count": len(judged),
        "artist_count": len(set(makers(judged))),
        **_rows(judged),
    }
    if real and generated:
        rows["generated"] = {"song_count": len(generated), **_rows(generated)}
    rows["songs"] = {song.id: _song_row(song) for song in outcome.songs}
    rows["remarks"] = list(outcome.remarks)
    rows["conclusion"] = conclusions(
        {key: _of_every_song(judged, key) for key in _keys(judged)}, makers(judged), [song.vocals for song in judged]
    )
    return rows


def makers(songs: Sequence[SongErrors]) -> list[str]:
    """Whose each song is; one that names nobody is one of its own."""
    return [song.artist or song.id for song in songs]


def interval_of(songs: Sequence[SongErrors], key: str, measure: str) -> Interval | None:
    """Mean over the songs that have it, with its interval."""
    values = [song.mixers[key][measure] for song in songs if measure in song.mixers.get(key, {})]
    return bootstrap_mean(values) if values else None


def _rows(songs: Sequence[SongErrors]) -> dict[str, Any]:
    keys = _keys(songs)
    mixers = {
        key: {
            measure: found.to_dict() for measure in MEASURES if (found := interval_of(songs, key, measure)) is not None
        }
        for key in keys
    }
    differences = {
        key: {base: _differences(songs, key, base) for base in BASELINES if base in keys and base != key}
        for key in keys
    }
    return {"mixers": mixers, "differences": differences}


def _differences(songs: Sequence[SongErrors], key: str, base: str) -> dict[str, Any]:
    found = {}
    for measure in MEASURES:
        pairs = [
            (song.mixers[key][measure], song.mixers[base][measure])
            for song in songs
            if measure in song.mixers.get(key, {}) and measure in song.mixers.get(base, {})
        ]
        if pairs:
            own, other = zip(*pairs, strict=True)
            found[measure] = paired_difference(own, other).to_dict()
    return found


def _song_row(song: SongErrors) -> dict[str, Any]:
    mixers = {
        key: {name: round(value, 4) for name, value in errors.items()} for key, errors in sorted(song.mixers.items())
    }
    about = {"title": song.title, "artist": song.artist, "kind": song.kind, "stems": song.stems}
    return {**about, "mixers": mixers}


def _keys(songs: Sequence[SongErrors]) -> list[str]:
    """The mixers, in the order in which they were asked."""
    return list(dict.fromkeys(key for song in songs for key in song.mixers))


def _of_every_song(songs: Sequence[SongErrors], key: str) -> list[Errors]:
    return [song.mixers.get(key, {}) for song in songs]
