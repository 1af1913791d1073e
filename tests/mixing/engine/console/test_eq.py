"""The equaliser against the analogue prototypes of the cookbook, taken through the bilinear transform."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from mixing.engine.console.eq import BandKind, coefficients, process_reference, response_db, sections
from mixing.engine.console.parameters import Eq, HighPass, HighShelf, LowShelf, Peak
from mixing.engine.errors import ParameterError
from tests.mixing.engine.console.strategies import nodes

FREQS = np.geomspace(20.0, 20_000.0, 400)

BANDS: list[tuple[str, Eq, BandKind, float, float, float]] = [
    ("rumble", Eq(high_pass=HighPass(on=True, freq_hz=100.0)), "high_pass", 100.0, 0.0, math.sqrt(0.5)),
    ("resonant", Eq(high_pass=HighPass(on=True, freq_hz=1_000.0, q=4.0)), "high_pass", 1_000.0, 0.0, 4.0),
    ("warm", Eq(low_shelf=LowShelf(gain_db=9.0, freq_hz=200.0)), "low_shelf", 200.0, 9.0, math.sqrt(0.5)),
    ("thin", Eq(low_shelf=LowShelf(gain_db=-18.0, freq_hz=500.0)), "low_shelf", 500.0, -18.0, math.sqrt(0.5)),
    ("box", Eq(peak_1=Peak(gain_db=-12.0, freq_hz=300.0, q=3.0)), "peak", 300.0, -12.0, 3.0),
    ("voice", Eq(peak_2=Peak(gain_db=18.0, freq_hz=3_000.0, q=0.2)), "peak", 3_000.0, 18.0, 0.2),
    ("whistle", Eq(peak_3=Peak(gain_db=6.0, freq_hz=18_000.0, q=12.0)), "peak", 18_000.0, 6.0, 12.0),
    ("air", Eq(high_shelf=HighShelf(gain_db=12.0, freq_hz=8_000.0)), "high_shelf", 8_000.0, 12.0, math.sqrt(0.5)),
    ("dull", Eq(high_shelf=HighShelf(gain_db=-6.0, freq_hz=1_500.0)), "high_shelf", 1_500.0, -6.0, math.sqrt(0.5)),
]
by_name = pytest.mark.parametrize(
    ("eq", "kind", "freq", "gain", "q"), [b[1:] for b in BANDS], ids=[b[0] for b in BANDS]
)


def prototype_db(kind: BandKind, freq: float, gain: float, q: float, rate: int) -> NDArray[np.float64]:
    """The analogue filter at the frequencies that the bilinear transform maps to ``FREQS``."""
    s = 1j * np.tan(np.pi * FREQS / rate) / np.tan(np.pi * freq / rate)
    a = 10.0 ** (gain / 40.0)
    root = math.sqrt(a) / q
    analogue = {
        "high_pass": lambda: s * s / (s * s + s / q + 1),
        "peak": lambda: (s * s + s * a / q + 1) / (s * s + s / (a * q) + 1),
        "low_shelf": lambda: a * (s * s + root * s + a) / (a * s * s + root * s + 1),
        "high_shelf": lambda: a * (a * s * s + root * s + 1) / (s * s + root * s + a),
    }
    return 20 * np.log10(np.abs(analogue[kind]()))


@pytest.mark.parametrize("rate", [44_100, 48_000])
@by_name
def test_a_band_has_the_response_of_its_analogue_prototype(
    eq: Eq, kind: BandKind, freq: float, gain: float, q: float, rate: int
) -> None:
    assert response_db(eq, FREQS, rate) == pytest.approx(prototype_db(kind, freq, gain, q, rate), abs=1e-6)


@by_name
def test_an_impulse_through_a_band_has_the_response_of_its_analogue_prototype(
    eq: Eq, kind: BandKind, freq: float, gain: float, q: float
) -> None:
    impulse = np.zeros((1, 1 << 15))
    impulse[0, 0] = 1.0

    spectrum = np.fft.rfft(process_reference(impulse, eq, 44_100)[0])
    measured = 20 * np.log10(np.abs(spectrum))
    at = np.rint(FREQS / 44_100 * (1 << 15)).astype(int)
    expected = response_db(eq, at / (1 << 15) * 44_100, 44_100)

    assert measured[at] == pytest.approx(expected, abs=0.01)


def test_the_corners_lie_where_the_knobs_say() -> None:
    def at(eq: Eq, freq: float) -> float:
        return float(response_db(eq, [freq], 48_000)[0])

    assert at(Eq(high_pass=HighPass(on=True, freq_hz=80.0)), 80.0) == pytest.approx(-3.0103, abs=1e-4)
    assert at(Eq(high_pass=HighPass(on=True, freq_hz=80.0, q=2.0)), 80.0) == pytest.approx(6.0206, abs=1e-4)
    assert at(Eq(peak_1=Peak(gain_db=-7.5, freq_hz=250.0)), 250.0) == pytest.approx(-7.5, abs=1e-9)
    assert at(Eq(low_shelf=LowShelf(gain_db=10.0, freq_hz=120.0)), 120.0) == pytest.approx(5.0, abs=1e-9)
    assert at(Eq(low_shelf=LowShelf(gain_db=10.0, freq_hz=120.0)), 0.0) == pytest.approx(10.0, abs=1e-9)
    assert at(Eq(high_shelf=HighShelf(gain_db=-8.0, freq_hz=6_000.0)), 6_000.0) == pytest.approx(-4.0, abs=1e-9)
    assert at(Eq(high_shelf=HighShelf(gain_db=-8.0, freq_hz=6_000.0)), 24_000.0) == pytest.approx(-8.0, abs=1e-9)


def test_the_high_pass_falls_by_twelve_decibels_an_octave_and_is_closed_at_zero() -> None:
    response = response_db(Eq(high_pass=HighPass(on=True, freq_hz=1_000.0)), [0.0, 62.5, 125.0], 44_100)

    assert response[2] - response[1] == pytest.approx(12.04, abs=0.05)
    assert response[0] <= -290.0


def test_a_peak_by_the_cookbook_has_these_coefficients() -> None:
    # 12 000 Hz at 48 000: w0 = pi/2, cos 0, sin 1; Q 0.5: alpha 1; +20 log10(4) dB: A = 2.
    b0, b1, b2, a1, a2 = coefficients("peak", freq_hz=12_000.0, gain_db=12.041199826559248, q=0.5, sample_rate=48_000)

    assert (b0, b1, b2, a1, a2) == pytest.approx((2.0, 0.0, -2 / 3, 0.0, 1 / 3), abs=1e-12)


def test_a_high_pass_at_a_quarter_of_the_rate_has_these_samples() -> None:
    # w0 = pi/2, Q 0.5: alpha 1, b = (1/4, -1/2, 1/4), a = (1, 0, 0): three samples and then nothing.
    eq = Eq(high_pass=HighPass(on=True, freq_hz=1_000.0, q=0.5))

    assert process_reference(np.array([[1.0, 0, 0, 0]]), eq, 4_000) == pytest.approx(
        np.array([[0.25, -0.5, 0.25, 0.0]]), abs=1e-12
    )


def test_bands_stand_in_the_consoles_order_and_neutral_ones_are_left_out() -> None:
    eq = Eq(high_shelf=HighShelf(gain_db=2.0), peak_2=Peak(gain_db=-1.0), high_pass=HighPass(on=True))
    high_pass = coefficients("high_pass", freq_hz=eq.high_pass.freq_hz, q=eq.high_pass.q, sample_rate=48_000)
    peak = coefficients("peak", freq_hz=1_000.0, gain_db=-1.0, q=1.0, sample_rate=48_000)
    shelf = coefficients("high_shelf", freq_hz=8_000.0, gain_db=2.0, sample_rate=48_000)

    assert np.array_equal(sections(eq, 48_000), [high_pass, peak, shelf])
    assert sections(Eq(), 48_000).shape == (0, 5)
    assert not response_db(Eq(), FREQS, 44_100).any()


def test_bands_add_up_in_decibels() -> None:
    low, high = LowShelf(gain_db=4.0), HighShelf(gain_db=-3.0)

    both = response_db(Eq(low_shelf=low, high_shelf=high), FREQS, 44_100)

    apart = response_db(Eq(low_shelf=low), FREQS, 44_100) + response_db(Eq(high_shelf=high), FREQS, 44_100)
    assert both == pytest.approx(apart, abs=1e-9)


@pytest.mark.parametrize("freq", [0.0, 4_000.0, 9_000.0])
def test_a_band_that_does_not_fit_below_half_the_rate_is_refused(freq: float) -> None:
    with pytest.raises(ParameterError) as refusal:
        coefficients("peak", freq_hz=freq, gain_db=3.0, sample_rate=8_000)

    assert refusal.value.field == "freq_hz"


@given(eq=nodes(Eq))
@settings(max_examples=25, deadline=None)
def test_with_any_knobs_it_is_linear_stable_and_silent_on_silence(eq: Eq) -> None:
    a, b = np.random.default_rng(3).uniform(-1, 1, (2, 1, 600))

    apart = process_reference(a, eq, 44_100) - 0.7 * process_reference(b, eq, 44_100)

    size = max(1.0, float(np.abs(apart).max()))
    assert np.isfinite(apart).all()
    assert process_reference(a - 0.7 * b, eq, 44_100) == pytest.approx(apart, abs=1e-9 * size)
    assert not process_reference(np.zeros((2, 600)), eq, 44_100).any()
    for _, _, _, a1, a2 in sections(eq, 44_100):
        assert np.abs(np.roots([1.0, a1, a2])).max() < 1.0
