"""Training of the towers that correct the formulas for wished outcomes, and their judgement on makers left out.

A wish finds on the measured curves what it would really have got, from the formula and from the tower; the distance
between the two is what is learned and what is judged, in dB of reduction and LU of loudness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.networks.outcome_towers import OUTCOMES, OutcomeTowers
from mixing.engine.training.bootstrap import bootstrap_mean, paired_difference
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.outcome_lessons import MASTER, WISHES_DB, Lessons, Wished, achieved
from mixing.engine.training.splits import artist_groups, by_artist


@dataclass(frozen=True, slots=True, kw_only=True)
class TowerRecipe:
    """How one tower is trained: for how many steps, with how much noise on what is heard, and with which decay."""

    steps: int
    noise: float = 0.3
    decay: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRecipe:
    """How the towers are trained.

    Parameters
    ----------
    towers : Mapping[str, TowerRecipe]
    hidden, seed : int
    consoles : int
        In a step.
    rate : float
        Of AdamW.
    """

    towers: Mapping[str, TowerRecipe]
    hidden: int = 24
    seed: int = 0
    consoles: int = 16
    rate: float = 2e-3


Errors = dict[str, Tensor]
"""By measure, ``(N, places, …)``."""
PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "dynamics": ("reduction_db", "loudness_lu"),
    "space": ("reverb_lu", "echoes_lu"),
    "groups": ("reduction_db", "loudness_lu"),
    "master": ("reduction_db", "loudness_lu"),
}
"""What is judged of each tower: how far what happens is from what was wished, and what makeup or echoes miss."""
JUDGED_ON_BUSES: Final = WISHES_DB.index(5.0) + 1
"""Nobody asks a group or a mix for more."""
FOLDS: Final = 5
FEWEST_ARTISTS: Final = 3
UNIT: Final = "dB or LU"
HOW: Final = (
    "On true audio through random consoles, by towers that knew no song of the maker. Of compressors the mean of "
    "|reduction - wish| in dB and |makeup - loss| in LU, of space that of |reverb - wish| and |echoes - wish| in LU; "
    "mean over songs, 95 % bootstrap over songs."
)


def trained(lessons: Lessons, recipe: OutcomeRecipe) -> OutcomeTowers:
    """Towers that learned from these consoles; songs are drawn evenly, whatever their number of consoles."""
    torch.manual_seed(recipe.seed)
    towers = OutcomeTowers(hidden=recipe.hidden)
    for name in OUTCOMES:
        _train(name, towers, lessons, recipe)
    return towers.eval()


def _train(name: str, towers: OutcomeTowers, lessons: Lessons, recipe: OutcomeRecipe) -> None:
    own = recipe.towers[name]
    optimiser = torch.optim.AdamW(getattr(towers, name).parameters(), lr=recipe.rate, weight_decay=own.decay)
    by_song: dict[str, list[int]] = {}
    for place, song in enumerate(lessons.songs):
        by_song.setdefault(song, []).append(place)
    songs = [by_song[song] for song in sorted(by_song)]
    for step in range(own.steps):
        dice = np.random.default_rng((recipe.seed, OUTCOMES.index(name), step))
        drawn = [songs[song] for song in dice.integers(len(songs), size=recipe.consoles).tolist()]
        lesson = lessons.at(torch.tensor([int(dice.choice(each)) for each in drawn]))
        noise = torch.from_numpy(dice.normal(0.0, own.noise, tuple(lesson.sound.shape)).astype(np.float32))
        wishes = torch.from_numpy(dice.integers(len(WISHES_DB), size=tuple(lesson.heard.shape)))
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * min(1.0, (step + 1) / 20.0, 4.0 * (1.0 - step / own.steps))
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of(name, towers, lesson, sound=lesson.sound + noise, wishes=wishes)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def loss_of(name: str, towers: OutcomeTowers, lesson: Lessons, *, sound: Tensor, wishes: Tensor) -> Tensor:
    """The mean error of a tower on a batch; ``wishes`` ``(N, stems)`` says which of WISHES_DB each stem asks for."""
    if name == "space":
        return _mean_of(errors_of_space(towers, lesson, sound), lesson.returned)
    if name == "dynamics":
        errors = errors_of_stems(towers, lesson, sound, wishes)
        return sum((_mean_of(error, lesson.stems.there) for error in errors.values()), torch.zeros(()))
    # Both towers learn from all buses, since a mix is a sum as a group is; each is judged, and plays, on its own.
    total = torch.zeros(())
    for mix in (False, True):
        there = lesson.buses.there[:, _places(mix), None]
        errors = errors_of_buses(name, towers, lesson, sound, mix=mix)
        total = total + sum((_mean_of(error, there.expand_as(error)) for error in errors.values()), torch.zeros(()))
    return total


def errors_of_stems(towers: OutcomeTowers, lesson: Lessons, sound: Tensor, wishes: Tensor) -> Errors:
    """Errors of the compressors of stems that ask for the wishes with these numbers; ``(N, stems)`` each."""
    wished = _one_wish(lesson.stems, wishes)
    rows = torch.cat([sound, wished.asked[:, :, 0]], dim=-1)
    corrections = towers.dynamics(rows, lesson.groups, lesson.heard)
    errors = _errors(wished, corrections.unsqueeze(2), torch.tensor(WISHES_DB)[wishes].unsqueeze(-1))
    return {name: error[..., 0] for name, error in errors.items()}


def errors_of_buses(name: str, towers: OutcomeTowers, lesson: Lessons, sound: Tensor, *, mix: bool) -> Errors:
    """Errors of the compressors of the groups, or of the ``mix``, under each wish; ``(N, buses, wishes)`` each."""
    tower, places = getattr(towers, name), _places(mix)
    wished = Wished(*(getattr(lesson.buses, part)[:, places] for part in Wished.__dataclass_fields__))
    stems = torch.cat([sound, lesson.of_mix if mix else lesson.of_group], dim=-1)
    members = nn.functional.one_hot(lesson.groups, MASTER).float() * lesson.heard.unsqueeze(-1)
    member_of = lesson.heard.unsqueeze(1) if mix else members.transpose(1, 2)
    corrections = [tower(stems, member_of, wished.asked[:, :, wish]) for wish in range(len(WISHES_DB))]
    return _errors(wished, torch.stack(corrections, dim=2), torch.tensor(WISHES_DB))


def _places(mix: bool) -> slice:
    return slice(MASTER, MASTER + 1) if mix else slice(0, MASTER)


def errors_of_space(towers: OutcomeTowers, lesson: Lessons, sound: Tensor) -> Tensor:
    """By how much what comes back is off the wish, in LU: ``(N, stems, 2)``."""
    found = towers.space(torch.cat([sound, lesson.space], dim=-1), lesson.groups, lesson.heard)
    error: Tensor = (lesson.louder_lu - found).abs()
    return error


def _one_wish(wished: Wished, wishes: Tensor) -> Wished:
    at = wishes.unsqueeze(-1)
    return Wished(
        asked=torch.gather(wished.asked, 2, at.unsqueeze(-1).expand(-1, -1, 1, wished.asked.shape[-1])),
        threshold_db=torch.gather(wished.threshold_db, 2, at),
        loss_lu=torch.gather(wished.loss_lu, 2, at),
        curves=wished.curves,
        there=wished.there,
    )


def _errors(wished: Wished, corrections: Tensor, wanted_db: Tensor) -> Errors:
    reduction_db, _ = achieved(wished, wished.threshold_db + corrections[..., 0])
    _, lost_lu = achieved(wished, (wished.threshold_db + corrections[..., 0]).detach())
    given_back_lu = (wished.loss_lu + corrections[..., 1]).clamp(min=0.0)
    return {"reduction": (reduction_db - wanted_db).abs(), "loudness": (lost_lu - given_back_lu).abs()}


def _mean_of(error: Tensor, there: Tensor) -> Tensor:
    return (error * there).sum() / there.sum().clamp(min=1.0)


# ---- judging ---------------------------------------------------------------------------------------------------------

SongParts = dict[str, dict[str, tuple[float, float]]]
"""By tower and song: the two PARTS."""


def parts_of(towers: OutcomeTowers, lessons: Lessons) -> SongParts:
    """The errors of each song, mean over its consoles, places and wishes; a song without a bus has no entry for it."""
    found: dict[str, tuple[Tensor, Tensor]] = {}
    with torch.inference_mode():
        rows = [
            errors_of_stems(towers, lessons, lessons.sound, torch.full(lessons.heard.shape, wish, dtype=torch.int64))
            for wish in range(len(WISHES_DB))
        ]
        reduction, loudness = (torch.stack([row[name] for row in rows], dim=-1).mean(-1) for name in rows[0])
        found["dynamics"] = _measured(reduction, lessons.stems.there), _measured(loudness, lessons.stems.there)
        space = errors_of_space(towers, lessons, lessons.sound)
        found["space"] = tuple(_measured(space[..., part], lessons.returned[..., part]) for part in (0, 1))  # type: ignore[assignment]
        for name, mix in (("groups", False), ("master", True)):
            errors = errors_of_buses(name, towers, lessons, lessons.sound, mix=mix)
            there = lessons.buses.there[:, _places(mix)]
            found[name] = tuple(_measured(each[..., :JUDGED_ON_BUSES].mean(-1), there) for each in errors.values())  # type: ignore[assignment]
    return {name: _by_song(parts, lessons.songs) for name, parts in found.items()}


def judged(lessons: Lessons, entries: Sequence[SongEntry], recipe: OutcomeRecipe) -> dict[str, Any]:
    """Formula and towers on songs of makers that the towers never heard, song by song.

    Parameters
    ----------
    lessons : Lessons
        Of all songs; those that are not among ``entries``, such as generated ones, are only learned from.
    entries : Sequence[SongEntry]
        The songs that are judged, each once.

    Returns
    -------
    dict[str, Any]
        ``{tower: {song: {"base": (part, part), "trained": (part, part)}}}``.

    Raises
    ------
    MixFailed
        ``too_few_songs``.
    """
    artists = len(artist_groups(entries))
    if artists < FEWEST_ARTISTS:
        raise MixFailed("too_few_songs", f"Judging takes songs of {FEWEST_ARTISTS} artists at the least.")
    formulas = OutcomeTowers(hidden=recipe.hidden).eval()
    found: dict[str, Any] = {name: {} for name in OUTCOMES}
    for fold in by_artist(entries, min(FOLDS, artists)):
        unknown = {song.id for song in fold.test}
        towers = trained(lessons.only(lambda song, unknown=unknown: song not in unknown), recipe)  # type: ignore[misc]
        heard = lessons.only(unknown.__contains__)
        base, own = parts_of(formulas, heard), parts_of(towers, heard)
        for name in OUTCOMES:
            found[name] |= {song: {"base": base[name][song], "trained": own[name][song]} for song in own[name]}
    return found


def verdict(songs_of_tower: Mapping[str, Mapping[str, tuple[float, float]]]) -> tuple[str, dict[str, Any]]:
    """``trained`` or ``rule``, and the figures that say so: what both get wrong, and the paired difference."""
    songs = sorted(songs_of_tower)
    base, own = ([float(np.mean(songs_of_tower[song][who])) for song in songs] for who in ("base", "trained"))
    difference = paired_difference(own, base)
    return "trained" if difference.mean < 0.0 else "rule", {
        "unit": UNIT,
        "trained": bootstrap_mean(own).to_dict(),
        "base": bootstrap_mean(base).to_dict(),
        "difference": difference.to_dict(),
    }


def _measured(error: Tensor, there: Tensor) -> Tensor:
    return torch.where(there > 0, error, torch.nan)


def _by_song(parts: tuple[Tensor, Tensor], songs: Sequence[str]) -> dict[str, tuple[float, float]]:
    found = {}
    for song in sorted(set(songs)):
        rows = [place for place, each in enumerate(songs) if each == song]
        here: list[NDArray[np.float32]] = [part[rows].numpy() for part in parts]
        if all(np.isfinite(each).any() for each in here):
            found[song] = float(np.nanmean(here[0])), float(np.nanmean(here[1]))
    return found
