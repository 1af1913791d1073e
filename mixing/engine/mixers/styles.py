"""Styles that a musician can ask any mixer for: tables in audible units, set by hand and not trained.

A style moves what the mixer decided; it replaces nothing. Without one, a mix is as the mixer hears it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from mixing.engine.console.parameters import Delay, Eq, HighShelf, LowShelf, Peak, Reverb
from mixing.engine.errors import MixFailed
from mixing.engine.mixers import image
from mixing.engine.mixers.decisions import Decisions, GroupDecision, MasterDecision, StemDecision
from mixing.engine.mixers.interface import SessionFeatures, StemFeatures
from mixing.engine.roles import GROUPS, Group, Role, group_of

ORIGIN: Final = "set, not trained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tilt:
    """Shelves on a group or the master: dB below ``low_hz`` and above ``high_hz``, and a presence at 3 kHz."""

    low_db: float = 0.0
    low_hz: float = 150.0
    presence_db: float = 0.0
    high_db: float = 0.0
    high_hz: float = 6_000.0

    def onto(self, eq: Eq) -> Eq:
        """An EQ with this tilt added where its shelves and third peak are free; a set band keeps its frequency."""
        return dataclasses.replace(
            eq,
            low_shelf=_shelf(eq.low_shelf, LowShelf(gain_db=self.low_db, freq_hz=self.low_hz)),
            peak_3=_peak(eq.peak_3, Peak(gain_db=self.presence_db, freq_hz=3_000.0, q=0.8)),
            high_shelf=_high(eq.high_shelf, HighShelf(gain_db=self.high_db, freq_hz=self.high_hz)),
        )


_LEVEL: Final = Tilt()


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A table of audible differences to the mixer's own decisions.

    Parameters
    ----------
    title, sentence : str
        For musicians.
    offsets_lu : Mapping[Role, float]
        Level by role.
    tilt : Mapping[Group, Tilt]
        Tone of the groups.
    width : float
        Factor on the width of stereo stems and on how far from the middle stems stand; kick, snare, bass and lead vocal
        keep theirs.
    gain_reduction_db, group_reduction_db : Mapping[Group, float]
        Compression of each stem and of the group's sum at loud moments, beside the mixer's own.
    master_reduction_db : float
        Likewise on the mix.
    master_tilt : Tilt
        Tone of the mix.
    reverb_lu, delay_lu : Mapping[str, float]
        Loudness beside the dry sound by role or else by group, for stems that the mixer left dry; kick and bass stay
        dry unless they are named.
    reverb, delay : Reverb | None, Delay | None
        The rooms; None keeps the mixer's.
    """

    title: str
    sentence: str
    offsets_lu: Mapping[Role, float] = field(default_factory=dict)
    tilt: Mapping[Group, Tilt] = field(default_factory=dict)
    width: float = 1.0
    gain_reduction_db: Mapping[Group, float] = field(default_factory=dict)
    group_reduction_db: Mapping[Group, float] = field(default_factory=dict)
    master_reduction_db: float = 0.0
    master_tilt: Tilt = _LEVEL
    reverb_lu: Mapping[str, float] = field(default_factory=dict)
    delay_lu: Mapping[str, float] = field(default_factory=dict)
    reverb: Reverb | None = None
    delay: Delay | None = None


KEPT_NARROW: Final[frozenset[Role]] = frozenset({"kick", "snare", "bass", "lead_vocal"})
LARGEST_WIDTH: Final = 1.8

