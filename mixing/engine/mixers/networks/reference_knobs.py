"""The knobs that are turned towards a reference: numbers around 0 as corrections of a base, in audible units.

The same numbers become settings of the mel desk, where their effect is predicted, and decisions, which the console is
assembled from. All zeros are the base itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mixing.engine.console.parameters import Eq, HighShelf, LowShelf, Peak
from mixing.engine.mixers import dynamics
from mixing.engine.mixers.decisions import Decisions, GroupDecision, MasterDecision, StemDecision
from mixing.engine.mixers.eq_response import band_response_db
from mixing.engine.mixers.interface import Intent, SessionFeatures
from mixing.engine.roles import GROUPS, Role
from mixing.engine.training.desk_frames import Curves
from mixing.engine.training.desk_inputs import MUTED_DB, delay_return_db, reverb_return_db, sounds
from mixing.engine.training.mel_desk import Settings, eq_response_db

STEM_KNOBS: Final = 10
"""Level, five gains of the EQ, pan, width, gain reduction, reverb."""
GROUP_KNOBS: Final = 6
"""Five gains of the EQ, gain reduction."""
MASTER_KNOBS: Final = 11
"""Five gains and five frequencies of the EQ, gain reduction."""
LEVEL_LU: Final = 8.0
STEM_EQ_DB: Final = 6.0
GROUP_EQ_DB: Final = 4.0
MASTER_EQ_DB: Final = 9.0
OCTAVES: Final = 0.7
PAN: Final = 0.8
CENTRED_PAN: Final = 0.12
CENTRED: Final[frozenset[Role]] = frozenset({"kick", "snare", "bass", "lead_vocal", "drums"})
"""What carries a song stays near its middle, whatever the reference does."""
WIDTH_OCTAVES: Final = 1.2
STEM_REDUCTION_DB: Final = 8.0
GROUP_REDUCTION_DB: Final = 6.0
MASTER_REDUCTION_DB: Final = 9.0
REVERB_LU: Final = 16.0
DRY_LU: Final = -32.0
"""The reverb of a stem that the base leaves dry starts here: inaudible, and within reach."""
LEAST_REVERB_LU: Final = -28.0
_HARDNESS: Final = 3.0
_Band = TypeVar("_Band", LowShelf, Peak, HighShelf)


@dataclass(frozen=True, slots=True)
class Knobs:
    """``stems (N, S, STEM_KNOBS)``, ``groups (N, 4, GROUP_KNOBS)``, ``master (N, MASTER_KNOBS)``, each around 0."""

    stems: Tensor
    groups: Tensor
    master: Tensor

    def all(self) -> list[Tensor]:
        """The three tensors."""
        return [self.stems, self.groups, self.master]


@dataclass(frozen=True, slots=True)
class Equalisers:
    """Gains and frequencies ``(..., 5)``, Q ``(..., 3)``, and the high-pass's response ``(..., BANDS)``."""

    gains_db: Tensor
    freqs_hz: Tensor
    q: Tensor
    high_pass_db: Tensor


@dataclass(frozen=True, slots=True)
class Base:
    """What is corrected, of ``N`` sessions: the decisions as tensors, and how far pans may go.

    Reductions are those of the static curves; a meter shows, and decisions wish for, the reach of each of them.
    """

    level_lu: Tensor
    stem_eq: Equalisers
    pan: Tensor
    pan_reach: Tensor
    width: Tensor
    reduction_db: Tensor
    stem_characters: Tensor
    reverb_lu: Tensor
    group_eq: Equalisers
    group_reduction_db: Tensor
    group_characters: Tensor
    master_eq: Equalisers
    master_reduction_db: Tensor
    master_character: Tensor
    reverb_return_db: Tensor
    delay_return_db: Tensor
    target_lufs: Tensor

    def neutral(self) -> Knobs:
        """All zeros."""
        count, stems = self.level_lu.shape
        return Knobs(
            torch.zeros(count, stems, STEM_KNOBS),
            torch.zeros(count, len(GROUPS), GROUP_KNOBS),
            torch.zeros(count, MASTER_KNOBS),
        )


