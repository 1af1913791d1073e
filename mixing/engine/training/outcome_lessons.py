"""Measured outcomes as tensors: what a tower sees for every wish, what the formula would set, and what that does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mixing.engine.mixers import dynamics
from mixing.engine.mixers.dynamics import Asked, Character
from mixing.engine.mixers.networks.batch import padded
from mixing.engine.mixers.outcomes import ASKED_COLUMNS, asked_row
from mixing.engine.roles import GROUPS, ROLES
from mixing.engine.training.calibration_targets import Targets
from mixing.engine.training.outcome_measures import UNDER_DB

WISHES_DB: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
"""The reductions that towers learn to grant, and are judged by."""
MASTER: Final = len(GROUPS)

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Wished:
    """Compressors on ``places`` (stems or buses) of ``N`` consoles, under each wish of WISHES_DB.

    Parameters
    ----------
    asked : Tensor
        ``(N, places, wishes, columns)``: the wish as a tower sees it.
    threshold_db, loss_lu : Tensor
        ``(N, places, wishes)``: what the formula sets, and what it takes to be lost.
    curves : Tensor
        ``(N, places, 3, len(UNDER_DB))``; see :class:`~mixing.engine.training.calibration_targets.Targets`.
    there : Tensor
        ``(N, places)``: 1 where all of it was measured.
    """

    asked: Tensor
    threshold_db: Tensor
    loss_lu: Tensor
    curves: Tensor
    there: Tensor


@dataclass(frozen=True, slots=True)
class Lessons:
    """``N`` consoles for all towers, padded to as many stems.

    Parameters
    ----------
    songs : tuple[str, ...]
        Of each console.
    heard, groups : Tensor
        ``(N, stems)``.
    sound, space, of_group, of_mix : Tensor
        ``(N, stems, …)`` as in ``Targets``.
    stems, buses : Wished
        The buses are the four groups and the mix.
    louder_lu, returned : Tensor
        ``(N, stems, 2)``: by how much reverb and echoes came back louder than the formulas say, and where measured.
    """

    songs: tuple[str, ...]
    heard: Tensor
    groups: Tensor
    sound: Tensor
    space: Tensor
    of_group: Tensor
    of_mix: Tensor
    stems: Wished
    buses: Wished
    louder_lu: Tensor
    returned: Tensor

    def only(self, chosen: Callable[[str], bool]) -> Lessons:
        """The consoles of some songs."""
        places = [place for place, song in enumerate(self.songs) if chosen(song)]
        return self.at(torch.tensor(places, dtype=torch.int64))

    def at(self, places: Tensor) -> Lessons:
        """The consoles at some places, any number of times each."""
        return Lessons(
            songs=tuple(self.songs[place] for place in places.tolist()),
            stems=_at(self.stems, places),
            buses=_at(self.buses, places),
            **{
                name: getattr(self, name)[places]
                for name in ("heard", "groups", "sound", "space", "of_group", "of_mix", "louder_lu", "returned")
            },
        )


def lessons_of(songs: Sequence[str], targets: Sequence[Targets]) -> Lessons:
    """Stack the targets; ``songs`` names the song of each."""
    stems = max(len(each.groups) for each in targets)

    def rows(values: Callable[[Targets], Values]) -> Tensor:
        return padded([values(each) for each in targets], stems)

    louder = rows(lambda each: each.returns_lu[:, :2] - each.returns_lu[:, 2:])
    return Lessons(
        songs=tuple(songs),
        heard=rows(lambda each: np.ones(len(each.groups), dtype=np.float32)),
        groups=rows(lambda each: each.groups).long(),
        sound=rows(lambda each: each.sound),
        space=rows(lambda each: each.space),
        of_group=rows(lambda each: each.of_group),
        of_mix=rows(lambda each: each.of_mix),
        stems=_wished([_of_stems(each) for each in targets], stems),
        buses=_wished([_of_buses(each) for each in targets], len(GROUPS) + 1),
        louder_lu=torch.nan_to_num(louder),
        returned=torch.isfinite(louder).float() * rows(lambda each: np.ones((len(each.groups), 1), dtype=np.float32)),
    )


def achieved(wished: Wished, threshold_db: Tensor) -> tuple[Tensor, Tensor]:
    """Reduction and loss at thresholds ``(N, places, wishes)``, read off the measured curves; both of that shape."""
    under = torch.tensor(UNDER_DB)
    at = wished.curves[:, :, 0, :1] - threshold_db  # how far under the loud peaks
    place = torch.bucketize(at.detach(), under).clamp(1, len(UNDER_DB) - 1)
    low, high = under[place - 1], under[place]
    share = ((at - low) / (high - low)).clamp(min=0.0)
    found = []
    for row in (1, 2):
        values = wished.curves[:, :, row]
        here, there = (torch.gather(values, 2, each) for each in (place - 1, place))
        found.append(here + share * (there - here))
    return found[0], found[1]


def _at(wished: Wished, places: Tensor) -> Wished:
    return Wished(*(getattr(wished, name)[places] for name in ("asked", "threshold_db", "loss_lu", "curves", "there")))


@dataclass(frozen=True, slots=True)
class _Rows:
    peaks: Values
    curves: Values
    characters: list[Character]
    place_of: list[int | None]


def _of_stems(targets: Targets) -> _Rows:
    characters = [dynamics.BY_ROLE[ROLES[role]] for role in targets.roles.astype(int).tolist()]
    return _Rows(targets.stem_peaks, targets.stem_curves, characters, [None] * len(characters))


def _of_buses(targets: Targets) -> _Rows:
    characters = [*(dynamics.BY_GROUP[group] for group in GROUPS), dynamics.ON_MASTER]
    return _Rows(targets.bus_peaks, targets.bus_curves, characters, list(range(MASTER + 1)))


def _wished(found: Sequence[_Rows], places: int) -> Wished:
    made = [_of_rows(rows) for rows in found]
    asked, threshold_db, loss_lu, curves, there = (padded([each[part] for each in made], places) for part in range(5))
    return Wished(asked, threshold_db, loss_lu, curves, there)


def _of_rows(rows: _Rows) -> tuple[Values, Values, Values, Values, Values]:
    count = len(rows.characters)
    columns = ASKED_COLUMNS + (MASTER + 1 if any(place is not None for place in rows.place_of) else 0)
    asked = np.zeros((count, len(WISHES_DB), columns), dtype=np.float32)
    threshold_db, loss_lu = (np.zeros((count, len(WISHES_DB)), dtype=np.float32) for _ in range(2))
    finite = np.concatenate([rows.curves.reshape(count, -1), rows.peaks], axis=1)
    measured = np.asarray(np.isfinite(finite).all(axis=1), dtype=np.bool_)
    for row in np.flatnonzero(measured).tolist():
        peaks_dbfs = tuple(rows.peaks[row].tolist())
        for column, wanted_db in enumerate(WISHES_DB):
            wish = Asked(wanted_db=wanted_db, character=rows.characters[row], peaks_dbfs=peaks_dbfs)
            asked[row, column, :ASKED_COLUMNS] = asked_row(wish)
            place = rows.place_of[row]
            if place is not None:
                asked[row, column, ASKED_COLUMNS + place] = 1.0
            threshold_db[row, column] = dynamics.threshold_for(wish)
            loss_lu[row, column] = dynamics.placed(wish).loss_lu
    return asked, threshold_db, loss_lu, np.nan_to_num(rows.curves), measured.astype(np.float32)
