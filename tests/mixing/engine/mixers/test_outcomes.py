"""Who may correct what the formulas make of wishes: what they are asked, and what their answers change."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest

from mixing.engine.console.parameters import OFF_DB, ConsoleParameters, Eq, LowShelf
from mixing.engine.mixers import outcomes
from mixing.engine.mixers.assemble import assemble
from mixing.engine.mixers.decisions import Decisions, GroupDecision, MasterDecision, StemDecision
from mixing.engine.mixers.dynamics import Correction
from mixing.engine.mixers.interface import Intent, SessionFeatures, StemFeatures, StemIntent
from mixing.engine.mixers.outcomes import (
    SOUND_COLUMNS,
    AskedBus,
    AskedSound,
    AskedSpace,
    FormulasAlone,
    Member,
    Numbers,
    asked_row,
    sound_row,
)
from mixing.engine.roles import GROUPS, Group
from tests.mixing.engine.features import made_up_mel
from tests.mixing.engine.mixers.sessions import SILENCE, random_session, session, stem

GIVEN = session(stem("b", "bass"), stem("a", "synth"), stem("silent", "keys", SILENCE), stem("c", "lead_vocal"))
WISHED = Decisions(
    stems={
        "a": StemDecision(gain_reduction_db=4.0, reverb_lu=-14.0),
        "b": StemDecision(gain_reduction_db=0.1, delay_lu=-20.0),
        "c": StemDecision(),
    },
    groups={"music": GroupDecision(gain_reduction_db=3.0)},
    master=MasterDecision(gain_reduction_db=2.0),
)


class Knowing(FormulasAlone):
    """Answers everybody with the same correction, and remembers who asked."""

    def __init__(self) -> None:
        self.asked: dict[str, list[str]] = {}

    def compressors(self, stems: Mapping[str, AskedSound]) -> Mapping[str, Correction]:
        self.asked["compressors"] = [name for name, each in stems.items() if each.asked is not None]
        return {name: Correction(threshold_db=-3.0, loss_lu=1.0) for name in stems}

    def sends(self, stems: Mapping[str, AskedSpace]) -> Mapping[str, tuple[float, float]]:
        self.asked["sends"] = list(stems)
        return dict.fromkeys(stems, (2.0, -1.0))

    def groups(self, members: Mapping[str, Member], buses: Mapping[Group, AskedBus]) -> Mapping[Group, Correction]:
        self.asked["groups"] = [*buses, *members]
        return {group: Correction(threshold_db=-2.0) for group in buses}

    def master(self, members: Mapping[str, Member], bus: AskedBus) -> Correction:
        self.asked["master"] = list(members)
        assert bus.place == len(GROUPS)
        return Correction(threshold_db=-1.0)


def both(of: SessionFeatures = GIVEN, decisions: Decisions = WISHED) -> tuple[ConsoleParameters, ConsoleParameters]:
    return assemble(of, Intent(), decisions), assemble(of, Intent(), decisions, outcomes=Knowing())


def test_every_wish_is_asked_about_and_silence_is_not() -> None:
    knowing = Knowing()
    assemble(GIVEN, Intent(), WISHED, outcomes=knowing)
    assert knowing.asked == {
        "compressors": ["a"],
        "sends": ["a", "b", "c"],
        "groups": ["music", "a"],
        "master": ["a", "b", "c"],
    }


def test_a_stem_is_listened_to_once_however_many_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    listened: list[str] = []

    def listening(of: StemFeatures, eq: Eq) -> Numbers:
        listened.append(of.name)
        return sound_row(of, eq)

    monkeypatch.setattr(outcomes, "sound_row", listening)
    assemble(GIVEN, Intent(style="dense"), WISHED, outcomes=Knowing())
    assert sorted(listened) == ["a", "b", "c"]


def test_nobody_is_asked_about_a_mix_without_wishes() -> None:
    knowing = Knowing()
    plain = assemble(GIVEN, Intent(), Decisions(stems={}), outcomes=knowing)
    assert knowing.asked == {}
    assert plain == assemble(GIVEN, Intent(), Decisions(stems={}))


def test_a_wish_for_space_by_the_musician_is_asked_about_too() -> None:
    knowing = Knowing()
    intent = Intent(stems={"c": StemIntent(space=0.5)})
    corrected = assemble(GIVEN, intent, Decisions(stems={}), outcomes=knowing)
    plain = assemble(GIVEN, intent, Decisions(stems={}))
    assert knowing.asked == {"sends": ["a", "b", "c"]}
    assert corrected.strips[3].sends.reverb_db == pytest.approx(plain.strips[3].sends.reverb_db - 2.0, abs=0.011)


def test_answers_move_thresholds_makeup_and_sends_by_what_they_say() -> None:
    plain, corrected = both()
    before, after = plain.strips[1], corrected.strips[1]
    assert after.compressor.threshold_db == pytest.approx(before.compressor.threshold_db - 3.0, abs=0.011)
    assert after.compressor.makeup_db == pytest.approx(before.compressor.makeup_db + 1.0, abs=0.011)
    assert after.sends.reverb_db == pytest.approx(before.sends.reverb_db - 2.0, abs=0.011)
    assert corrected.strips[0].sends.delay_db == pytest.approx(plain.strips[0].sends.delay_db + 1.0, abs=0.011)
    assert corrected.strips[3].sends.reverb_db == OFF_DB
    music, whole = corrected.groups.music.compressor, corrected.master.compressor
    # The lost loudness is made up for by the stem itself, so that what reaches the buses has peaks 1 dB higher.
    assert music.threshold_db == pytest.approx(plain.groups.music.compressor.threshold_db - 2.0 + 1.0, abs=0.03)
    assert plain.master.compressor.threshold_db - 1.0 < whole.threshold_db < plain.master.compressor.threshold_db


def test_what_a_better_makeup_gives_back_the_fader_does_not_give_back_again() -> None:
    plain, corrected = both()
    assert [strip.fader_db for strip in corrected.strips] == [strip.fader_db for strip in plain.strips]


def test_numbers_stay_bounded_for_any_sound() -> None:
    for seed in range(12):
        for each in random_session(8, seed).stems:
            if each.audio.loudness_lufs is None:
                continue
            row = sound_row(dataclasses.replace(each, mel=made_up_mel(seed=seed)), Eq())
            assert row.shape == (SOUND_COLUMNS,)
            assert np.isfinite(row).all()
            assert np.abs(row).max() <= 4.0


def test_a_stem_is_seen_behind_its_eq_and_whatever_its_level() -> None:
    soft = stem("a", "synth")
    louder = {"peak_percentiles_dbfs": tuple(level + 10.0 for level in soft.audio.peak_percentiles_dbfs)}
    loud = stem("a", "synth", loudness_lufs=-13.0, short_term_max_lufs=-11.0, **louder)
    np.testing.assert_allclose(sound_row(loud, Eq()), sound_row(soft, Eq()), atol=1e-5)
    bassy = sound_row(soft, Eq(low_shelf=LowShelf(gain_db=9.0, freq_hz=200.0)))
    assert np.abs(bassy - sound_row(soft, Eq())).max() > 0.3


def test_a_sound_that_stops_is_told_from_one_that_stays() -> None:
    stays = stem("a", "synth")
    level = np.full((1, 64, 40), -80.0, dtype=np.float32)
    level[:, ::16] = 0.0
    hits = dataclasses.replace(stays, mel=dataclasses.replace(made_up_mel(1), mid_db=level, side_db=level - 80.0))
    steady = dataclasses.replace(
        stays, mel=dataclasses.replace(made_up_mel(1), mid_db=level * 0.0, side_db=level * 0.0)
    )
    assert np.abs(sound_row(hits, Eq()) - sound_row(steady, Eq())).max() > 1.0


def test_no_wish_is_a_row_of_noughts() -> None:
    assert not asked_row(None).any()
