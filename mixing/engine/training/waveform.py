"""The waveform stage: a short fine-tune of a trained network on what its decisions sound like.

A step plays a few seconds of degraded songs through the strips that the network decides, by the console's torch twin,
and compares them with the person's. Only towers that play are moved, and each keeps the share of its corrections that
was chosen before. Every step draws its songs and noise from a generator of its own, made from the seed and the step's
number, so that a run that was stopped and resumed is the run that was not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import numpy as np
import torch
from torch import Tensor, nn

from mixing.engine.mixers.features_matrix import COLUMNS, OWN, mirrored
from mixing.engine.mixers.networks.batch import STYLE_AXES, Batch, batch_of
from mixing.engine.mixers.networks.families import DECIDED_BY, Corrector
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.examples import Example
from mixing.engine.training.heard import HeardSong
from mixing.engine.training.loop import Recipe, Run, Tell
from mixing.engine.training.measures import Sound
from mixing.engine.training.prepared import Prepared, natural
from mixing.engine.training.waveform_console import ERRORS, Rows, Wanted, errors, play, strips

FAMILY: Final = "console-net"
EXCERPT_S: Final = 5.0
"""Length of the stretch that is heard of a song: the one in which most stems sound."""
SCALES: Final[Mapping[str, float]] = {
    "level_lu": 2.5, "eq_db": 1.8, "pan": 0.2, "mrstft": 0.8, "width": 0.1, "bands_db": 2.0,
}  # fmt: skip
"""What each error is about without a network; their sum in these units is what a step makes smaller."""
_DICE: Final = 1
_LITTLE_NOISE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of a degraded song.

    Parameters
    ----------
    prepared : Prepared
        What the network sees: measured on the whole song.
    rows : Rows
    sound : Tensor
        The degraded stems, ``(stems, 2, samples)``, in the order of the rows.
    wanted : Wanted
    sample_rate : int
    """

    prepared: Prepared
    rows: Rows
    sound: Tensor
    wanted: Wanted
    sample_rate: int


class HeardSongs:
    """Stretches of songs in memory, the latest few of them."""

    def __init__(self, cache: Path, *, length_s: float = EXCERPT_S, most: int = 32) -> None:
        self._cache = cache
        self._length_s = length_s
        self._most = most
        self._songs: dict[str, HeardSong] = {}

    def of(self, entry: SongEntry) -> HeardSong:
        """A song's stretch; see :class:`~mixing.engine.training.heard.HeardSong` for errors."""
        song = self._songs.pop(entry.id, None) or HeardSong(entry, cache=self._cache, length_s=self._length_s)
        self._songs[entry.id] = song
        if len(self._songs) > self._most:
            self._songs.pop(next(iter(self._songs)))
        return song


class Excerpts:
    """The sound of prepared examples, read when it is asked for.

    Parameters
    ----------
    examples, prepared : Iterable[Example], Iterable[Prepared]
        The same songs and seeds; an example that was not prepared is left out.
    heard : HeardSongs
    device : str
        Where the tensors go.
    """

    def __init__(
        self, examples: Iterable[Example], prepared: Iterable[Prepared], heard: HeardSongs, *, device: str = "cpu"
    ) -> None:
        known = {(example.song.id, example.seed): example for example in examples}
        self._of_song: dict[str, list[tuple[Prepared, Example]]] = {}
        for each in sorted(prepared, key=lambda each: (each.song, each.seed)):
            self._of_song.setdefault(each.song, []).append((each, known[each.song, each.seed]))
        self._heard = heard
        self._device = device

    @property
    def songs(self) -> tuple[str, ...]:
        """The songs' ids, sorted."""
        return tuple(self._of_song)

    def count(self, song: str) -> int:
        """How many examples there are of a song."""
        return len(self._of_song[song])

    def of(self, song: str, number: int) -> Excerpt | None:
        """One example's stretch; None where nothing is heard in it."""
        prepared, example = self._of_song[song][number]
        heard = self._heard.of(example.song)
        if heard.human_stems is None or heard.human_mix is None:
            return None
        names = list(example.song.stem_names())
        places = [names.index(name) for name in prepared.matrix.names]
        person = [heard.human_stems[place] for place in places]
        if all(stem.loudness_lufs is None for stem in person):
            return None
        audio = {stem.name: stem.audio for stem in example.degraded.stems}
        degraded = heard.degraded(example.seed)
        return Excerpt(
            prepared=prepared,
            rows=Rows.of(prepared.base, [audio[name] for name in prepared.matrix.names], device=self._device),
            sound=torch.from_numpy(np.stack([degraded[place] for place in places])).to(self._device),
            wanted=Wanted.of(person, heard.human_mix, device=self._device),
            sample_rate=heard.rate,
        )


def begin(network: nn.Module, recipe: Recipe) -> Run:
    """A run that fine-tunes a network in place: the blocks that the recipe stops, and no other.

    Raises
    ------
    ValueError
        If the recipe stops no block, or one that the network does not have.
    """
    blocks = cast(Corrector, network).blocks()
    if not recipe.steps or not set(recipe.steps) <= set(blocks):
        raise ValueError(f"The recipe moves {sorted(recipe.steps)} of the blocks {sorted(blocks)}.")
    optimisers = {
        name: torch.optim.AdamW(blocks[name].parameters(), lr=recipe.rate, weight_decay=recipe.decay)
        for name in recipe.steps
    }
    return Run(FAMILY, recipe, network, optimisers)


