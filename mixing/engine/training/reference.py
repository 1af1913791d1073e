"""Training the reference net: mix multitracks with random consoles, hand over another section, ask for that sound.

No person's balance is needed, since the targets are made here: every song gives as many of them as there are consoles.
What the net sets is judged by the mel desk, through which the gradient flows; true audio is for the evaluation.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from mixing.engine.errors import MixFailed
from mixing.engine.mixers import checkpoint
from mixing.engine.mixers.checkpoint import Card, Tensors
from mixing.engine.mixers.decisions import Decisions
from mixing.engine.mixers.interface import ANALYSIS_VERSION, AudioFeatures, Mixer, SessionFeatures
from mixing.engine.mixers.networks.reference_net import (
    SIZES,
    ReferenceNet,
    Task,
    build,
    cost,
    felt,
    task_of,
    without_denormals,
)
from mixing.engine.mixers.reference_net import FAMILY, ReferenceMixer, listening
from mixing.engine.mixers.rules import rough_decisions
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.sections import MixedSection, MixedSong, mixed_songs

CONSOLES: Final = 12
"""Random consoles for each song."""
STEPS: Final = 400
BATCH: Final = 12
RATE: Final = 2e-3
OWN_SONG: Final = 0.7
"""Share of the references that are another section of the same song; the others are of another song."""
LARGEST_COST: Final = 40.0
"""A session that cannot come near its reference teaches no more than this."""
TITLE: Final = "Reference net"
SUMMARY: Final = "Gives your stems the sound of a reference: its spectrum, width, dynamics and loudness."
TOWERS: Final[Mapping[str, str]] = dict.fromkeys(
    ("level", "eq", "pan_width", "dynamics", "space", "groups", "master"), "trained"
)

COMMAND: Final = f"manage.py train_mixer --family {FAMILY}"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Lesson:
    """One section as a session, with what the rough mix decides about it."""

    session: SessionFeatures
    rough: Decisions


class Lessons:
    """Draws sessions and references from mixed songs.

    Parameters
    ----------
    songs : Sequence[MixedSong]
        At least one whose both sections sound.
    """

    def __init__(self, songs: Sequence[MixedSong]) -> None:
        self._songs = [song for song in songs if all(_sounds(section) for section in song.sections)]
        if not self._songs:
            raise MixFailed("no_songs", "No song has two sections that sound; the reference net has nothing to learn.")
        self._lessons = [
            [_Lesson(section.session, rough_decisions(section.session)) for section in song.sections]
            for song in self._songs
        ]

    def draw(self, count: int, rng: np.random.Generator) -> Task:
        """A batch: each a section of some song, and a mix of another section, or of another song."""
        lessons, references = [], []
        for _ in range(count):
            song, section = int(rng.integers(len(self._songs))), int(rng.integers(2))
            other = song if rng.random() < OWN_SONG else int(rng.integers(len(self._songs)))
            lessons.append(self._lessons[song][section])
            references.append(_drawn(self._songs[other].sections[1 - section], rng))
        return task_of([each.session for each in lessons], references, [each.rough for each in lessons])


def train_reference(
    songs: Sequence[MixedSong], *, seed: int = 0, steps: int = STEPS, tell: Tell | None = None
) -> ReferenceNet:
    """A net that has learned from these songs, the same for the same songs, seed and steps; about 0.15 s a step."""
    torch.manual_seed(seed)
    network, rng, lessons = build(SIZES), np.random.default_rng(seed), Lessons(songs)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    with without_denormals():
        for step in range(steps):
            loss = lesson_loss(network, lessons.draw(BATCH, rng))
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            if tell is not None and step % 50 == 49:
                tell(f"Step {step + 1} of {steps}: {loss.item():.2f}")
    return network


def lesson_loss(network: ReferenceNet, task: Task) -> torch.Tensor:
    """The costs after each round, later ones counting more."""
    rounds, felts = network.listened(*task)
    felts.append(felt(*task, rounds[-1]))
    weights = [((place + 1) / network.rounds) ** 2 for place in range(network.rounds)]
    costs = [
        weight * cost(found, knobs).clamp(max=LARGEST_COST).mean()
        for weight, found, knobs in zip(weights, felts[1:], rounds[1:], strict=True)
    ]
    return torch.stack(costs).sum() / math.fsum(weights)


def tensors_of(network: ReferenceNet) -> Tensors:
    """The network's tensors by name, as numpy arrays."""
    return {name: tensor.detach().numpy().copy() for name, tensor in network.state_dict().items()}