STYLES: Final[Mapping[str, Style]] = MappingProxyType({
    "open": Style(
        title="Open",
        sentence="Breathing and dynamic: nothing squeezed, the drums stand out, a little air and a natural room.",
        offsets_lu={"kick": 1.0, "snare": 1.5, "toms": 1.0, "drums": 1.5, "pad": -2.0, "synth": -1.0},
        tilt={"vocals": Tilt(high_db=1.0, high_hz=9_000.0), "drums": Tilt(high_db=1.0, high_hz=8_000.0)},
        width=1.1,
        reverb_lu={"lead_vocal": -17.0, "backing_vocal": -14.0, "drums": -19.0, "snare": -16.0, "music": -18.0},
        reverb=Reverb(decay_s=1.3, damping_hz=7_000.0, predelay_ms=15.0),
    ),
    "dense": Style(
        title="Dense",
        sentence="Forward and tight: everything close together, compressed, vocals in your face, hardly any room.",
        offsets_lu={
            "lead_vocal": 1.5, "bass": 1.0, "electric_guitar": 1.5, "acoustic_guitar": 1.0, "synth": 1.0, "keys": 1.0,
            "cymbals": -1.0, "hihat": -1.0, "strings": 1.0, "pad": 1.0,
        },
        tilt={
            "vocals": Tilt(low_db=-1.0, presence_db=2.0),
            "music": Tilt(low_db=-1.5, presence_db=1.5),
            "drums": Tilt(presence_db=1.5),
            "bass": Tilt(low_db=-1.0),
        },
        width=0.85,
        # Little of the drums: an attack that lets hits through leaves them higher beside the rest, and a mix of high
        # hits is none that gets loud.
        gain_reduction_db={"drums": 1.5, "bass": 5.0, "vocals": 5.0, "music": 2.5},
        group_reduction_db={"drums": 1.0, "bass": 2.0, "vocals": 2.0, "music": 1.0},
        master_reduction_db=2.0,
        reverb_lu={"lead_vocal": -22.0},
        delay_lu={"lead_vocal": -20.0},
        reverb=Reverb(decay_s=0.8, damping_hz=5_000.0, predelay_ms=10.0),
        delay=Delay(feedback=0.2, damping_hz=4_000.0),
    ),
    "dark": Style(
        title="Dark",
        sentence="Warm and round: full lows, soft highs, the bass a little forward, a long dim room behind.",
        offsets_lu={"bass": 1.5, "kick": 0.5, "hihat": -2.5, "cymbals": -2.5, "percussion": -1.0, "pad": 1.0},
        tilt={
            "drums": Tilt(low_db=1.5, low_hz=120.0, high_db=-3.5, high_hz=5_000.0),
            "bass": Tilt(low_db=1.5, low_hz=110.0, high_db=-3.0, high_hz=3_500.0),
            "vocals": Tilt(low_db=1.5, low_hz=220.0, high_db=-2.5, high_hz=6_500.0),
            "music": Tilt(low_db=2.0, low_hz=220.0, presence_db=-1.0, high_db=-4.0, high_hz=4_500.0),
        },
        gain_reduction_db={"bass": 2.0, "vocals": 2.5},
        group_reduction_db={"drums": 1.5, "music": 1.0},
        master_reduction_db=1.0,
        reverb_lu={"lead_vocal": -15.0, "backing_vocal": -13.0, "snare": -16.0, "drums": -20.0, "music": -16.0},
        reverb=Reverb(decay_s=2.4, damping_hz=2_600.0, predelay_ms=30.0),
    ),
    "wide": Style(
        title="Wide",
        sentence="Airy and spacious: sides pulled out, bright tops, backing parts up, echoes and a large bright room.",
        offsets_lu={
            "backing_vocal": 1.5, "pad": 1.5, "strings": 1.0, "cymbals": 1.0, "hihat": 0.5, "bass": -1.0,
            "kick": -0.5,
        },
        tilt={
            "drums": Tilt(low_db=-0.5, high_db=2.0, high_hz=7_000.0),
            "vocals": Tilt(low_db=-1.5, low_hz=200.0, high_db=3.0, high_hz=8_000.0),
            "music": Tilt(low_db=-2.0, low_hz=220.0, high_db=3.0, high_hz=6_500.0),
        },
        width=1.5,
        gain_reduction_db={"vocals": 2.0},
        master_reduction_db=0.5,
        reverb_lu={"lead_vocal": -13.0, "backing_vocal": -10.0, "snare": -14.0, "drums": -17.0, "music": -13.0},
        delay_lu={"lead_vocal": -17.0, "electric_guitar": -18.0, "synth": -17.0},
        reverb=Reverb(decay_s=3.0, damping_hz=9_000.0, predelay_ms=35.0),
        delay=Delay(feedback=0.35, damping_hz=7_000.0),
    ),
})  # fmt: skip
"""Every style by its name, in the order in which a list shows them."""