def base_of(
    sessions: Sequence[SessionFeatures],
    decisions: Sequence[Decisions],
    targets_lufs: Sequence[float],
    intents: Sequence[Intent] | None = None,
) -> Base:
    """The decisions of some sessions, padded to the most stems; silent stems are muted and stay as they are."""
    most = max(len(session.stems) for session in sessions)
    rows = [
        _rows(session, decided, intent, most)
        for session, decided, intent in zip(sessions, decisions, intents or [Intent()] * len(sessions), strict=True)
    ]
    columns = {
        name: torch.tensor([[row[name] for row in song] for song in rows]) for name in rows[0][0] if name != "eq"
    }
    groups = [[decided.groups.get(group, GroupDecision()) for group in GROUPS] for decided in decisions]
    masters = [decided.master for decided in decisions]
    return Base(
        stem_eq=_equalisers([[row["eq"] for row in song] for song in rows]),
        stem_characters=torch.stack([columns["slope"], columns["knee_db"]], dim=-1),
        group_eq=_equalisers([[group.eq for group in song] for song in groups]),
        group_reduction_db=torch.tensor(
            [
                [
                    each.gain_reduction_db / dynamics.BY_GROUP[group].reach
                    for group, each in zip(GROUPS, song, strict=True)
                ]
                for song in groups
            ]
        ),
        group_characters=torch.tensor([[_character(dynamics.BY_GROUP[group]) for group in GROUPS]] * len(sessions)),
        master_eq=_equalisers([master.eq for master in masters]),
        master_reduction_db=torch.tensor([master.gain_reduction_db / dynamics.ON_MASTER.reach for master in masters]),
        master_character=torch.tensor([_character(dynamics.ON_MASTER)] * len(sessions)),
        reverb_return_db=torch.tensor(np.array([reverb_return_db(d.reverb) for d in decisions]), dtype=torch.float32),
        delay_return_db=torch.tensor(np.array([delay_return_db(d.delay) for d in decisions]), dtype=torch.float32),
        target_lufs=torch.tensor(list(targets_lufs), dtype=torch.float32),
        **{name: columns[name] for name in ("level_lu", "pan", "pan_reach", "width", "reduction_db", "reverb_lu")},
    )


