"""Training a network to find back what a person had set: seeded, resumable, the same steps on every machine.

Every step draws its songs, noise and styles from a generator of its own, made from the seed and the step's number, so
that a run that was stopped and resumed is the run that was not.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mixing.engine.mixers.eq_response import k_weights
from mixing.engine.mixers.features_matrix import IMBALANCE_COLUMN, OWN
from mixing.engine.mixers.interface import BANDS, MOST_WINDOWS, band_centres_hz
from mixing.engine.mixers.networks.batch import STYLE_AXES, Batch
from mixing.engine.mixers.networks.decide import LOWEST_HIGH_PASS_HZ
from mixing.engine.mixers.networks.families import Corrector, build_network
from mixing.engine.roles import GROUPS
from mixing.engine.training.degrade import (
    HIGH_SHELF_HZ,
    LOW_SHELF_HZ,
    PEAK_DB,
    PEAK_HZ,
    PEAK_Q,
    SHELF_DB,
)
from mixing.engine.training.losses import (
    band_error_db,
    eq_response_db,
    high_pass_response_db,
    imbalance_error,
    level_error_lu,
)
from mixing.engine.training.prepared import Lesson, Prepared, lesson_of, natural

ERRORS: Final = ("level", "eq", "pan_width")
SCALES: Final[Mapping[str, float]] = {"level": 2.5, "eq": 1.8, "pan_width": 0.2}
"""What each error is about without a network: dividing by it lets shared weights care for all three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a network is trained.

    Parameters
    ----------
    steps, shares : Mapping[str, int], Mapping[str, float]
        By block of the network: when it stops, and what is kept of its corrections; chosen on artists left out.
    noise : float
        Standard deviation of the noise on the features, in standard deviations of each.
    untold : float
        Share of the stems whose role is not told; a quarter as many songs tell none.
    styled : float
        Share of the songs that are asked for with a style vector.
    anew : float
        Share of the songs whose spectra are degraded by filters drawn in this step.
    windows : int
        Spectrogram windows that a step looks at.
    """

    steps: Mapping[str, int]
    shares: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    songs: int = 32
    rate: float = 2e-3
    decay: float = 0.05
    noise: float = 0.5
    untold: float = 0.15
    styled: float = 0.3
    anew: float = 0.75
    windows: int = 2
    sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Run:
    """A training run at some step: the network, one optimiser for each block, and the steps done."""

    family: str
    recipe: Recipe
    network: nn.Module
    optimisers: dict[str, torch.optim.AdamW]
    step: int = 0

    @property
    def last(self) -> int:
        """The step after which every block has stopped."""
        return max(self.recipe.steps.values())


def start(family: str, prepared: Sequence[Prepared], recipe: Recipe, *, device: str = "cpu") -> Run:
    """A fresh network that knows the spread of the training songs' features."""
    torch.manual_seed(recipe.seed)
    network = build_network(family, recipe.sizes)
    values = torch.from_numpy(np.concatenate([each.matrix.values for each in prepared]))
    for module in network.modules():
        if hasattr(module, "fit"):
            cast(Callable[[Tensor], None], module.fit)(values)
    network.to(device)
    blocks = cast(Corrector, network).blocks()
    if set(blocks) != set(recipe.steps):
        raise ValueError(f"The recipe stops {sorted(recipe.steps)}, but {family} has the blocks {sorted(blocks)}.")
    optimisers = {
        name: torch.optim.AdamW(block.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
        for name, block in blocks.items()
    }
    return Run(family, recipe, network, optimisers)


Tell = Callable[[int, float], None]


def advance(run: Run, prepared: Sequence[Prepared], *, until: int, tell: Tell | None = None) -> None:
    """Train up to a step; each block learns until its own last step.

    Parameters
    ----------
    tell : Tell | None
        Told each step's number and loss.
    """
    by_song = _by_song(prepared)
    device = next(run.network.parameters()).device
    run.network.train()
    while run.step < min(until, run.last):
        lesson = _lesson(by_song, run.recipe, run.step)
        if device.type != "cpu":
            lesson = _moved(lesson, device)
        corrections = cast(Corrector, run.network)(lesson.seen)
        errors = errors_of(corrections, lesson)
        loss = torch.stack([errors[name].mean() / SCALES[name] for name in ERRORS]).sum()
        loss = loss + 0.05 * corrections["width"].abs().mean()
        for optimiser in run.optimisers.values():
            optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for name, optimiser in run.optimisers.items():
            if run.step < run.recipe.steps[name]:
                _slow_down(optimiser, run.recipe, run.step)
                optimiser.step()
        run.step += 1
        if tell is not None:
            tell(run.step, float(loss.detach()))


def shrink(run: Run) -> None:
    """Take the recipe's share of each block's corrections, once it has learned."""
    for name, block in cast(Corrector, run.network).blocks().items():
        for part, buffer in block.named_buffers():
            if part.rpartition(".")[2] == "share":
                buffer.fill_(run.recipe.shares.get(name, 1.0))


def evaluate(
    network: nn.Module, prepared: Sequence[Prepared], *, share: float = 1.0, songs: int = 32
) -> dict[str, dict[str, float]]:
    """The three errors of each song, mean over its degradations: ``{song: {error: value}}``; no style, no noise.

    ``share`` is what is taken of the corrections: 0 shows the base.
    """
    network.eval()
    device = next(network.parameters()).device
    found: dict[str, list[list[float]]] = {}
    with torch.inference_mode():
        for first in range(0, len(prepared), songs):
            chosen = prepared[first : first + songs]
            lesson = _moved(lesson_of(chosen, natural(len(chosen), len(STYLE_AXES))), device)
            corrections = cast(Corrector, network)(lesson.seen)
            errors = errors_of({name: share * values for name, values in corrections.items()}, lesson)
            for row, each in enumerate(chosen):
                found.setdefault(each.song, []).append([float(errors[name][row]) for name in ERRORS])
    return {song: dict(zip(ERRORS, np.mean(rows, axis=0).tolist(), strict=True)) for song, rows in found.items()}


def errors_of(corrections: Mapping[str, Tensor], lesson: Lesson) -> dict[str, Tensor]:
    """Level (LU), EQ (dB) and imbalance beside what the person, or the asked style, would have; each ``(songs,)``."""
    style, heard = lesson.seen.style, lesson.seen.heard
    gains = (lesson.gains_db + corrections["eq"]).clamp(-18.0, 18.0)
    high_pass_hz = lesson.high_pass_hz * 2.0 ** corrections["high_pass"]
    response = eq_response_db(gains, lesson.freqs_hz, lesson.q) + high_pass_response_db(
        high_pass_hz, LOWEST_HIGH_PASS_HZ
    )
    spectrum = lesson.spectrum_db + response
    imbalance = (lesson.base_imbalance + corrections["imbalance"]).clamp(-0.98, 0.98)
    return {
        "level": level_error_lu(lesson.base_lu + corrections["level"], _wanted_lu(lesson, style), heard),
        "eq": band_error_db(spectrum, _wanted_db(lesson, style), heard),
        "pan_width": imbalance_error(
            imbalance, (lesson.human_imbalance * (1.0 + 0.4 * style[:, 3:4])).clamp(-1.0, 1.0), heard
        ),
    }


# ---- what a style vector asks for ------------------------------------------------------------------------------------


def _wanted_lu(lesson: Lesson, style: Tensor) -> Tensor:
    """Contrast spreads the person's levels by a quarter; forward lifts voices by 1.5 LU."""
    heard = lesson.seen.heard
    mean = (lesson.human_lu * heard).sum(dim=1, keepdim=True) / heard.sum(dim=1, keepdim=True).clamp(min=1.0)
    voices = (lesson.seen.groups == GROUPS.index("vocals")).to(style.dtype)
    return (lesson.human_lu - mean) * (1.0 + 0.25 * style[:, 0:1]) + 1.5 * style[:, 2:3] * voices


def _wanted_db(lesson: Lesson, style: Tensor) -> Tensor:
    """Brightness tilts the person's spectrum by 0.75 dB per octave around 1 kHz, within four octaves."""
    octaves = torch.log2(torch.tensor(band_centres_hz(), device=style.device) / 1_000.0).clamp(-4.0, 4.0)
    return lesson.human_db + 0.75 * style[:, 1:2, None] * octaves


# ---- steps -----------------------------------------------------------------------------------------------------------


def _by_song(prepared: Sequence[Prepared]) -> list[list[Prepared]]:
    songs: dict[str, list[Prepared]] = {}
    for each in prepared:
        songs.setdefault(each.song, []).append(each)
    return [songs[name] for name in sorted(songs)]


def _lesson(by_song: Sequence[Sequence[Prepared]], recipe: Recipe, step: int) -> Lesson:
    """Songs drawn evenly whatever their number of examples; noise, untold roles and styles from the step's own dice."""
    dice = np.random.default_rng((recipe.seed, step))
    songs = dice.integers(len(by_song), size=recipe.songs)
    chosen = [by_song[song][int(dice.integers(len(by_song[song])))] for song in songs.tolist()]
    windows = dice.choice(MOST_WINDOWS, size=recipe.windows, replace=False)
    style = dice.normal(size=(recipe.songs, len(STYLE_AXES))).clip(-1.5, 1.5)
    style *= dice.random((recipe.songs, 1)) < recipe.styled
    lesson = lesson_of(chosen, torch.from_numpy(style.astype(np.float32)), windows=np.sort(windows))
    return _disturbed(lesson, recipe, dice)


def _disturbed(lesson: Lesson, recipe: Recipe, dice: np.random.Generator) -> Lesson:
    lesson = _equalised_anew(lesson, recipe, dice)
    seen = lesson.seen
    spread = _spread_of(seen)
    noise = torch.from_numpy(dice.normal(size=tuple(seen.values.shape)).astype(np.float32))
    untold = dice.random(tuple(seen.roles.shape)) < recipe.untold
    untold |= dice.random((seen.roles.shape[0], 1)) < recipe.untold / 4
    roles = torch.where(torch.from_numpy(untold), torch.full_like(seen.roles, -1), seen.roles)
    disturbed = dataclasses.replace(seen, values=seen.values + recipe.noise * spread * noise, roles=roles)
    return dataclasses.replace(lesson, seen=disturbed)


def _equalised_anew(lesson: Lesson, recipe: Recipe, dice: np.random.Generator) -> Lesson:
    """In some songs, degrade the person's spectra by filters drawn like those of ``degrade``, never heard before.

    Only columns that a filter moves exactly are redrawn: the spectrum, around which everything else stays as measured.
    """
    songs, stems = lesson.seen.heard.shape
    drawn = _drawn_response_db(songs * stems, dice).reshape(songs, stems, BANDS)
    anew = torch.from_numpy(dice.random((songs, 1, 1)) < recipe.anew)
    spectrum = torch.where(anew, lesson.human_db + drawn, lesson.spectrum_db)
    weights = torch.from_numpy(k_weights().astype(np.float32))
    loudness = 10.0 * torch.log10((10.0 ** (spectrum / 10.0) * weights).sum(dim=-1, keepdim=True).clamp(min=1e-12))
    own = (spectrum - loudness).clamp(-60.0, 40.0)
    heard = lesson.seen.heard.unsqueeze(-1)
    mean = (own * heard).sum(dim=1, keepdim=True) / heard.sum(dim=1, keepdim=True).clamp(min=1.0)
    values = lesson.seen.values.clone()
    values[..., :BANDS] = torch.where(anew, own, values[..., :BANDS])
    values[..., OWN : OWN + BANDS] = torch.where(anew, own - mean, values[..., OWN : OWN + BANDS])
    return dataclasses.replace(
        lesson, spectrum_db=spectrum, seen=dataclasses.replace(lesson.seen, values=values * heard)
    )


def _drawn_response_db(count: int, dice: np.random.Generator) -> Tensor:
    """What as many degradations do to the bands: ``(count, BANDS)``."""

    def between(limits: tuple[float, float]) -> NDArray[np.float64]:
        return np.exp(dice.uniform(math.log(limits[0]), math.log(limits[1]), count))

    gains, freqs, q = np.zeros((count, 5)), np.full((count, 5), 1_000.0), np.ones((count, 3))
    gains[:, 0], freqs[:, 0] = dice.uniform(-SHELF_DB, SHELF_DB, count), between(LOW_SHELF_HZ)
    gains[:, 1], freqs[:, 1], q[:, 0] = dice.uniform(-PEAK_DB, PEAK_DB, count), between(PEAK_HZ), between(PEAK_Q)
    gains[:, 4], freqs[:, 4] = dice.uniform(-SHELF_DB, SHELF_DB, count), between(HIGH_SHELF_HZ)
    return eq_response_db(*(torch.from_numpy(knob.astype(np.float32)) for knob in (gains, freqs, q)))


def _spread_of(seen: Batch) -> Tensor:
    """The deviation of each column over the batch; imbalances, of which little noise hides all, take a tenth."""
    rows = seen.values[seen.heard > 0]
    spread = rows.std(dim=0)
    share = torch.ones(OWN)
    share[2 * BANDS : 3 * BANDS] = 0.1
    share[IMBALANCE_COLUMN] = 0.1
    share[OWN - 1] = 0.1
    return spread * share.repeat(2)


def _slow_down(optimiser: torch.optim.AdamW, recipe: Recipe, step: int) -> None:
    """Twenty steps of warming up, then a constant rate: when to stop is chosen by step, which a decay would blur."""
    for group in optimiser.param_groups:
        group["lr"] = recipe.rate * min(1.0, (step + 1) / 20.0)


def _moved(lesson: Lesson, device: torch.device) -> Lesson:
    seen = lesson.seen
    here = {name: getattr(seen, name).to(device) for name in ("values", "roles", "groups", "heard", "style")}
    moved = {name: getattr(lesson, name).to(device) for name in Lesson.__dataclass_fields__ if name != "seen"}
    return Lesson(seen=Batch(**here, mel=None if seen.mel is None else seen.mel.to(device)), **moved)