def style_named(name: str | None) -> Style | None:
    """The style of this name; None is the mixer's own. MixFailed ``unknown_style`` names those that there are."""
    if name is None:
        return None
    style = STYLES.get(name)
    if style is None:
        known = ", ".join(STYLES)
        raise MixFailed(
            "unknown_style", f"There is no style {name!r}; choose one of {known}, or leave it out.", field="style"
        )
    return style


def styled(session: SessionFeatures, decisions: Decisions, style: Style | None) -> Decisions:
    """What a mixer decided, moved by a style; unchanged without one."""
    if style is None:
        return decisions
    stems = {
        stem.name: _styled_stem(stem, decisions.stems.get(stem.name, StemDecision()), style)
        for stem in session.stems
        if stem.audio.loudness_lufs is not None
    }
    groups: dict[Group, GroupDecision] = {}
    for group in GROUPS:
        decided = decisions.groups.get(group, GroupDecision())
        groups[group] = dataclasses.replace(
            decided,
            gain_reduction_db=decided.gain_reduction_db + style.group_reduction_db.get(group, 0.0),
            eq=style.tilt.get(group, _LEVEL).onto(decided.eq),
        )
    master = MasterDecision(
        gain_reduction_db=decisions.master.gain_reduction_db + style.master_reduction_db,
        eq=style.master_tilt.onto(decisions.master.eq),
        compressor=decisions.master.compressor,
    )
    return Decisions(
        stems=stems,
        groups=groups,
        reverb=style.reverb or decisions.reverb,
        delay=style.delay or decisions.delay,
        master=master,
    )


def _styled_stem(stem: StemFeatures, decision: StemDecision, style: Style) -> StemDecision:
    pan, width = _spread(stem, decision, style.width)
    reverb_lu, delay_lu = decision.reverb_lu, decision.delay_lu
    return dataclasses.replace(
        decision,
        level_lu=decision.level_lu + style.offsets_lu.get(stem.role, 0.0),
        pan=pan,
        width=width,
        gain_reduction_db=decision.gain_reduction_db + style.gain_reduction_db.get(group_of(stem.role), 0.0),
        reverb_lu=_by_role(style.reverb_lu, stem.role) if reverb_lu is None else reverb_lu,
        delay_lu=_by_role(style.delay_lu, stem.role) if delay_lu is None else delay_lu,
    )


def _spread(stem: StemFeatures, decision: StemDecision, factor: float) -> tuple[float, float]:
    """Pan and width, the place where the stem comes to stand moved from the middle by a factor, or towards it.

    Of a stereo stem that leans, the pan is mostly what brings it back: it is not what grows.
    """
    if stem.role in KEPT_NARROW or factor == 1.0:
        return decision.pan, decision.width
    width = min(LARGEST_WIDTH, decision.width * factor)
    if stem.audio.channels == 1:
        return max(-1.0, min(1.0, decision.pan * factor)), width
    place = image.imbalance(stem.audio, pan=decision.pan, width=decision.width)
    return image.pan_towards(stem.audio, place * factor, width=width), width


def _by_role(table: Mapping[str, float], role: Role) -> float | None:
    """The entry of a role, or else of its group, which kick and bass do not take."""
    return table.get(role) if role in ("kick", "bass") else table.get(role, table.get(group_of(role)))


def _shelf(own: LowShelf, tilt: LowShelf) -> LowShelf:
    if not tilt.gain_db:
        return own
    freq_hz = own.freq_hz if own.gain_db else tilt.freq_hz
    return LowShelf(gain_db=_gain(own.gain_db + tilt.gain_db), freq_hz=freq_hz)


def _high(own: HighShelf, tilt: HighShelf) -> HighShelf:
    if not tilt.gain_db:
        return own
    freq_hz = own.freq_hz if own.gain_db else tilt.freq_hz
    return HighShelf(gain_db=_gain(own.gain_db + tilt.gain_db), freq_hz=freq_hz)


def _peak(own: Peak, tilt: Peak) -> Peak:
    if not tilt.gain_db:
        return own
    if not own.gain_db:
        return tilt
    return dataclasses.replace(own, gain_db=_gain(own.gain_db + tilt.gain_db))


def _gain(value_db: float) -> float:
    return max(-18.0, min(18.0, value_db))
