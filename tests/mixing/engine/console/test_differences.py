"""What changed between two consoles, in words."""

import dataclasses
from typing import Any

import pytest

from mixing.engine.console.differences import changes, title
from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Delay,
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
    Value,
)

VOCALS = Strip(stem="Vocals.wav", group="vocals")
NEUTRAL = ConsoleParameters(strips=(VOCALS, Strip(stem="Bass", group="bass")))
BAND = ConsoleParameters(
    strips=(
        VOCALS,
        Strip(stem="Kick", group="drums"),
        Strip(stem="Keys", sends=Sends(reverb_db=-12.0, delay_db=-12.0)),
    )
)
ON = Compressor(on=True)


def told(before: ConsoleParameters, after: ConsoleParameters) -> tuple[str, ...]:
    return changes(before, after, sample_rate=44_100)


def vocals(**knobs: Any) -> ConsoleParameters:
    return dataclasses.replace(NEUTRAL, strips=(dataclasses.replace(VOCALS, **knobs), NEUTRAL.strips[1]))


def test_a_level_and_a_cut_are_told_in_one_line() -> None:
    changed = vocals(fader_db=1.5, eq=Eq(peak_1=Peak(gain_db=-4.0, freq_hz=300.0)))

    assert told(NEUTRAL, changed) == ("Vocals +1.5 dB, less 300 Hz",)
    assert told(changed, NEUTRAL) == ("Vocals −1.5 dB, more 300 Hz",)


def test_what_is_not_heard_is_not_told() -> None:
    first = vocals(trim_db=3.0, eq=Eq(peak_1=Peak(gain_db=4.0, freq_hz=500.0)))
    second = vocals(fader_db=3.0, eq=Eq(peak_3=Peak(gain_db=4.0, freq_hz=500.0)))

    assert told(first, second) == ()
    assert told(NEUTRAL, vocals(fader_db=0.05, pan=0.02, width=1.05)) == ()
    assert told(NEUTRAL, vocals(compressor=Compressor(threshold_db=-40.0))) == ()


@pytest.mark.parametrize(
    ("eq", "words"),
    [
        (Eq(low_shelf=LowShelf(gain_db=-3.0)), "less below 120 Hz"),
        (Eq(high_shelf=HighShelf(gain_db=4.0)), "more above 8 kHz"),
        (
            Eq(peak_1=Peak(gain_db=3.0, freq_hz=200.0), peak_2=Peak(gain_db=2.0, freq_hz=4_200.0)),
            "more 200 Hz, more 4.2 kHz",
        ),
        (
            Eq(peak_2=Peak(gain_db=-6.0, freq_hz=5_000.0), high_shelf=HighShelf(gain_db=6.0, freq_hz=12_000.0)),
            "less 5 kHz, more above 13 kHz",
        ),
        (Eq(high_pass=HighPass(on=True, freq_hz=96.0)), "low cut at 96 Hz"),
    ],
)
def test_tone_is_told_by_where_it_is_heard(eq: Eq, words: str) -> None:
    assert told(NEUTRAL, vocals(eq=eq)) == (f"Vocals {words}",)


def test_of_many_tones_the_three_largest_are_told_from_the_lowest_up() -> None:
    eq = Eq(
        peak_1=Peak(gain_db=4.0, freq_hz=100.0, q=3.0),
        peak_2=Peak(gain_db=-3.0, freq_hz=500.0, q=3.0),
        peak_3=Peak(gain_db=5.0, freq_hz=2_000.0, q=3.0),
        high_shelf=HighShelf(gain_db=-2.0, freq_hz=9_000.0),
    )

    assert told(NEUTRAL, vocals(eq=eq)) == ("Vocals more 100 Hz, less 500 Hz, more 2 kHz",)


