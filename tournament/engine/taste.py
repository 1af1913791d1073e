"""What somebody's choices between consoles say of their taste: how loud which group, how bright, wide, tight, far.

Every console is read as a few numbers, its traits. A choice gives the difference of the chosen console's traits to
those of the refused one. With a few choices nobody knows much, so the mean of a trait's differences is drawn towards
nothing by a normal prior of the trait's own scale s: after n differences d the posterior is normal with mean
Σd / (n + 1) and deviation s / √(n + 1), and what is told of a direction is the posterior probability that it is the
true one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from mixing.engine.console.differences import heard_level_db, tone_db, typical_reduction_db
from mixing.engine.console.parameters import OFF_DB, ConsoleParameters, Eq
from mixing.engine.roles import GROUPS

SCALES: Final[Mapping[str, float]] = {
    **{f"level.{group}": 1.5 for group in GROUPS},
    "brightness": 3.0,
    "width": 0.3,
    "dynamics": 1.5,
    "space": 6.0,
}
"""By trait, by how much two mixers of one song usually differ: dB for groups, tone and effects, shares for width."""
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "level.drums": ("louder drums", "quieter drums"),
    "level.bass": ("more bass", "less bass"),
    "level.vocals": ("vocals in front", "vocals further back"),
    "level.music": ("louder instruments", "quieter instruments"),
    "brightness": ("brighter", "darker"),
    "width": ("wider", "narrower"),
    "dynamics": ("more compressed", "more dynamic"),
    "space": ("more space", "drier"),
}
"""What a musician calls more, and less, of a trait."""
SURE: Final = 0.8
"""A direction that is this probable is told as a taste; below it, as a hint."""
_STYLES: Final[Mapping[str, Mapping[str, float]]] = {
    "open": {"dynamics": -1.0, "level.drums": 0.7, "space": 0.5, "brightness": 0.3},
    "dense": {"dynamics": 1.0, "level.vocals": 0.7, "space": -0.7, "width": -0.5},
    "dark": {"brightness": -1.0, "level.bass": 0.7, "space": 0.5},
    "wide": {"width": 1.0, "brightness": 0.7, "space": 0.8, "level.bass": -0.5},
}
"""Which way each style goes, in scales of the traits: what the style tables do, in the words of this module."""
_LOW_HZ, _HIGH_HZ = np.geomspace(60.0, 250.0, 9), np.geomspace(4_000.0, 14_000.0, 9)
_UNHEARD_DB: Final = -30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaning:
    """A trait of a taste.

    ``amount`` is the posterior mean of chosen minus refused, in the trait's unit; ``sureness`` from 0.5 to 1 the
    probability that the direction is right; ``choices`` how many differences it rests on.
    """

    trait: str
    amount: float
    sureness: float
    choices: int

    @property
    def words(self) -> str:
        more, less = WORDS[self.trait]
        return more if self.amount > 0 else less

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "trait": self.trait,
            "words": self.words,
            "amount": round(self.amount, 3),
            "sureness": round(self.sureness, 3),
            "choices": self.choices,
            "is_sure": self.sureness >= SURE,
        }


def traits(console: ConsoleParameters) -> dict[str, float]:
    """A console in a few numbers; a group without a stem that sounds has no level.

    Levels are trim + fader + group in dB over the mean of all stems that sound. Brightness is the mean EQ response from
    4 to 14 kHz minus that from 60 to 250 Hz, over the stems. Width is the mean of |pan| plus the width beside 1.
    Dynamics is the mean reduction in dB that compressors make of usual levels: strip, group and master. Space is the
    mean level of reverb and delay beside each stem in dB, from -30, which is unheard.
    """
    heard = [(strip, level) for strip in console.strips if (level := heard_level_db(console, strip)) is not None]
    if not heard:
        return {}
    strips = [strip for strip, _ in heard]
    mean_db = math.fsum(level for _, level in heard) / len(heard)
    found: dict[str, float] = {}
    for group in GROUPS:
        levels = [level for strip, level in heard if strip.group == group]
        if levels and len(levels) < len(heard):
            found[f"level.{group}"] = math.fsum(levels) / len(levels) - mean_db
    rate = console.sample_rate or 44_100
    groups = [getattr(console.groups, strip.group) for strip in strips]
    squeezed = typical_reduction_db(console.master.compressor)
    pairs = list(zip(strips, groups, strict=True))
    found["brightness"] = _mean(_slope_db((strip.eq, bus.eq, console.master.eq), rate) for strip, bus in pairs)
    found["width"] = _mean(abs(strip.pan) + strip.width - 1.0 for strip in strips)
    found["dynamics"] = squeezed + _mean(
        typical_reduction_db(strip.compressor) + typical_reduction_db(bus.compressor) for strip, bus in pairs
    )
    found["space"] = _mean(
        max(
            _wet_db(strip.sends.reverb_db, console.reverb.return_db),
            _wet_db(strip.sends.delay_db, console.delay.return_db),
        )
        for strip in strips
    )
    return found


def moved(chosen: ConsoleParameters, refused: ConsoleParameters) -> dict[str, float]:
    """By how much the chosen console has more of each trait that both have."""
    more, less = traits(chosen), traits(refused)
    return {trait: more[trait] - less[trait] for trait in SCALES if trait in more and trait in less}


def leanings(differences: Sequence[Mapping[str, float]]) -> list[Leaning]:
    """What the differences of all choices say together, the surest first; traits that never differed are left out.

    Parameters
    ----------
    differences : Sequence[Mapping[str, float]]
        Of each choice, as :func:`moved` gives them. A tie is no choice.
    """
    found = []
    for trait, scale in SCALES.items():
        values = [difference[trait] for difference in differences if trait in difference]
        total = math.fsum(values)
        if not total:
            continue
        amount = total / (len(values) + 1)
        score = abs(amount) / (scale / math.sqrt(len(values) + 1))
        sureness = 0.5 * (1.0 + math.erf(score / math.sqrt(2.0)))
        found.append(Leaning(trait=trait, amount=amount, sureness=sureness, choices=len(values)))
    return sorted(found, key=lambda leaning: (-leaning.sureness, leaning.trait))


def style_of(taste: Sequence[Leaning]) -> str | None:
    """The style that goes the way of a taste; None where nothing is sure, or no style goes that way.

    The cosine of the taste, in scales and weighted by how sure it is, with each style's way; at least 0.3.
    """
    if not any(leaning.sureness >= SURE for leaning in taste):
        return None
    way = {each.trait: each.amount / SCALES[each.trait] * (2.0 * each.sureness - 1.0) for each in taste}
    nearness = {name: _cosine(way, style) for name, style in _STYLES.items()}
    best = max(nearness, key=lambda name: nearness[name])
    return best if nearness[best] >= 0.3 else None


def words_of(difference: Mapping[str, float], *, most: int = 3) -> tuple[str, ...]:
    """The traits in which one choice went furthest, in words; what is under a quarter of its scale is not worth one."""
    sizes = {trait: abs(value) / SCALES[trait] for trait, value in difference.items()}
    told = sorted((trait for trait in sizes if sizes[trait] >= 0.25), key=lambda trait: (-sizes[trait], trait))
    return tuple(WORDS[trait][0 if difference[trait] > 0 else 1] for trait in told[:most])


def _mean(values: Any) -> float:
    kept = list(values)
    return math.fsum(kept) / len(kept)


def _slope_db(eqs: Sequence[Eq], sample_rate: int) -> float:
    flat = [Eq() for _ in eqs]
    high, low = (tone_db(flat, list(eqs), freqs_hz, sample_rate).mean() for freqs_hz in (_HIGH_HZ, _LOW_HZ))
    return float(high - low)


def _wet_db(send_db: float, return_db: float) -> float:
    return _UNHEARD_DB if OFF_DB in (send_db, return_db) else max(send_db + return_db, _UNHEARD_DB)


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    product = math.fsum(one.get(trait, 0.0) * value for trait, value in other.items())
    sizes = math.hypot(*one.values()) * math.hypot(*other.values())
    return product / sizes if sizes else 0.0
