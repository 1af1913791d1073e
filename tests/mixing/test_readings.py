from __future__ import annotations

import pytest

from mixing import readings
from mixing.engine.console.parameters import Eq, HighPass, HighShelf, LowShelf, Peak, Strip


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0.0 dB"), (-0.04, "0.0 dB"), (3.25, "+3.2 dB"), (-12.0, "−12.0 dB")]
)
def test_decibels_have_a_true_minus_and_no_negative_zero(value: float, text: str) -> None:
    assert readings.decibels(value) == text


def test_the_level_of_a_strip_is_trim_and_fader_together() -> None:
    assert readings.level(Strip(stem="Bass", trim_db=2.0, fader_db=-5.5)) == "−3.5 dB"
    assert readings.level(Strip(stem="Bass", fader_db=-90.0)) == "off"
    assert readings.level(Strip(stem="Bass", mute=True)) == "off"


@pytest.mark.parametrize(("position", "text"), [(0.0, "C"), (0.004, "C"), (-0.3, "L 30"), (1.0, "R 100")])
def test_pan_is_read_in_hundredths(position: float, text: str) -> None:
    assert readings.pan(position) == text


def test_an_eq_is_told_by_the_bands_that_do_something() -> None:
    assert readings.eq(Eq()) == "flat"
    settings = Eq(
        high_pass=HighPass(on=True, freq_hz=80.0),
        low_shelf=LowShelf(gain_db=-2.0, freq_hz=120.0),
        peak_3=Peak(gain_db=1.5, freq_hz=4_000.0),
        high_shelf=HighShelf(gain_db=0.04),
    )
    assert readings.eq(settings) == "high-pass 80 Hz, −2.0 dB below 120 Hz, +1.5 dB at 4 kHz"


@pytest.mark.parametrize(
    ("value", "text"), [(80.0, "80 Hz"), (999.6, "1 kHz"), (2_500.0, "2.5 kHz"), (12_345.0, "12.3 kHz")]
)
def test_frequencies_are_read_in_hertz_and_kilohertz(value: float, text: str) -> None:
    assert readings.hertz(value) == text
