from __future__ import annotations

import pytest

from mixing import readings
from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Eq,
    GroupBus,
    Groups,
    HighPass,
    HighShelf,
    Limiter,
    LowShelf,
    Master,
    Peak,
    Reverb,
    Sends,
    Strip,
)
from mixing.models import Mix


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


def test_dynamics_and_space_are_told_where_there_are_some() -> None:
    assert readings.dynamics(Compressor()) == ""
    assert readings.dynamics(Compressor(on=True, ratio=1.0)) == ""
    assert readings.dynamics(Compressor(on=True, ratio=3.0, threshold_db=-18.0)) == "3.0:1 over −18.0 dB"
    assert readings.space(Strip(stem="Bass")) == ""
    sent = Strip(stem="Lead", sends=Sends(reverb_db=-12.0, delay_db=-20.0))
    assert readings.space(sent) == "reverb −12.0 dB, delay −20.0 dB"


def test_groups_rooms_and_master_are_told_when_they_do_something() -> None:
    console = ConsoleParameters(
        strips=(Strip(stem="Lead", sends=Sends(reverb_db=-12.0)),),
        groups=Groups(drums=GroupBus(gain_db=-2.0, compressor=Compressor(on=True, ratio=2.0, threshold_db=-20.0))),
        reverb=Reverb(decay_s=1.3, predelay_ms=15.0, damping_hz=7_000.0),
        master=Master(limiter=Limiter(on=True)),
    )
    assert [(bus.name, bus.words) for bus in readings.buses(Mix(parameters=console.to_dict()))] == [
        ("Drums", "−2.0 dB, 2.0:1 over −20.0 dB"),
        ("Reverb", "1.3 s, after 15 ms, dark above 7 kHz"),
        ("Master", "limiter"),
    ]
    assert readings.buses(Mix(parameters=ConsoleParameters(strips=(Strip(stem="Lead"),)).to_dict())) == []


def test_wishes_are_told_in_words_and_what_was_left_open_is_not() -> None:
    assert readings.wishes(Mix(intent={})) == []
    plain = {"presence": "normal", "pan": None, "space": None}
    mix = Mix(intent={"stems": {"Bass": plain, "Pad": {"presence": "background", "pan": 0.0, "space": 0.2}},
                      "locks": {"strips.Bass.pan": 0.0}}, reference_name="Hit.wav")  # fmt: skip
    assert readings.wishes(mix) == ["like “Hit.wav”", "Pad in the background, C, space 20 %", "1 knob locked"]