def draft_card(
    songs: Sequence[SongEntry], *, seed: int, steps: int, metrics: Mapping[str, Any], command: str = COMMAND
) -> Card:
    """The card of a net that was trained on these songs; ``checkpoint.save`` fills in hash and size."""
    return Card(
        key=FAMILY,
        family=FAMILY,
        title=TITLE,
        summary=SUMMARY,
        architecture=dict(SIZES),
        sha256="",
        bytes=0,
        precision="float32",
        engine_version=ANALYSIS_VERSION,
        recipe={
            "command": command,
            "seed": seed,
            "steps": steps,
            "consoles": CONSOLES,
            "targets": "random consoles on true audio; another section, or another song, is the reference",
        },
        data={
            "songs": [
                {"id": song.id, "title": song.title, "artist": song.artist, "licence": song.licence} for song in songs
            ]
        },
        metrics=dict(metrics),
        towers=dict(TOWERS),
    )


def train(
    entries: Sequence[SongEntry],
    models: Path,
    *,
    cache: Path,
    seed: int = 0,
    steps: int = STEPS,
    metrics: Mapping[str, Any] | None = None,
    command: str = COMMAND,
    tell: Tell | None = None,
) -> Card:
    """Train on those songs whose weights may ship, and write ``reference-net`` into ``models``."""
    allowed = [entry for entry in entries if entry.weights_may_ship]
    network = train_reference(mixed_songs(allowed, CONSOLES, cache=cache, tell=tell), seed=seed, steps=steps, tell=tell)
    card = draft_card(allowed, seed=seed, steps=steps, metrics=metrics or {}, command=command)
    return checkpoint.save(models, card, tensors_of(network))


def record(models: Path, metrics: Mapping[str, Any]) -> Card:
    """Write what an evaluation found into the card of ``reference-net``; its tensors stay as they are."""
    original = checkpoint.load(models / f"{FAMILY}{checkpoint.SUFFIX}")
    card = dataclasses.replace(original.card, metrics={**original.card.metrics, **metrics})
    return checkpoint.save(models, card, original.tensors, precision=original.card.precision)


def unseen_nets(
    songs: Sequence[SongEntry],
    *,
    shipped: Mixer | None,
    folds: int,
    seed: int,
    cache: Path,
    steps: int = STEPS,
    tell: Tell | None = None,
) -> list[tuple[SongEntry, Mixer]]:
    """For each song a reference net that never heard it, nor anything else by its artist.

    Where the shipped net has not learned from a song, it is that; the others are split into folds by artist, and a net
    is trained for each on the songs outside of it, by the recipe of what ships.
    """
    card = getattr(shipped, "card", None)
    learned = {str(song["id"]) for song in card.data.get("songs", [])} if isinstance(card, Card) else set()
    strangers = [song for song in songs if shipped is not None and learned and song.id not in learned]
    known = [song for song in songs if song not in strangers]
    nets = {song.id: shipped for song in strangers if shipped is not None}
    if len({song.artist or song.id for song in known}) < 2 and known:
        raise MixFailed("no_songs", "Songs of at least two artists are needed, so that one can be left out.")
    for number, fold in enumerate(_artist_folds(known, folds)):
        others = [song for song in known if song not in fold]
        if tell is not None:
            tell(f"Training without {', '.join(song.id for song in fold)}")
        mixed = mixed_songs(others, CONSOLES, cache=cache, tell=tell)
        network = train_reference(mixed, seed=seed, steps=steps, tell=tell)
        card = draft_card(others, seed=seed, steps=steps, metrics={})
        card = dataclasses.replace(card, sha256=f"{number:064x}")
        net = ReferenceMixer.in_memory(card, tensors_of(network), listening)
        nets.update({song.id: net for song in fold})
    return [(song, nets[song.id]) for song in songs]


def _artist_folds(songs: Sequence[SongEntry], count: int) -> list[list[SongEntry]]:
    """Songs in folds of about equal size, each artist whole in one of them; the largest artists first."""
    artists: dict[str, list[SongEntry]] = {}
    for song in songs:
        artists.setdefault(song.artist or song.id, []).append(song)
    folds: list[list[SongEntry]] = [[] for _ in range(min(count, len(artists)))]
    for name in sorted(artists, key=lambda name: (-len(artists[name]), name)):
        min(folds, key=len).extend(artists[name])
    return folds


def _sounds(section: MixedSection) -> bool:
    return any(stem.audio.spectrum_db for stem in section.session.stems) and any(
        mix.spectrum_db for mix in section.mixes
    )


def _drawn(section: MixedSection, rng: np.random.Generator) -> AudioFeatures:
    heard = [mix for mix in section.mixes if mix.spectrum_db]
    return heard[int(rng.integers(len(heard)))]
