"""What a mixer is told: intents and features from outside are read strictly and refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import BANDS, AudioFeatures, Intent, SessionFeatures, StemIntent, band_centres_hz
from tests.mixing.engine.mixers.sessions import SILENCE, sound


def test_features_come_back_from_json_as_they_were() -> None:
    for audio in (sound(loudness_lufs=-18.25, width=0.3, channels=2), SILENCE):
        assert AudioFeatures.from_dict(audio.to_dict()) == audio


@pytest.mark.parametrize("changes", [{"version": 1}, {"version": 3}, {"loudness": -3}])
def test_features_of_another_analysis_must_be_measured_again(changes: dict[str, Any]) -> None:
    with pytest.raises(MixFailed) as caught:
        AudioFeatures.from_dict({**sound().to_dict(), **changes})
    assert caught.value.code == "stale_analysis"


def test_features_with_a_field_missing_must_be_measured_again() -> None:
    data = sound().to_dict()
    del data["crest_db"]
    with pytest.raises(MixFailed) as caught:
        AudioFeatures.from_dict(data)
    assert caught.value.code == "stale_analysis"


def test_a_session_without_stems_is_refused() -> None:
    with pytest.raises(MixFailed) as caught:
        SessionFeatures(sample_rate=44_100, stems=())
    assert caught.value.code == "empty_session"


def test_an_intent_comes_back_from_json_as_it_was() -> None:
    data = {
        "style": None,
        "target_lufs": -16.0,
        "stems": {"Vox.wav": {"presence": "lead", "pan": -0.5, "space": 0.0}},
        "locks": {"strips.Vox.wav.fader_db": -3.0},
    }
    intent = Intent.from_dict(data)
    assert intent.of("Vox.wav") == StemIntent(presence="lead", pan=-0.5, space=0.0)
    assert intent.to_dict() == data


def test_a_stem_without_a_wish_is_left_to_the_mixer() -> None:
    assert Intent().of("anything") == StemIntent(presence="normal", pan=None, space=None)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ([], "intent"),
        ({"loudness": -14}, "intent.loudness"),
        ({"style": 3}, "style"),
        ({"target_lufs": "loud"}, "target_lufs"),
        ({"target_lufs": True}, "target_lufs"),
        ({"target_lufs": float("nan")}, "target_lufs"),
        ({"target_lufs": float("-inf")}, "target_lufs"),
        ({"target_lufs": 10**400}, "target_lufs"),
        ({"target_lufs": -4.9}, "target_lufs"),
        ({"stems": None}, "stems"),
        ({"stems": {"a": 1}}, "stems.a"),
        ({"stems": {"a": {"volume": 1}}}, "stems.a.volume"),
        ({"stems": {"a": {"pan": 1.1}}}, "stems.a.pan"),
        ({"stems": {"a": {"space": -0.1}}}, "stems.a.space"),
        ({"stems": {"a": {"presence": []}}}, "stems.a.presence"),
        ({"stems": {1: {}}}, "stems"),
        ({"locks": [1]}, "locks"),
        ({"locks": {"master.target_lufs": {"a": 1}}}, "locks.master.target_lufs"),
    ],
)
def test_what_an_intent_may_not_say_is_refused_by_its_path(data: object, field: str) -> None:
    with pytest.raises(MixFailed) as caught:
        Intent.from_dict(data)
    assert caught.value.code == "invalid_intent"
    assert caught.value.field == field


def test_the_bands_are_evenly_spaced_in_mel_between_30_hz_and_16_khz() -> None:
    centres = band_centres_hz()
    assert len(centres) == BANDS
    # 2595 lg(1 + 30/700) = 47.29, 2595 lg(1 + 16000/700) = 3574.62 mel; 41 steps of 86.03 between them.
    assert centres[0] == pytest.approx(700 * (10 ** ((47.29 + 86.03) / 2595) - 1), rel=1e-3)
    assert 14_500 < centres[-1] < 16_000
    assert list(centres) == sorted(centres)
