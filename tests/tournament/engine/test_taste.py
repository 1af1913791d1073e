"""Tastes from consoles that were made up, against numbers computed by hand."""

import math

import pytest

from mixing.engine.console.parameters import ConsoleParameters
from tournament.engine import taste


def console(**changes):
    """Vocals and drums at 0 dB, with changes by path."""
    plain = ConsoleParameters.from_dict(
        {
            "strips": [{"stem": "Voice.wav", "group": "vocals"}, {"stem": "Kit.wav", "group": "drums"}],
            "sample_rate": 44_100,
        }
    )
    return plain.with_values({path.replace("__", "."): value for path, value in changes.items()})


LOUD_VOICE = ConsoleParameters.from_dict(
    {
        "strips": [
            {"stem": "Voice.wav", "group": "vocals", "fader_db": 4.0},
            {"stem": "Kit.wav", "group": "drums"},
        ],
        "sample_rate": 44_100,
    }
)


def test_levels_are_told_beside_the_mean_of_all_stems():
    difference = taste.moved(LOUD_VOICE, console())
    assert difference["level.vocals"] == pytest.approx(2.0)
    assert difference["level.drums"] == pytest.approx(-2.0)
    assert difference["brightness"] == difference["width"] == difference["space"] == 0.0
    assert taste.words_of(difference) == ("quieter drums", "vocals in front")


def test_a_shelf_above_is_brightness():
    bright = console(master__eq__high_shelf__gain_db=6.0, master__eq__high_shelf__freq_hz=1_500.0)
    assert taste.moved(bright, console())["brightness"] == pytest.approx(6.0, abs=0.4)
    assert taste.words_of(taste.moved(console(), bright)) == ("darker",)


def test_effects_width_and_compression_are_told():
    pulled = ConsoleParameters.from_dict(
        {
            "strips": [
                {"stem": "Voice.wav", "group": "vocals", "sends": {"reverb_db": -10.0}},
                {"stem": "Kit.wav", "group": "drums", "width": 1.6},
            ],
            "master": {"compressor": {"on": True, "threshold_db": -30.0, "ratio": 4.0}},
            "sample_rate": 44_100,
        }
    )
    difference = taste.moved(pulled, console())
    assert difference["space"] == pytest.approx((-10.0 + 30.0) / 2)
    assert difference["width"] == pytest.approx(0.3)
    assert difference["dynamics"] > 3.0


def test_three_choices_of_one_scale_each_are_nearly_sure():
    found = {each.trait: each for each in taste.leanings([{"brightness": 3.0}] * 3)}
    leaning = found["brightness"]
    # Σd / (n + 1) = 9 / 4, deviation 3 / 2: 1.5 deviations, of which the normal distribution says 0.9332.
    assert leaning.amount == pytest.approx(2.25)
    assert leaning.sureness == pytest.approx(0.9332, abs=1e-4)
    assert leaning.words == "brighter"
    assert leaning.to_dict()["is_sure"] is True


def test_choices_that_go_both_ways_say_little():
    (leaning,) = taste.leanings([{"space": 6.0}, {"space": -6.0}, {"space": -3.0}])
    assert (leaning.words, leaning.choices) == ("drier", 3)
    assert leaning.sureness < 0.65
    assert taste.style_of([leaning]) is None


def test_nothing_chosen_says_nothing():
    assert taste.leanings([]) == []
    assert taste.style_of([]) is None


@pytest.mark.parametrize(
    ("differences", "style"),
    [
        ({"brightness": -3.0, "level.bass": 1.0}, "dark"),
        ({"width": 0.4, "space": 6.0, "brightness": 2.0}, "wide"),
        ({"dynamics": 2.5, "level.vocals": 1.0, "space": -4.0}, "dense"),
        ({"dynamics": -2.0, "level.drums": 1.2}, "open"),
    ],
)
def test_a_sure_taste_names_the_style_that_goes_its_way(differences, style):
    assert taste.style_of(taste.leanings([differences] * 4)) == style


def test_every_trait_has_words_and_a_scale():
    assert set(taste.WORDS) == set(taste.SCALES)
    assert all(math.isfinite(scale) and scale > 0 for scale in taste.SCALES.values())
