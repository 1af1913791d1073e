import dataclasses

import pytest

from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Eq,
    GroupBus,
    Groups,
    HighPass,
    HighShelf,
    Master,
    Reverb,
    Sends,
    Strip,
)
from tournament.engine.differences import differences

STEMS = ("Vocals.wav", "Bass.wav", "Drums.wav", "Keys.wav")


def console(groups=None, **changes):
    """Four neutral strips; ``changes`` are knobs by the stem's name without its ending."""
    strips = tuple(Strip(stem=stem, **changes.get(stem.removesuffix(".wav"), {})) for stem in STEMS)
    return ConsoleParameters(strips=strips, groups=groups or Groups())


def facts(a, b):
    return differences(a, b, sample_rate=44_100)


def test_the_same_console_has_no_differences():
    assert facts(console(), console()) == ()


def test_a_level_is_told_relative_to_the_mean_of_all():
    # 4 dB on one of four moves the mean by 1 dB: the vocals stand 3 dB out, the others lie 1 dB back.
    told = facts(console(Vocals={"fader_db": 4.0}), console())
    assert told[0] == "Vocals: 3.0 dB louder in A"
    assert set(told[1:]) == {f"{stem}: 1.0 dB louder in B" for stem in ("Bass", "Drums", "Keys")}


def test_a_gain_on_everything_is_no_difference():
    loud = console(**{stem.removesuffix(".wav"): {"trim_db": 6.0} for stem in STEMS})
    assert facts(loud, console()) == ()


def test_a_group_counts_as_a_level_of_its_stems():
    raised = console(Groups(vocals=GroupBus(gain_db=4.0)), Vocals={"group": "vocals"})
    assert facts(raised, console(Vocals={"group": "vocals"}))[0] == "Vocals: 3.0 dB louder in A"


@pytest.mark.parametrize("change", [{"mute": True}, {"fader_db": -90.0}])
def test_a_stem_that_is_not_heard_comes_first(change):
    told = facts(console(Vocals={"fader_db": 12.0}), console(Bass=change, Vocals={"fader_db": -12.0}))
    assert told[0] == "Bass: silent in B"


def test_a_solo_silences_the_others():
    assert set(facts(console(Keys={"solo": True}), console())) == {
        f"{stem}: silent in A" for stem in ("Vocals", "Bass", "Drums")
    }


def test_places_in_the_panorama_are_told_in_words():
    told = facts(console(Keys={"pan": -0.3}), console(Drums={"pan": 0.1}))
    assert told == ("Keys: 30 % left in A, in the centre in B",)


def test_a_wider_stem_is_told():
    assert facts(console(Keys={"width": 0.5}), console()) == ("Keys: wider in B",)


def test_the_band_in_which_the_equalisers_differ_most_is_named():
    bright = Eq(high_shelf=HighShelf(gain_db=6.0, freq_hz=4_000.0))
    told = facts(console(Vocals={"eq": bright}), console())
    assert len(told) == 1
    assert told[0].startswith("Vocals: 5.")
    assert told[0].endswith("dB more air in A")


def test_a_low_cut_is_told_by_its_corner_and_after_what_is_heard_more():
    cut = Eq(high_pass=HighPass(on=True, freq_hz=200.0))
    told = facts(console(Drums={"eq": cut}, Keys={"width": 0.5}), console())
    assert told == ("Keys: wider in B", "Drums: low cut at 200 Hz in A alone")


@pytest.mark.parametrize(
    ("corner_hz", "told"), [(150.0, ()), (80.0, ("Drums: low cut at 200 Hz in A, at 80 Hz in B",))]
)
def test_two_low_cuts_are_told_apart_from_an_octave_on(corner_hz, told):
    cuts = [Eq(high_pass=HighPass(on=True, freq_hz=corner)) for corner in (200.0, corner_hz)]
    assert facts(*(console(Drums={"eq": cut}) for cut in cuts)) == told


def test_the_master_equaliser_belongs_to_the_whole_mix():
    bright = Master(eq=Eq(high_shelf=HighShelf(gain_db=6.0, freq_hz=4_000.0)))
    told = facts(console(), dataclasses.replace(console(), master=bright))
    assert len(told) == 1
    assert told[0].startswith("The whole mix: 5.")
    assert told[0].endswith("dB more air in B")


def test_a_compressor_that_takes_a_decibel_more_is_told():
    soft, hard = (Compressor(on=True, threshold_db=-20.0, knee_db=0.0, ratio=ratio) for ratio in (1.5, 4.0))

    assert facts(console(Vocals={"compressor": hard}), console()) == ("Vocals: compressed more in A",)
    assert facts(console(Vocals={"compressor": soft}), console(Vocals={"compressor": hard})) == (
        "Vocals: compressed more in B",
    )
    # Two thirds against three quarters of what is above -20 dB, 4 dB on the mean of the levels asked about.
    almost = dataclasses.replace(hard, ratio=3.0)
    assert facts(console(Vocals={"compressor": almost}), console(Vocals={"compressor": hard})) == ()


def test_the_masters_compressor_belongs_to_the_whole_mix():
    squeezed = Master(compressor=Compressor(on=True, threshold_db=-30.0, ratio=4.0))

    assert facts(console(), dataclasses.replace(console(), master=squeezed)) == ("The whole mix: compressed more in B",)


def test_an_effect_is_told_by_send_and_return_together():
    sent = console(Vocals={"sends": Sends(reverb_db=-12.0)})
    louder = dataclasses.replace(sent, reverb=Reverb(return_db=4.0))

    assert facts(sent, console()) == ("Vocals: reverb in A alone",)
    assert facts(sent, louder) == ("Vocals: more reverb in B",)
    assert facts(sent, dataclasses.replace(sent, reverb=Reverb(return_db=2.0))) == ()
    assert facts(console(), console(Keys={"sends": Sends(delay_db=-8.0)})) == ("Keys: delay in B alone",)
    assert facts(console(), dataclasses.replace(console(), reverb=Reverb(return_db=4.0))) == ()


def test_at_most_five_are_told_the_largest_first():
    a = console(Vocals={"pan": -1.0}, Bass={"pan": 0.2}, Drums={"pan": 0.3}, Keys={"pan": 0.4, "fader_db": 8.0})
    told = facts(a, console())
    assert len(told) == 5
    assert told[0] == "Vocals: 100 % left in A, in the centre in B"
    assert told[1] == "Keys: 6.0 dB louder in A"
