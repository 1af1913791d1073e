from __future__ import annotations

import dataclasses

import pytest

from mixing.engine.console.parameters import (
    OFF_DB,
    Compressor,
    ConsoleParameters,
    Eq,
    HighShelf,
    LowShelf,
    Master,
    Sends,
)
from mixing.engine.mixers import dynamics
from mixing.engine.mixers.assemble import assemble
from mixing.engine.mixers.decisions import Decisions
from mixing.engine.mixers.interface import Intent, SessionFeatures
from mixing.engine.mixers.rules import rough_decisions
from mixing.engine.training.made_up import sessions
from mixing.engine.training.moves import Moves, largest, moves

SONG = sessions(1, stems=3)[0]


def console(**changes: object) -> ConsoleParameters:
    return with_strip(assemble(SONG, Intent(), Decisions(stems={})), **changes)


def with_strip(made: ConsoleParameters, **changes: object) -> ConsoleParameters:
    """The console with the first strip changed."""
    return dataclasses.replace(made, strips=(dataclasses.replace(made.strips[0], **changes), *made.strips[1:]))  # type: ignore[arg-type]


def squeezed(threshold_db: float) -> ConsoleParameters:
    return console(compressor=Compressor(on=True, ratio=4.0, knee_db=0.0, threshold_db=threshold_db))


def test_the_same_console_moves_nothing() -> None:
    made = assemble(SONG, Intent(style="dense"), rough_decisions(SONG))
    assert moves(SONG, made, made) == Moves()
    assert Moves().just_noticed == 0.0


def test_one_fader_moves_the_balance_beside_the_others() -> None:
    before = console()
    after = with_strip(before, fader_db=before.strips[0].fader_db - 3.0)
    assert moves(SONG, before, after).level_db == pytest.approx(2.0)  # of three stems, around the mean
    assert moves(SONG, before, after).reduction_db == 0.0


def test_a_threshold_moves_by_what_the_ratio_makes_of_it() -> None:
    found = moves(SONG, squeezed(-50.0), squeezed(-48.0))
    reach = dynamics.BY_ROLE[SONG.stems[0].role].reach
    assert found.reduction_db == pytest.approx(2.0 * (1.0 - 1.0 / 4.0) * reach)
    assert found.just_noticed == found.reduction_db
    assert found.level_db > 0.5  # the makeup was not moved along


def test_a_bus_that_is_switched_on_takes_what_it_takes() -> None:
    before = console()
    pressed = Compressor(on=True, ratio=2.0, threshold_db=-60.0)
    drums = dataclasses.replace(before.groups, drums=dataclasses.replace(before.groups.drums, compressor=pressed))
    master = dataclasses.replace(before.master, compressor=pressed)
    assert moves(SONG, before, dataclasses.replace(before, groups=drums)).reduction_db > 3.0
    assert moves(SONG, before, dataclasses.replace(before, master=master)).reduction_db > 3.0


def test_a_bus_hears_its_own_equaliser() -> None:
    quieter = Eq(low_shelf=LowShelf(gain_db=-12.0, freq_hz=500.0), high_shelf=HighShelf(gain_db=-12.0, freq_hz=1_500.0))
    pressed = Compressor(on=True, ratio=4.0, threshold_db=-60.0, knee_db=0.0)
    flat, shelved = (dataclasses.replace(console(), master=Master(compressor=pressed, eq=eq)) for eq in (Eq(), quieter))
    assert 5.0 < moves(SONG, flat, shelved).reduction_db < 9.0  # up to 12 dB less, of which 3 of 4 are taken


def test_a_send_that_nobody_hears_is_as_good_as_off() -> None:
    dry, faint, wet = (console(sends=Sends(reverb_db=level)) for level in (OFF_DB, -70.0, -52.0))
    assert moves(SONG, dry, faint).send_db == 0.0
    assert moves(SONG, dry, wet).send_db == pytest.approx(8.0)
    assert moves(SONG, dry, console(sends=Sends(delay_db=-52.0))).send_db == pytest.approx(8.0)


def test_widths_and_pans_are_heard_from_a_tenth_on() -> None:
    before = console(pan=0.0, width=1.0)
    assert moves(SONG, before, with_strip(before, width=1.2)).just_noticed == pytest.approx(2.0)
    assert moves(SONG, before, with_strip(before, pan=-0.05)).just_noticed == pytest.approx(0.5)


def test_the_largest_is_the_worst_of_each() -> None:
    found = largest([Moves(level_db=1.0, send_db=0.2), Moves(level_db=0.5, pan=0.3)])
    assert found == Moves(level_db=1.0, send_db=0.2, pan=0.3)


def test_silence_has_no_level() -> None:
    quiet = dataclasses.replace(
        SONG.stems[0],
        audio=dataclasses.replace(SONG.stems[0].audio, loudness_lufs=None, spectrum_db=(), peak_percentiles_dbfs=()),
    )
    song = SessionFeatures(sample_rate=44_100, stems=(quiet,))
    made = assemble(song, Intent(), Decisions(stems={}))
    assert moves(song, made, with_strip(made, fader_db=-20.0)) == Moves()
