"""Knobs around a base: nothing turned is the base itself, and what is turned arrives in the units of decisions."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from mixing.engine.console.parameters import Eq, HighPass, LowShelf, Peak
from mixing.engine.mixers import dynamics
from mixing.engine.mixers.decisions import Decisions, GroupDecision, MasterDecision
from mixing.engine.mixers.eq_response import band_response_db
from mixing.engine.mixers.networks.reference_knobs import base_of, decisions_of_knobs, settings_of_knobs
from mixing.engine.mixers.rules import rough_decisions
from tests.mixing.engine.mixers.sessions import session, stem

SONG = session(stem("Voice", "lead_vocal"), stem("Kick", "kick", centroid_hz=90.0))
STRIP_EQ = Eq(high_pass=HighPass(on=True, freq_hz=80.0), peak_2=Peak(gain_db=-4.0, freq_hz=900.0, q=1.3))
GROUP_EQ = Eq(low_shelf=LowShelf(gain_db=3.0, freq_hz=120.0))
MASTER_EQ = Eq(peak_1=Peak(gain_db=2.0, freq_hz=300.0))


def decided() -> Decisions:
    rough = rough_decisions(SONG)
    voice = dataclasses.replace(rough.stems["Voice"], gain_reduction_db=4.0, eq=STRIP_EQ)
    return dataclasses.replace(
        rough,
        stems={**rough.stems, "Voice": voice},
        groups={"drums": GroupDecision(gain_reduction_db=3.0, eq=GROUP_EQ)},
        master=MasterDecision(gain_reduction_db=2.0, eq=MASTER_EQ),
    )


def test_nothing_turned_is_the_base_itself() -> None:
    base = base_of([SONG], [decided()], [-14.0])
    found = decisions_of_knobs(SONG, decided(), base, base.neutral())
    voice, wanted = found.stems["Voice"], decided().stems["Voice"]
    assert voice.level_lu == pytest.approx(wanted.level_lu, abs=1e-4)
    assert (voice.pan, voice.width) == pytest.approx((wanted.pan, wanted.width))
    assert voice.eq.peak_2.gain_db == pytest.approx(-4.0)
    reductions = voice.gain_reduction_db, found.groups["drums"].gain_reduction_db, found.master.gain_reduction_db
    assert reductions == pytest.approx((4.0, 3.0, 2.0), abs=0.01)


def test_a_wish_is_what_a_meter_shows_and_the_desk_hears_the_static_curve() -> None:
    base = base_of([SONG], [decided()], [-14.0])
    reach = dynamics.BY_ROLE["lead_vocal"].reach
    assert float(base.reduction_db[0, 0]) == pytest.approx(4.0 / reach)
    assert float(base.master_reduction_db[0]) == pytest.approx(2.0 / dynamics.ON_MASTER.reach)


def test_all_equalisers_keep_their_own_response() -> None:
    settings = settings_of_knobs(base := base_of([SONG], [decided()], [-14.0]), base.neutral())
    for found, eq in (
        (settings.strip_eq_db[0, 0], STRIP_EQ),
        (settings.group_eq_db[0, 0], GROUP_EQ),
        (settings.group_eq_db[0, 1], Eq()),
        (settings.master_eq_db[0], MASTER_EQ),
    ):
        torch.testing.assert_close(found, torch.tensor(band_response_db(eq)).float(), atol=0.02, rtol=0.0)