def _rows(session: SessionFeatures, decisions: Decisions, intent: Intent, most: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for stem in session.stems:
        decided, wish = decisions.stems.get(stem.name, StemDecision()), intent.of(stem.name)
        character = dynamics.BY_ROLE[stem.role]
        slope, knee_db = _character(character)
        rows.append(
            {
                "level_lu": decided.level_lu if sounds(stem) else MUTED_DB,
                "eq": decided.eq,
                "pan": decided.pan if wish.pan is None else wish.pan,
                "pan_reach": 0.0 if wish.pan is not None else CENTRED_PAN if stem.role in CENTRED else PAN,
                "width": decided.width,
                "reduction_db": decided.gain_reduction_db / character.reach,
                "slope": slope,
                "knee_db": knee_db,
                "reverb_lu": DRY_LU if decided.reverb_lu is None else decided.reverb_lu,
            }
        )
    absent = {"level_lu": MUTED_DB, "eq": Eq(), "pan": 0.0, "pan_reach": 0.0, "width": 1.0, "reduction_db": 0.0,
              "slope": 0.5, "knee_db": 6.0, "reverb_lu": DRY_LU}  # fmt: skip
    return rows + [absent] * (most - len(rows))


def settings_of_knobs(base: Base, knobs: Knobs) -> Settings:
    """What the mel desk stands at when these corrections are made."""
    count, stems = base.level_lu.shape
    turned, groups, master = _turned(base, knobs)
    strip_eq_db, group_eq_db, master_eq_db = _responses(base, turned, groups, master)
    return Settings(
        strip_eq_db=strip_eq_db,
        input_db=torch.zeros(count, stems),
        strip_curves=_curves(turned["reduction"], base.stem_characters),
        fader_db=turned["level"],
        pan=turned["pan"],
        width=turned["width"],
        reverb_db=turned["reverb"],
        delay_db=torch.full((count, stems), MUTED_DB),
        reverb_return_db=base.reverb_return_db,
        delay_return_db=base.delay_return_db,
        group_db=torch.zeros(count, len(GROUPS)),
        group_eq_db=group_eq_db,
        group_curves=_curves(groups["reduction"], base.group_characters),
        master_eq_db=master_eq_db,
        master_curve=_curves(master["reduction"], base.master_character),
        target_lufs=base.target_lufs,
        ceiling_db=torch.full((count,), -1.0),
        audible=True,
    )


def decisions_of_knobs(
    session: SessionFeatures, decisions: Decisions, base: Base, knobs: Knobs, row: int = 0
) -> Decisions:
    """The decisions of one session with these corrections."""
    with torch.no_grad():
        turned, groups, master = _turned(base, knobs)
    corrected = dict(decisions.stems)
    for column, stem in enumerate(session.stems):
        if not sounds(stem):
            continue
        decided = decisions.stems.get(stem.name, StemDecision())
        wet_lu = float(turned["reverb"][row, column])
        corrected[stem.name] = dataclasses.replace(
            decided,
            level_lu=float(turned["level"][row, column]),
            eq=_corrected(decided.eq, turned["eq"][row, column]),
            pan=float(turned["pan"][row, column]),
            width=float(turned["width"][row, column]),
            gain_reduction_db=float(turned["reduction"][row, column]) * dynamics.BY_ROLE[stem.role].reach,
            reverb_lu=wet_lu if wet_lu >= LEAST_REVERB_LU else None,
        )
    return dataclasses.replace(
        decisions,
        stems=corrected,
        groups={
            group: dataclasses.replace(
                decisions.groups.get(group, GroupDecision()),
                gain_reduction_db=float(groups["reduction"][row, place]) * dynamics.BY_GROUP[group].reach,
                eq=_corrected(decisions.groups.get(group, GroupDecision()).eq, groups["eq"][row, place]),
            )
            for place, group in enumerate(GROUPS)
        },
        master=MasterDecision(
            gain_reduction_db=float(master["reduction"][row]) * dynamics.ON_MASTER.reach,
            eq=_corrected(decisions.master.eq, master["eq"][row], master["octaves"][row]),
        ),
    )


# ---- numbers around 0 to units ---------------------------------------------------------------------------------------

Turned = dict[str, Tensor]


def _turned(base: Base, knobs: Knobs) -> tuple[Turned, Turned, Turned]:
    stems, groups, master = (torch.tanh(values) for values in knobs.all())
    return (
        {
            "level": base.level_lu + LEVEL_LU * stems[..., 0],
            "eq": STEM_EQ_DB * stems[..., 1:6],
            "pan": (base.pan + base.pan_reach * stems[..., 6]).clamp(-1.0, 1.0),
            "width": (base.width * torch.exp2(WIDTH_OCTAVES * stems[..., 7])).clamp(max=2.0),
            "reduction": _reduction(base.reduction_db, STEM_REDUCTION_DB * stems[..., 8]),
            "reverb": base.reverb_lu + REVERB_LU * functional.softplus(2.0 * stems[..., 9] - 1.0),
        },
        {
            "eq": GROUP_EQ_DB * groups[..., :5],
            "reduction": _reduction(base.group_reduction_db, GROUP_REDUCTION_DB * groups[..., 5]),
        },
        {
            "eq": MASTER_EQ_DB * master[..., :5],
            "octaves": OCTAVES * master[..., 5:10],
            "reduction": _reduction(base.master_reduction_db, MASTER_REDUCTION_DB * master[..., 10]),
        },
    )


def _responses(base: Base, turned: Turned, groups: Turned, master: Turned) -> tuple[Tensor, Tensor, Tensor]:
    """Of the EQs of stems, groups and master, all calculated at once: many small steps take longer than a few."""
    eqs = (base.stem_eq, base.group_eq, base.master_eq)
    gains = [eq.gains_db + part["eq"] for eq, part in zip(eqs, (turned, groups, master), strict=True)]
    freqs = [base.stem_eq.freqs_hz, base.group_eq.freqs_hz, base.master_eq.freqs_hz * torch.exp2(master["octaves"])]

    def together(stems: Tensor, groups: Tensor, master: Tensor) -> Tensor:
        return torch.cat((stems, groups, master[:, None]), dim=1)

    response_db = eq_response_db(together(*gains), together(*freqs), together(*(eq.q for eq in eqs)))
    response_db = response_db + together(*(eq.high_pass_db for eq in eqs))
    stems, buses, whole = torch.split(response_db, [base.level_lu.shape[1], len(GROUPS), 1], dim=1)
    return stems, buses, whole[:, 0]


def _reduction(base_db: Tensor, change_db: Tensor) -> Tensor:
    """Never negative; bent softly, so that there is a way back from none."""
    return functional.softplus((base_db + change_db) * _HARDNESS) / _HARDNESS


def _curves(wanted_db: Tensor, characters: Tensor) -> Curves:
    """``dynamics.set_for`` in torch: the threshold whose static curve gives this reduction at the 95th percentile."""
    slope, knee_db = characters.unbind(dim=-1)
    bent_db = torch.sqrt(2.0 * knee_db * wanted_db / slope + 1e-6) - knee_db / 2.0
    over_db = torch.where(wanted_db >= slope * knee_db / 2.0, wanted_db / slope, bent_db)
    return Curves(-over_db, slope, knee_db, torch.zeros_like(slope), relative=True)


def _character(character: dynamics.Character) -> tuple[float, float]:
    """Slope and knee; that the level lies below the peaks shifts threshold and reduction alike."""
    return 1.0 - 1.0 / character.compressor.ratio, character.compressor.knee_db


def _equalisers(eqs: Sequence[object]) -> Equalisers:
    """Nested sequences of ``Eq`` as tensors of that shape."""

    def tensor(value: object, take: object) -> object:
        if isinstance(value, Eq):
            return take(value)  # type: ignore[operator]
        return [tensor(each, take) for each in value]  # type: ignore[attr-defined]

    def gains(eq: Eq) -> list[float]:
        return [band.gain_db for band in (eq.low_shelf, eq.peak_1, eq.peak_2, eq.peak_3, eq.high_shelf)]

    def freqs(eq: Eq) -> list[float]:
        return [band.freq_hz for band in (eq.low_shelf, eq.peak_1, eq.peak_2, eq.peak_3, eq.high_shelf)]

    return Equalisers(
        *(
            torch.tensor(tensor(eqs, take), dtype=torch.float32)
            for take in (
                gains,
                freqs,
                lambda eq: [eq.peak_1.q, eq.peak_2.q, eq.peak_3.q],
                lambda eq: band_response_db(Eq(high_pass=eq.high_pass)).tolist(),
            )
        )
    )


def _corrected(eq: Eq, gains_db: Tensor, octaves: Tensor | None = None) -> Eq:
    """An EQ with gains added and frequencies moved, inside of what the console takes."""
    moved = [0.0] * 5 if octaves is None else octaves.tolist()
    gains = gains_db.tolist()

    def turned(band: _Band, place: int, low_hz: float, high_hz: float) -> _Band:
        return dataclasses.replace(
            band,
            gain_db=min(18.0, max(-18.0, band.gain_db + gains[place])),
            freq_hz=min(high_hz, max(low_hz, band.freq_hz * 2.0 ** moved[place])),
        )

    return dataclasses.replace(
        eq,
        low_shelf=turned(eq.low_shelf, 0, 30.0, 500.0),
        peak_1=turned(eq.peak_1, 1, 30.0, 18_000.0),
        peak_2=turned(eq.peak_2, 2, 30.0, 18_000.0),
        peak_3=turned(eq.peak_3, 3, 30.0, 18_000.0),
        high_shelf=turned(eq.high_shelf, 4, 1_500.0, 18_000.0),
    )