def advance(run: Run, excerpts: Excerpts, *, until: int, tell: Tell | None = None) -> None:
    """Fine-tune up to a step; ``tell`` is told each step's number and loss."""
    run.network.train()
    while run.step < min(until, run.last):
        dice = np.random.default_rng((run.recipe.seed, run.step, _DICE))
        for optimiser in run.optimisers.values():
            optimiser.zero_grad(set_to_none=True)
        total = 0.0
        songs = excerpts.songs
        for song in dice.choice(songs, run.recipe.songs, replace=len(songs) < run.recipe.songs).tolist():
            total += _learn_from(run, excerpts, song, dice)
        for name, optimiser in run.optimisers.items():
            if run.step < run.recipe.steps[name]:
                optimiser.step()
        run.step += 1
        if tell is not None:
            tell(run.step, total / run.recipe.songs)


def heard_errors(
    network: nn.Module, excerpts: Excerpts, towers: Iterable[str], *, each: int = 2
) -> dict[str, dict[str, float]]:
    """ERRORS of each song on true audio, mean over its first ``each`` degradations: ``{song: {error: value}}``.

    ``towers`` correct, the others leave their decisions to the base. Nothing disturbs what the network sees.
    """
    network.eval()
    towers = tuple(towers)
    found: dict[str, dict[str, float]] = {}
    with torch.no_grad():
        for song in excerpts.songs:
            rows = []
            for number in range(min(each, excerpts.count(song))):
                excerpt = excerpts.of(song, number)
                if excerpt is not None:
                    rows.append(errors_of(played(network, excerpt, towers), excerpt))
            if rows:
                found[song] = {name: float(np.mean([float(row[name]) for row in rows])) for name in ERRORS}
    return found


def mixes_of(network: nn.Module, excerpts: Excerpts, towers: Iterable[str]) -> dict[str, tuple[Sound, int]]:
    """How the first song that sounds is mixed, ``{song: (mix of shape (2, samples), rate)}``; empty if none sounds."""
    network.eval()
    for song in excerpts.songs:
        excerpt = excerpts.of(song, 0)
        if excerpt is not None:
            with torch.no_grad():
                mix = played(network, excerpt, towers).sum(dim=0)
            return {song: (mix.cpu().numpy(), excerpt.sample_rate)}
    return {}


def played(network: nn.Module, excerpt: Excerpt, towers: Iterable[str], seen: Batch | None = None) -> Tensor:
    """An excerpt behind what these towers of a network correct, ``(stems, 2, samples)``; the rest is the base's.

    ``seen`` is what the network is shown instead of the excerpt's own features.
    """
    batch = seen_of(excerpt, next(network.parameters()).device) if seen is None else seen
    kept = set(towers)
    corrections = cast(Corrector, network)(batch)
    own = {name: values[0] for name, values in corrections.items() if DECIDED_BY[name] in kept}
    return play(excerpt.sound, strips(excerpt.rows, own), sample_rate=excerpt.sample_rate)


def errors_of(stems: Tensor, excerpt: Excerpt) -> dict[str, Tensor]:
    """ERRORS of an excerpt's stems behind their strips."""
    return errors(stems, excerpt.wanted, sample_rate=excerpt.sample_rate)


def loss_of(found: Mapping[str, Tensor]) -> Tensor:
    """The sum of the errors, each in units of SCALES."""
    return torch.stack([found[name] / SCALES[name] for name in ERRORS]).sum()


def _learn_from(run: Run, excerpts: Excerpts, song: str, dice: np.random.Generator) -> float:
    """Add the gradient of one song, and tell its loss."""
    number, noise_seed = int(dice.integers(excerpts.count(song))), int(dice.integers(2**31))
    excerpt = excerpts.of(song, number)
    if excerpt is None:
        return 0.0
    seen = seen_of(excerpt, next(run.network.parameters()).device)
    seen = _disturbed(seen, run, np.random.default_rng(noise_seed))
    loss = loss_of(errors_of(played(run.network, excerpt, run.recipe.steps, seen), excerpt))
    (loss / run.recipe.songs).backward()  # type: ignore[no-untyped-call]
    return float(loss.detach())


def seen_of(excerpt: Excerpt, device: torch.device) -> Batch:
    """What a network sees of an excerpt's song, in no style."""
    batch = batch_of([excerpt.prepared.matrix], natural(1, len(STYLE_AXES)))
    moved = {name: getattr(batch, name).to(device) for name in ("values", "roles", "groups", "heard", "style")}
    return dataclasses.replace(batch, **moved)


def _disturbed(seen: Batch, run: Run, dice: np.random.Generator) -> Batch:
    """Noise on the features, in deviations of the songs that the network was trained on, and untold roles."""
    spread = cast(Tensor, cast(nn.Module, run.network.features).scale) * _noise_of_columns().to(seen.values)
    noise = torch.from_numpy(dice.normal(size=tuple(seen.values.shape)).astype(np.float32)).to(seen.values)
    untold = torch.from_numpy(dice.random(tuple(seen.roles.shape)) < run.recipe.untold).to(seen.roles.device)
    return dataclasses.replace(
        seen,
        values=seen.values + run.recipe.noise * spread * noise,
        roles=torch.where(untold, torch.full_like(seen.roles, -1), seen.roles),
    )


def _noise_of_columns() -> Tensor:
    """Imbalances and the level that a stem came with, of which little noise hides all, take a tenth."""
    share = np.where(mirrored() < 0.0, _LITTLE_NOISE, 1.0).astype(np.float32)
    share[[OWN - 1, COLUMNS - 1]] = _LITTLE_NOISE
    return torch.from_numpy(share)