def test_a_low_cut_that_moves_or_goes() -> None:
    low, high = (vocals(eq=Eq(high_pass=HighPass(on=True, freq_hz=freq))) for freq in (80.0, 140.0))

    assert told(low, high) == ("Vocals low cut at 140 Hz instead of 80 Hz",)
    assert told(low, NEUTRAL) == ("Vocals no low cut",)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {"compressor": ON}, "compressed"),
        ({}, {"compressor": dataclasses.replace(ON, makeup_db=4.0)}, "compressed (makeup +4.0 dB)"),
        ({"compressor": dataclasses.replace(ON, makeup_db=4.0)}, {}, "no longer compressed (makeup −4.0 dB)"),
        ({"compressor": ON}, {}, "no longer compressed"),
        ({"compressor": ON}, {"compressor": dataclasses.replace(ON, threshold_db=-30.0)}, "compressed more"),
        ({"compressor": ON}, {"compressor": dataclasses.replace(ON, attack_ms=30.0)}, "slower attack"),
        ({"compressor": ON}, {"compressor": dataclasses.replace(ON, makeup_db=3.0)}, "+3.0 dB"),
        ({}, {"pan": -0.3}, "panned 30 % left"),
        ({"pan": 0.5}, {"pan": 0.004}, "panned to the centre"),
        ({}, {"width": 0.4}, "narrower"),
        ({}, {"sends": Sends(reverb_db=-12.0)}, "with reverb"),
        ({"sends": Sends(delay_db=-12.0)}, {}, "no delay"),
        ({"sends": Sends(reverb_db=-12.0)}, {"sends": Sends(reverb_db=-9.5)}, "more reverb (+2.5 dB)"),
        ({}, {"mute": True}, "silent"),
        ({"fader_db": -90.0}, {}, "heard again"),
        ({}, {"group": "music"}, "moved to music"),
    ],
)
def test_each_kind_of_change_of_a_strip(before: dict[str, Any], after: dict[str, Any], words: str) -> None:
    assert told(vocals(**before), vocals(**after)) == (f"Vocals {words}",)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"groups.drums.gain_db": -2.0}, "Drums group −2.0 dB"),
        ({"groups.music.gain_db": -90.0}, "Music group off"),
        ({"groups.vocals.compressor.on": True}, "Vocals group compressed"),
        ({"reverb.decay_s": 2.6}, "Reverb 2.6 s long instead of 1.8 s"),
        ({"reverb.predelay_ms": 45.0}, "Reverb predelay 45 ms instead of 20 ms"),
        ({"reverb.damping_hz": 3_000.0, "reverb.return_db": -3.0}, "Reverb −3.0 dB, darker"),
        ({"delay.time_ms": 500.0, "delay.feedback": 0.5}, "Delay every 500 ms instead of 375 ms, more repeats"),
        ({"master.target_lufs": -14.0}, "The whole mix at −14.0 LUFS"),
        ({"master.limiter.on": True, "master.ceiling_dbtp": -2.0}, "The whole mix limited, ceiling at −2.0 dBTP"),
        ({"master.eq.high_shelf.gain_db": 2.0}, "The whole mix more above 8 kHz"),
    ],
)
def test_groups_effects_and_master_have_lines_of_their_own(values: dict[str, Value], line: str) -> None:
    assert told(BAND, BAND.with_values(values)) == (line,)


def test_a_target_and_a_ceiling_that_move_tell_where_they_were() -> None:
    loud, soft = (
        NEUTRAL.with_values({"master.target_lufs": lufs, "master.ceiling_dbtp": ceiling})
        for lufs, ceiling in ((-9.0, -1.0), (-14.0, -2.0))
    )

    assert told(loud, soft) == (
        "The whole mix at −14.0 LUFS instead of −9.0 LUFS, ceiling at −2.0 dBTP instead of −1.0 dBTP",
    )
    assert told(loud, loud.with_values({"master.target_lufs": -9.04})) == ()
    assert told(loud, loud.with_values({"master.target_lufs": None})) == ("The whole mix at its own level",)


