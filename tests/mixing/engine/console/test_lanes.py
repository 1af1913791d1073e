"""Strips, groups, returns and master on lanes against the readable console."""

import dataclasses
import itertools
import platform

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray

from mixing.engine.console import compressor, compressor_kernels, eq, lane_kernels, reference, stored_kernels
from mixing.engine.console.desk import Desk, audible_strips
from mixing.engine.console.lanes import BLOCK_FRAMES, Settings, StripPath, Strips, section_triples
from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Delay,
    Eq,
    GroupBus,
    Groups,
    HighPass,
    HighShelf,
    LowShelf,
    Master,
    Peak,
    Reverb,
    Sends,
    Strip,
)
from mixing.engine.console.simd import splat

RATE = 44_100
EVERY_BAND = Eq(
    high_pass=HighPass(on=True, freq_hz=16.0, q=4.0),
    low_shelf=LowShelf(gain_db=18.0, freq_hz=30.0),
    peak_1=Peak(gain_db=-18.0, freq_hz=30.0, q=12.0),
    peak_2=Peak(gain_db=12.0, freq_hz=1_000.0, q=0.2),
    peak_3=Peak(gain_db=6.0, freq_hz=18_000.0, q=12.0),
    high_shelf=HighShelf(gain_db=-18.0, freq_hz=1_500.0),
)
HARD = Compressor(on=True, threshold_db=-30.0, ratio=8.0, attack_ms=1.0, release_ms=60.0, knee_db=12.0, makeup_db=4.0)


def bursts(channels: int, frames: int, seed: int = 1) -> NDArray[np.float32]:
    """Noise that comes and goes, so that envelopes rise and fall."""
    swell = np.sin(2 * np.pi * np.arange(frames) / 7_000.0) ** 4
    return (swell * np.random.default_rng(seed).uniform(-1, 1, (channels, frames))).astype(np.float32)


def residual_db(fast: NDArray[np.floating], slow: NDArray[np.floating]) -> float:
    return float(10 * np.log10(np.mean((fast - slow) ** 2) / np.mean(slow**2)))


def played(console: ConsoleParameters, audio: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    frames = next(iter(audio.values())).shape[1]
    desk = Desk(console, {name: len(block) for name, block in audio.items()}, sample_rate=RATE)
    return desk.process(audio, frames)


def read(console: ConsoleParameters, audio: dict[str, NDArray[np.float32]]) -> NDArray[np.float64]:
    """The sum of groups and returns through the master's EQ and compressor, all of it readable."""
    total = reference.master_input(audio, audible_strips(console), console, RATE)
    total = eq.process_reference(total, console.master.eq, RATE)
    return compressor.process_reference(total, console.master.compressor, RATE)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    "dynamics",
    [
        HARD,
        Compressor(on=True, threshold_db=0.0, makeup_db=-3.0),
        Compressor(on=True, threshold_db=-60.0, ratio=20.0, knee_db=0.0, attack_ms=0.1, release_ms=2_500.0),
        Compressor(on=True, threshold_db=-40.0, attack_ms=250.0, release_ms=5.0, knee_db=24.0),
    ],
)
def test_the_compressor_of_a_strip_is_the_readable_one(channels: int, dynamics: Compressor) -> None:
    audio = {"x": bursts(channels, 20_000)}
    console = ConsoleParameters(strips=(Strip(stem="x", compressor=dynamics),))

    assert residual_db(played(console, audio), read(console, audio)) <= -120.0


def test_every_band_of_a_strip_is_the_readable_one() -> None:
    audio = {"x": bursts(2, 20_000)}
    console = ConsoleParameters(strips=(Strip(stem="x", eq=EVERY_BAND, trim_db=-6.0),))

    assert residual_db(played(console, audio), read(console, audio)) <= -130.0


