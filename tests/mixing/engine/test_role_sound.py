"""Roles told by sound: right where it speaks, silent where it cannot know, and never louder than the name."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mixing.engine.audio.analysis import analyse_array
from mixing.engine.generator.song import generate
from mixing.engine.mixers.interface import AudioFeatures
from mixing.engine.role_sound import INPUTS, RoleTable, guess_role, inputs_of, role_by_sound, shipped_table
from mixing.engine.roles import Role
from tests.mixing.engine.features import made_up, silent


@pytest.fixture(scope="module")
def stems() -> list[tuple[Role, AudioFeatures]]:
    """Of a song whose seed is not among those of the fit."""
    song = generate(14, duration_s=20.0)
    return [(stem.role, analyse_array(stem.audio, song.sample_rate)[0]) for stem in song.stems]


def test_where_it_speaks_about_a_song_it_is_right_and_it_does_speak(stems: list[tuple[Role, AudioFeatures]]) -> None:
    said = [(role_by_sound(features), role) for role, features in stems]
    spoken = [pair for pair in said if pair[0] != "other"]
    assert len(spoken) >= 3
    assert all(guess == role for guess, role in spoken)
    assert ("kick", "kick") in spoken


def test_the_name_comes_first_and_the_sound_only_where_the_name_says_nothing(
    stems: list[tuple[Role, AudioFeatures]],
) -> None:
    kick = next(features for role, features in stems if role == "kick")
    assert guess_role("Audio 12.wav", kick) == "kick"
    assert guess_role("Cello.wav", kick) == "strings"
    assert guess_role("Audio 13.wav", silent()) == "other"


def test_the_level_of_a_stem_says_nothing_about_what_it_is() -> None:
    quiet = made_up(loudness_lufs=-43.0, true_peak_dbtp=-26.0, short_term_max_lufs=-41.0)
    quiet_peaks = made_up(peak_percentiles_dbfs=tuple(level - 20.0 for level in made_up().peak_percentiles_dbfs))
    for other in (quiet, quiet_peaks):
        assert inputs_of(other) == pytest.approx(inputs_of(made_up()))
    assert inputs_of(silent()) is None


def test_probabilities_are_those_of_the_table_by_hand() -> None:
    weights = np.zeros((2, len(INPUTS)))
    weights[0, INPUTS.index("width")] = 2.0
    table = RoleTable(
        roles=("pad", "bass"), mean=np.zeros(len(INPUTS)), scale=np.ones(len(INPUTS)), weights=weights,
        bias=np.array([0.0, 0.5]), confidence=0.5,
    )  # fmt: skip
    found = inputs_of(made_up(width=0.4, channels=2))
    assert found is not None
    # Scores 0.8 and 0.5.
    assert table.probabilities(found[None])[0] == pytest.approx([0.5744, 0.4256], abs=1e-4)
    assert RoleTable.from_dict(json.loads(json.dumps(table.to_dict()))).to_dict() == table.to_dict()


def test_a_table_of_other_inputs_is_refused() -> None:
    with pytest.raises(ValueError, match="fit it anew"):
        RoleTable.from_dict({**shipped_table().to_dict(), "inputs": ["loudness"]})


def test_the_shipped_table_never_names_what_it_cannot_know() -> None:
    table = shipped_table()
    assert "other" not in table.roles
    assert 0.5 <= table.confidence <= 1.0
    assert role_by_sound(made_up()) in {*table.roles, "other"}