def test_what_nothing_is_sent_through_is_not_told() -> None:
    """A group without a stem, effects that nothing or only a muted stem feeds, and a ceiling that nothing minds."""
    unheard = {"groups.music.gain_db": -3.0, "reverb.decay_s": 4.0, "delay.time_ms": 500.0, "master.ceiling_dbtp": -3.0}
    muted = BAND.with_values({"strips.Keys.mute": True})

    assert told(NEUTRAL, NEUTRAL.with_values(unheard)) == ()
    assert told(muted, muted.with_values(unheard)) == ()
    assert told(muted, BAND.with_values(unheard)) == ("Keys heard again",)


def test_a_mono_stem_has_no_width() -> None:
    assert changes(NEUTRAL, vocals(width=0.4), sample_rate=44_100, channels={"Vocals.wav": 1}) == ()
    assert changes(NEUTRAL, vocals(width=0.4), sample_rate=44_100, channels={"Vocals.wav": 2}) == ("Vocals narrower",)


def test_a_solo_is_told_once_and_not_for_each_stem_that_it_silences() -> None:
    soloed = BAND.with_values({"strips.Kick.solo": True, "strips.Keys.fader_db": -5.0})

    assert told(BAND, soloed) == ("Kick soloed",)
    assert told(soloed, BAND) == ("Kick no longer soloed",)


@pytest.mark.parametrize(
    ("gain_db", "words"),
    [(1.0, "a little more 300 Hz"), (4.0, "more 300 Hz"), (9.0, "much more 300 Hz"), (-9.0, "much less 300 Hz")],
)
def test_a_tone_is_told_by_how_much_it_is(gain_db: float, words: str) -> None:
    assert told(NEUTRAL, vocals(eq=Eq(peak_1=Peak(gain_db=gain_db, freq_hz=300.0)))) == (f"Vocals {words}",)


@pytest.mark.parametrize(
    ("shelf", "peak", "words"),
    [
        (HighShelf(gain_db=6.0, freq_hz=2_000.0), Peak(), "more above 2 kHz"),
        # A dent makes two hills of one shelf, a bump a higher one.
        (HighShelf(gain_db=6.0, freq_hz=2_000.0), Peak(gain_db=-1.2, freq_hz=6_000.0, q=3.0), "more above 2 kHz"),
        (
            HighShelf(gain_db=6.0, freq_hz=8_000.0),
            Peak(gain_db=7.0, freq_hz=3_000.0),
            "more above 1.7 kHz, especially 3 kHz",
        ),
        (
            HighShelf(gain_db=5.0, freq_hz=6_000.0),
            Peak(gain_db=5.0, freq_hz=2_500.0, q=1.5),
            "more 2.5 kHz, more above 5.3 kHz",
        ),
    ],
)
def test_a_shelf_takes_in_what_lies_within_it(shelf: HighShelf, peak: Peak, words: str) -> None:
    assert told(NEUTRAL, vocals(eq=Eq(high_shelf=shelf, peak_3=peak))) == (f"Vocals {words}",)


def test_a_group_that_is_off_is_told_once_and_not_for_each_of_its_strips() -> None:
    off = dataclasses.replace(NEUTRAL, groups=Groups(vocals=GroupBus(gain_db=-90.0)))

    assert told(NEUTRAL, off) == ("Vocals group off",)


def test_strips_that_come_and_go_are_told_last() -> None:
    other = dataclasses.replace(NEUTRAL, strips=(Strip(stem="Keys"), NEUTRAL.strips[1]))

    assert told(NEUTRAL, other) == ("Keys added", "Vocals removed")


def test_the_same_console_has_no_changes() -> None:
    busy = dataclasses.replace(
        vocals(compressor=ON, mute=True),
        reverb=Reverb(decay_s=3.0),
        delay=Delay(),
        master=Master(limiter=Limiter(on=True)),
    )

    assert told(busy, busy) == ()


def test_a_title_has_no_files_ending_and_keeps_a_version() -> None:
    assert [title(stem) for stem in ("Kick.wav", "Take 1.2", "Vox", "a.b.flac")] == ["Kick", "Take 1.2", "Vox", "a.b"]
