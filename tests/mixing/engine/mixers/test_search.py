"""The search: near its reference, the same each time, and nothing without a reference."""

from __future__ import annotations

import pytest

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import Intent, StemIntent
from mixing.engine.mixers.networks import evolution
from mixing.engine.mixers.rules import RoughMix
from mixing.engine.mixers.search import Search
from tests.mixing.engine.mixers.sessions import SILENCE, session, stem
from tests.mixing.engine.mixers.test_reference_net import apart, band, reference


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evolution, "GENERATIONS", 12)


@pytest.mark.usefixtures("short")
def test_it_comes_nearer_to_the_reference_than_the_rough_mix_and_always_in_the_same_way() -> None:
    song, wanted = band(), reference()
    console = Search().predict(song, Intent(reference=wanted))
    assert apart(song, console, wanted) < 0.7 * apart(song, RoughMix().predict(song, Intent(reference=wanted)), wanted)
    assert Search().predict(song, Intent(reference=wanted)) == console


@pytest.mark.usefixtures("short")
def test_wishes_and_locks_are_kept() -> None:
    wishes = Intent(reference=reference(), stems={"Keys": StemIntent(pan=0.7)}, locks={"strips.Bass.fader_db": -3.0})
    console = Search().predict(band(), wishes)
    assert console.strips[2].pan == 0.7
    assert console.strips[1].fader_db == -3.0


@pytest.mark.parametrize("missing", [None, SILENCE])
def test_without_a_reference_it_asks_for_one(missing: object) -> None:
    with pytest.raises(MixFailed) as refused:
        Search().predict(band(), Intent(reference=missing))  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.field) == ("needs_reference", "reference")


def test_a_silent_session_is_left_alone() -> None:
    silent = session(stem("a", "fx", SILENCE))
    wanted = Intent(reference=reference())
    assert Search().predict(silent, wanted) == RoughMix().predict(silent, wanted)