def test_two_mono_strips_in_neighbouring_lanes_do_not_hear_each_other() -> None:
    loud, quiet = bursts(1, 9_000), 0.01 * bursts(1, 9_000, seed=2)
    strips = (Strip(stem="loud", compressor=HARD, pan=-1.0), Strip(stem="quiet", compressor=HARD, pan=1.0))

    both = played(ConsoleParameters(strips=strips), {"loud": loud, "quiet": quiet})
    alone = played(ConsoleParameters(strips=strips[1:]), {"quiet": quiet})

    assert np.array_equal(both[1], alone[1])


def test_the_two_sides_of_a_stereo_strip_are_compressed_together() -> None:
    audio = bursts(2, 9_000)
    audio[1] = 0.25 * audio[0]

    mixed = played(ConsoleParameters(strips=(Strip(stem="x", compressor=HARD),)), {"x": audio})

    assert mixed[1] == pytest.approx(0.25 * mixed[0], abs=1e-7)


def full_console(stems: dict[str, int]) -> ConsoleParameters:
    groups = itertools.cycle(("drums", "bass", "vocals", "music"))
    strips = tuple(
        Strip(
            stem=name,
            group=next(groups),
            eq=dataclasses.replace(EVERY_BAND, low_shelf=LowShelf(gain_db=float(index % 5 - 2))),
            compressor=dataclasses.replace(HARD, threshold_db=-20.0 - index),
            pan=0.1 * (index % 7 - 3),
            fader_db=-float(index % 6) - 12.0,
            sends=Sends(reverb_db=-10.0 - index % 3, delay_db=-90.0 if index % 2 else -14.0),
        )
        for index, name in enumerate(stems)
    )
    gentle = Compressor(on=True, threshold_db=-25.0)
    bus = GroupBus(gain_db=-1.0, eq=Eq(peak_1=Peak(gain_db=3.0)), compressor=gentle)
    return ConsoleParameters(
        strips=strips,
        groups=Groups(drums=bus, vocals=dataclasses.replace(bus, gain_db=2.0), music=bus),
        reverb=Reverb(return_db=-2.0, predelay_ms=11.0),
        delay=Delay(time_ms=60.0, feedback=0.6, return_db=-4.0),
        master=Master(eq=EVERY_BAND, compressor=gentle),
    )


def test_a_whole_console_with_everything_on_is_the_readable_one() -> None:
    stems = {f"stem {n}": 1 + n % 2 for n in range(6)}
    audio = {name: bursts(channels, 20_000, seed=n) for n, (name, channels) in enumerate(stems.items())}
    audio["stem 3"][:, 6_000:] = 0.0
    console = full_console(stems)

    assert residual_db(played(console, audio), read(console, audio)) <= -110.0


def test_more_stems_than_a_pack_has_lanes_are_the_readable_sum() -> None:
    stems = {f"stem {n}": 1 + n % 2 for n in range(14)}
    audio = {name: bursts(channels, 4_000, seed=n) for n, (name, channels) in enumerate(stems.items())}
    console = full_console(stems)

    assert residual_db(played(console, audio), read(console, audio)) <= -110.0


