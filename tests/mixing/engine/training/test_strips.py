"""Processed stems in memory are those of the desk that renders."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mixing.engine.console.desk import Desk
from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Eq,
    GroupBus,
    Groups,
    HighPass,
    Master,
    Peak,
    Reverb,
    Sends,
    Strip,
)
from mixing.engine.training.strips import processed, processed_stems, through_strips

RATE = 44_100
Sound = NDArray[np.float32]


def sounds(count: int, frames: int = 20_000) -> list[Sound]:
    """Noise of different loudness; every third stem is mono."""
    rng = np.random.default_rng(3)
    return [
        (0.02 * (index + 1) * rng.standard_normal((1 if index % 3 == 2 else 2, frames))).astype(np.float32)
        for index in range(count)
    ]


def console(count: int, groups: Groups | None = None, **rest: object) -> ConsoleParameters:
    names = ("drums", "bass", "music", "vocals")
    strips = tuple(
        Strip(
            stem=f"s{index}",
            group=names[index % 4],  # type: ignore[arg-type]
            trim_db=3.0,
            eq=Eq(high_pass=HighPass(on=True), peak_1=Peak(freq_hz=900.0, gain_db=index - 3.0)),
            compressor=Compressor(on=index % 2 == 0, threshold_db=-30.0),
            fader_db=-float(index),
            pan=0.1 * index - 0.4,
        )
        for index in range(count)
    )
    return ConsoleParameters(strips=strips, groups=groups or Groups(), **rest).at_rate(RATE)  # type: ignore[arg-type]


def desk(parameters: ConsoleParameters, stems: list[Sound]) -> Sound:
    names = [strip.stem for strip in parameters.strips]
    channels = {name: stem.shape[0] for name, stem in zip(names, stems, strict=True)}
    playing = Desk(parameters, channels, sample_rate=RATE)
    return playing.process(dict(zip(names, stems, strict=True)), stems[0].shape[1])


def residual_db(got: Sound, wanted: Sound) -> float:
    error = np.abs(got.astype(np.float64) - wanted).max()
    return float(20.0 * np.log10(max(error, 1e-12) / np.abs(wanted).max()))


def test_the_stems_sum_to_what_the_desk_gives() -> None:
    stems, parameters = sounds(10), console(10)
    total = np.sum(processed_stems(stems, parameters, RATE), axis=0)
    assert residual_db(total, desk(parameters, stems)) < -120.0


def test_the_stems_of_a_compressed_and_equalised_group_still_sum_to_the_desk() -> None:
    bus = GroupBus(
        gain_db=-2.0, eq=Eq(peak_2=Peak(gain_db=4.0)), compressor=Compressor(on=True, threshold_db=-30.0, ratio=4.0)
    )
    stems, parameters = sounds(9), console(9, Groups(drums=bus, music=bus))
    total = np.sum(processed_stems(stems, parameters, RATE), axis=0)
    assert residual_db(total, desk(parameters, stems)) < -100.0


def test_the_mix_is_the_desks_with_returns_and_master() -> None:
    strips = tuple(
        Strip(stem=f"s{index}", sends=Sends(reverb_db=-6.0, delay_db=-12.0), group="music") for index in range(3)
    )
    parameters = ConsoleParameters(
        strips=strips,
        reverb=Reverb(decay_s=0.8),
        master=Master(eq=Eq(peak_1=Peak(gain_db=3.0)), compressor=Compressor(on=True, threshold_db=-24.0)),
    ).at_rate(RATE)
    stems = sounds(3)
    assert residual_db(processed(stems, parameters, RATE).mix, desk(parameters, stems)) < -110.0


def test_a_muted_stem_is_silent_and_the_others_keep_their_places() -> None:
    parameters = ConsoleParameters(
        strips=(Strip(stem="a"), Strip(stem="b", mute=True), Strip(stem="c", fader_db=-90.0), Strip(stem="d"))
    ).at_rate(RATE)
    stems = [sound[:1] for sound in sounds(4)]
    first, second, third, fourth = processed_stems(stems, parameters, RATE)
    assert not second.any()
    assert not third.any()
    # A mono stem at the centre stands at -3.01 dB on both sides.
    np.testing.assert_allclose(first[0], stems[0][0] * np.sqrt(0.5), rtol=1e-5)
    np.testing.assert_allclose(fourth[1], stems[3][0] * np.sqrt(0.5), rtol=1e-5)


def test_a_strip_with_nothing_set_leaves_a_stereo_stem_as_it_is() -> None:
    stem = sounds(1)[0]
    np.testing.assert_array_equal(through_strips([stem], [Strip(stem="x")], RATE)[0], stem)


def test_a_sound_without_a_strip_is_refused() -> None:
    with pytest.raises(ValueError, match="one sound for each strip"):
        processed(sounds(2), console(3), RATE)
