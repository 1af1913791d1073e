"""The console at work on arrays: routing, and the properties that every mix has."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mixing.engine.console.desk import Desk, audible_strips
from mixing.engine.console.eq import process_reference
from mixing.engine.console.parameters import (
    ConsoleParameters,
    Eq,
    GroupBus,
    Groups,
    HighShelf,
    LowShelf,
    Master,
    Peak,
    Strip,
)
from mixing.engine.errors import MixFailed

RATE = 48_000
FRAMES = 3_000
BRIGHT = Eq(high_shelf=HighShelf(gain_db=6.0))
THIN = Eq(low_shelf=LowShelf(gain_db=-9.0), peak_1=Peak(gain_db=4.0, freq_hz=400.0))
STEMS = {"kick": 1, "bass": 1, "vocal": 2, "keys": 2}
CONSOLE = ConsoleParameters(
    strips=(
        Strip(stem="kick", group="drums", trim_db=3.0, fader_db=-4.0),
        Strip(stem="bass", group="bass", eq=THIN, pan=-0.3),
        Strip(stem="vocal", group="vocals", eq=BRIGHT, pan=0.5, width=1.5, fader_db=2.0),
        Strip(stem="keys", group="music", width=0.4, pan=-0.8),
    ),
    groups=Groups(vocals=GroupBus(gain_db=-3.0, eq=THIN), music=GroupBus(gain_db=1.0)),
    master=Master(eq=BRIGHT),
)


def stems(seed: int, level: float = 0.5) -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    return {name: (level * rng.uniform(-1, 1, (n, FRAMES))).astype(np.float32) for name, n in STEMS.items()}


def mix(console: ConsoleParameters, audio: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    frames = next(iter(audio.values())).shape[1]
    desk = Desk(console, {name: len(block) for name, block in audio.items()}, sample_rate=RATE)
    return desk.process(audio, frames)


def one(channels: int = 1, *, groups: Groups = Groups(), **knobs: Any) -> ConsoleParameters:  # noqa: B008
    return ConsoleParameters(strips=(Strip(stem="x", **knobs),), groups=groups)


def constant(*values: float, frames: int = 4) -> NDArray[np.float32]:
    return np.tile(np.array(values, np.float32)[:, None], (1, frames))


def test_a_mono_stem_arrives_three_decibels_down_on_both_sides() -> None:
    assert mix(one(), {"x": constant(1.0)})[:, 0] == pytest.approx([0.70710678, 0.70710678])


def test_a_stereo_stem_arrives_as_it_is() -> None:
    audio = constant(0.25, -0.5)

    assert np.array_equal(mix(one(), {"x": audio}), audio)


def test_trim_fader_and_group_gain_multiply() -> None:
    console = one(trim_db=20.0, fader_db=-6.020599913279624, group="bass", groups=Groups(bass=GroupBus(gain_db=-20.0)))

    assert mix(console, {"x": constant(0.5, 0.25)})[:, 0] == pytest.approx([0.25, 0.125])


def test_width_comes_before_the_balance() -> None:
    # Middle 0.2, side 0.1: doubled to 0.2 they are 0.4 and 0; the balance halves the left.
    assert mix(one(width=2.0, pan=0.5), {"x": constant(0.3, 0.1)})[:, 0] == pytest.approx([0.2, 0.0], abs=1e-8)


def test_the_whole_desk_is_what_the_readable_parts_give() -> None:
    audio = stems(3)
    half, gain = np.sqrt(0.5), lambda level: 10 ** (level / 20)
    theta = (1 - 0.3) * np.pi / 4
    kick = gain(3.0 - 4.0) * half * np.vstack([audio["kick"]] * 2)
    bass = np.array([[np.cos(theta)], [np.sin(theta)]]) * process_reference(audio["bass"], THIN, RATE)
    vocal = process_reference(audio["vocal"], BRIGHT, RATE)
    vocal = gain(2.0) * np.array([[0.5], [1.0]]) * (np.array([[1.25, -0.25], [-0.25, 1.25]]) @ vocal)
    keys = np.array([[1.0], [0.2]]) * (np.array([[0.7, 0.3], [0.3, 0.7]]) @ audio["keys"])
    total = kick + bass + gain(-3.0) * process_reference(vocal, THIN, RATE) + gain(1.0) * keys
    expected = process_reference(total, BRIGHT, RATE)

    residual_db = 10 * np.log10(np.mean((mix(CONSOLE, audio) - expected) ** 2) / np.mean(expected**2))

    assert residual_db <= -140.0


@given(cuts=st.lists(st.integers(1, FRAMES - 1), unique=True, max_size=6), seed=st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_any_chunking_gives_the_same_samples(cuts: list[int], seed: int) -> None:
    audio = stems(seed)
    desk = Desk(CONSOLE, STEMS, sample_rate=RATE)
    edges = [0, *sorted(cuts), FRAMES]

    pieces = [
        desk.process({name: block[:, start:stop] for name, block in audio.items()}, stop - start)
        for start, stop in itertools.pairwise(edges)
    ]

    assert np.array_equal(np.concatenate(pieces, axis=1), mix(CONSOLE, audio))


def test_a_chunk_longer_than_the_desks_own_block_gives_the_same_samples() -> None:
    audio = {name: np.tile(block, (1, 10)) for name, block in stems(1).items()}
    desk = Desk(CONSOLE, STEMS, sample_rate=RATE)

    pieces = [desk.process({n: b[:, i : i + 1_000] for n, b in audio.items()}, 1_000) for i in range(0, 30_000, 1_000)]

    assert np.array_equal(np.concatenate(pieces, axis=1), mix(CONSOLE, audio))


@given(a=st.integers(0, 100), b=st.integers(0, 100), factor=st.floats(-2.0, 2.0))
@settings(max_examples=25, deadline=None)
def test_without_dynamics_the_desk_is_linear(a: int, b: int, factor: float) -> None:
    first, second = stems(a), stems(b)
    both = {name: (first[name] + np.float32(factor) * second[name]).astype(np.float32) for name in STEMS}

    expected = mix(CONSOLE, first).astype(np.float64) + np.float32(factor) * mix(CONSOLE, second).astype(np.float64)

    assert mix(CONSOLE, both) == pytest.approx(expected, abs=3e-6)


def levels(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high)


EQS = st.builds(
    Eq,
    low_shelf=st.builds(LowShelf, gain_db=levels(-18, 18), freq_hz=levels(30, 500)),
    peak_2=st.builds(Peak, gain_db=levels(-18, 18), freq_hz=levels(30, 18_000), q=levels(0.2, 12)),
    high_shelf=st.builds(HighShelf, gain_db=levels(-18, 18), freq_hz=levels(1_500, 18_000)),
)


@given(eq=EQS, trim=levels(-48, 48), fader=levels(-90, 12), pan=levels(-1, 1), width=levels(0, 2), mono=st.booleans())
@settings(max_examples=60, deadline=None)
def test_silence_stays_silence_and_sound_stays_finite(
    eq: Eq, trim: float, fader: float, pan: float, width: float, mono: bool
) -> None:
    console = one(eq=eq, trim_db=trim, fader_db=fader, pan=pan, width=width)
    loud = stems(5, level=1.0)["kick" if mono else "keys"]

    assert not mix(console, {"x": np.zeros_like(loud)}).any()
    assert np.isfinite(mix(console, {"x": loud})).all()


def test_a_muted_stem_is_silent_and_the_others_are_untouched() -> None:
    audio = stems(2)

    muted = mix(CONSOLE.with_values({"strips.vocal.mute": True}), audio)
    absent = mix(CONSOLE, {**audio, "vocal": np.zeros_like(audio["vocal"])})

    assert np.array_equal(muted, absent)
    assert not np.array_equal(muted, mix(CONSOLE, audio))


def test_a_solo_silences_all_strips_that_are_not_soloed() -> None:
    audio = stems(2)
    rest = {name: np.zeros_like(block) for name, block in audio.items()}

    soloed = mix(CONSOLE.with_values({"strips.bass.solo": True, "strips.keys.solo": True}), audio)

    assert np.array_equal(soloed, mix(CONSOLE, {**rest, "bass": audio["bass"], "keys": audio["keys"]}))


@pytest.mark.parametrize(
    ("values", "heard"),
    [
        ({}, ("kick", "bass", "vocal", "keys")),
        ({"strips.kick.solo": True}, ("kick",)),
        ({"strips.kick.solo": True, "strips.kick.mute": True}, ()),
        ({"strips.kick.fader_db": -90.0}, ("bass", "vocal", "keys")),
        ({"groups.vocals.gain_db": -90.0}, ("kick", "bass", "keys")),
        ({"strips.bass.solo": True, "strips.bass.fader_db": -90.0}, ()),
    ],
)
def test_mute_wins_over_solo_and_what_is_off_is_not_heard(values: dict[str, Any], heard: tuple[str, ...]) -> None:
    console = CONSOLE.with_values(values)

    assert tuple(strip.stem for strip in audible_strips(console)) == heard
    assert Desk(console, STEMS, sample_rate=RATE).stems == heard


def test_with_every_stem_muted_the_desk_is_silent() -> None:
    console = CONSOLE.with_values({f"strips.{name}.mute": True for name in STEMS})

    assert not mix(console, stems(1)).any()


def test_a_stem_with_a_sample_that_is_no_number_is_named() -> None:
    audio = stems(1)
    audio["bass"][0, 1_234] = np.nan

    with pytest.raises(MixFailed) as failure:
        mix(CONSOLE, audio)

    assert failure.value.code == "stem_not_finite"
    assert failure.value.field == "bass"


def test_a_sum_beyond_all_numbers_fails_with_a_sentence() -> None:
    with pytest.raises(MixFailed) as failure:
        mix(one(trim_db=48.0), {"x": constant(3e38, 3e38)})

    assert failure.value.code == "mix_not_finite"