@pytest.mark.parametrize("effect", ["reverb", "delay"])
def test_an_effect_rings_out_after_the_sound_and_begins_anew(effect: str) -> None:
    frames = 12 * RATE
    audio = np.zeros((1, frames), np.float32)
    audio[:, :3_000] = bursts(1, 3_000)
    audio[:, 10 * RATE : 10 * RATE + 3_000] = audio[:, :3_000]
    sends = Sends(**{f"{effect}_db": 0.0})
    quick = {"reverb": Reverb(decay_s=0.4), "delay": Delay(time_ms=100.0, feedback=0.2)}
    console = ConsoleParameters(strips=(Strip(stem="x", sends=sends),), **{effect: quick[effect]})

    mixed = played(console, {"x": audio})

    assert np.abs(mixed[:, 3_000 : RATE // 2]).max() > 1e-4
    assert not mixed[:, 9 * RATE : 10 * RATE].any()
    assert mixed[:, 10 * RATE :] == pytest.approx(mixed[:, : 2 * RATE], abs=1e-6)


# ---- silence and rest ------------------------------------------------------------------------------------------------


def strips_of(eq_settings: Eq, stem_frames: int, dynamics: Compressor = Compressor()) -> tuple[Strips, np.ndarray]:  # noqa: B008
    strip = Strip(stem="x", eq=eq_settings, compressor=dynamics)
    console = ConsoleParameters(strips=(strip,))
    desk = Desk(console, {"x": 2}, sample_rate=RATE)
    stored = desk.stored()
    samples = np.ascontiguousarray(bursts(2, stem_frames).T)
    stored[0, : samples.nbytes] = samples.reshape(-1).view(np.uint8)
    return desk.strips, stored


def test_after_the_sound_a_strip_falls_to_exact_rest_and_costs_nothing() -> None:
    strips, stored = strips_of(EVERY_BAND, 4_000, HARD)
    bus = Desk.bus()
    assert strips.play(stored, 0, BLOCK_FRAMES, bus)
    stored[:] = 0

    answers = [strips.play(stored, 0, BLOCK_FRAMES, bus) for _ in range(300)]

    assert answers[0]
    assert not answers[-1]
    assert answers == sorted(answers, reverse=True)
    assert not bus.any()
    assert not strips.paths[0].kept.memory.any()
    assert not strips.paths[0].kept.reduction_log2.any()


def test_a_filter_at_rest_is_put_there_lane_by_lane() -> None:
    settings = Settings(2, stereo=True)
    settings.memory[0, :, :, 0] = 1e-31
    settings.memory[0, 1, 3, 1] = 1e-29

    lane_kernels.settle(settings.memory.reshape(-1), 0, lane_kernels.MEMORY_ROWS, 2, settings.resting, 0)

    assert settings.resting.tolist() == [True, False]
    assert not settings.memory[0, :, :, 0].any()
    assert settings.memory[0, 1, 3, 1] == 1e-29


def looked_through(words: NDArray[np.uint32], frames: int, kind: int, first: int = 0) -> int:
    answers = np.full(1, -1)
    one = np.ones(1, np.int64)
    stored_kernels.look_through(words.reshape(1, -1), first, frames, kind * one, one, answers)
    return int(answers[0])


@pytest.mark.parametrize(("kind", "frames"), [(stored_kernels.FORMAT_FLOAT, 1_000), (stored_kernels.FORMAT_16, 2_000)])
def test_a_block_is_silent_only_if_every_sample_is(kind: int, frames: int) -> None:
    words = np.zeros(1_000, np.uint32)
    assert looked_through(words, frames, kind) == stored_kernels.SILENT
    words[999] = 1 << 24
    assert looked_through(words, frames, kind) == stored_kernels.SOUNDING
    assert looked_through(words, frames - 2, kind) == stored_kernels.SILENT
    assert looked_through(words, 2, kind, frames - 2) == stored_kernels.SOUNDING


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [0, 50, 99])
def test_a_block_with_a_sample_that_is_no_number_is_reported(bad: float, at: int) -> None:
    samples = bursts(1, 100)[0]
    samples[at] = bad

    assert looked_through(samples.view(np.uint32), 100, stored_kernels.FORMAT_FLOAT) == stored_kernels.NOT_FINITE


def test_minus_zero_is_silence() -> None:
    words = np.full(5, -0.0, np.float32).view(np.uint32)

    assert looked_through(words, 5, stored_kernels.FORMAT_FLOAT) == stored_kernels.SILENT


def test_a_single_band_is_joined_by_sections_that_change_nothing_and_its_gain_goes_to_the_trim() -> None:
    band = Eq(peak_1=Peak(gain_db=3.0))
    b0, b1, b2, a1, a2 = eq.sections(band, RATE)[0]

    path = StripPath(Strip(stem="x", eq=band), 1, RATE, group=1.0, reverb=1.0, delay=1.0)

    assert path.triples.tolist() == [[b1 / b0, b2 / b0, -a1, -a2, *[0.0] * 8]]
    assert path.trim == pytest.approx(b0)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64", "aarch64", "arm64"), reason="no switch for it here")
def test_the_callers_own_arithmetic_keeps_its_subnormal_numbers() -> None:
    strips, stored = strips_of(EVERY_BAND, 100)
    strips.play(stored, 0, 100, Desk.bus())

    assert np.float64(5e-324) * np.float64(1.0) == 5e-324
    assert np.float32(1e-38) / np.float32(4.0) > 0.0


@njit
def _filter_eight(pack, frames, triples, coefficients, memory):  # type: ignore[no-untyped-def]
    like = splat(np.float32(0.0), 8)
    lane_kernels.filter_lanes(like, pack, 0, 16, frames, 0, triples, coefficients, memory, 0)


@njit
def _compress(lanes, pack, frames, curve, times, reduction, levels):  # type: ignore[no-untyped-def]
    if lanes == 16:
        like = splat(np.float32(0.0), 16)
        compressor_kernels.compress_sides(like, pack, 0, 16, frames, curve, times, reduction, levels)
    else:
        half = splat(np.float32(0.0), 8)
        compressor_kernels.compress_sides(half, pack, 0, 16, frames, curve, times, reduction, levels)


def lanes_of_noise(frames: int, lanes: int) -> NDArray[np.float32]:
    pack = np.zeros((frames + 16, 16), dtype=np.float32)
    pack[:frames, :lanes] = bursts(lanes, frames + 3_000)[:, 3_000:].T
    return pack.reshape(-1)


@pytest.mark.parametrize("bands", [EVERY_BAND, Eq(peak_1=Peak(gain_db=6.0))])
@pytest.mark.parametrize("frames", [1, 8, 9, 300])
def test_four_lanes_alone_are_the_same_samples_as_in_a_larger_pack(bands: Eq, frames: int) -> None:
    _, triples = section_triples(bands, RATE)
    settings = [Settings(8, stereo=True) for _ in range(2)]
    sounds = [lanes_of_noise(frames, 4) for _ in range(2)]
    for wanted in settings:
        for first in (0, 2):
            wanted.put(first, 2, triples, Compressor(), RATE)
    few, all_eight = ((each.triples, each.coefficients.reshape(-1), each.memory.reshape(-1)) for each in settings)

    for _ in range(2):
        lane_kernels.filter_four(sounds[0], frames, *few)
        _filter_eight(sounds[1], frames, *all_eight)

    assert np.array_equal(sounds[0], sounds[1])
    assert np.array_equal(settings[0].memory, settings[1].memory)


@pytest.mark.parametrize("frames", [1, 7, 20, 333])
@pytest.mark.parametrize("lanes", [8, 16])
def test_levels_that_are_prepared_ahead_give_the_gains_of_one_frame_after_the_other(lanes: int, frames: int) -> None:
    settings = [Settings(lanes, stereo=True) for _ in range(2)]
    sounds = [lanes_of_noise(frames, lanes) for _ in range(2)]
    for wanted in settings:
        for first in range(0, lanes, 2):
            wanted.put(first, 2, np.zeros((0, lane_kernels.TRIPLE_VALUES)), HARD, RATE)
    ahead, one_by_one = (
        (each.curve.reshape(-1), each.times.reshape(-1), each.reduction_log2, each.levels) for each in settings
    )

    for _ in range(2):
        if lanes == 16:
            compressor_kernels.compress_eight_sides(sounds[0], frames, *ahead)
        else:
            compressor_kernels.compress_four_sides(sounds[0], 0, frames, *ahead)
        _compress(lanes, sounds[1], frames, *one_by_one)

    assert np.array_equal(sounds[0], sounds[1])
    assert not np.array_equal(sounds[0], lanes_of_noise(frames, lanes))
    assert np.array_equal(settings[0].reduction_log2, settings[1].reduction_log2)
