"""The fit of the role table: it separates what can be separated, and is judged on songs that it has not heard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mixing.engine.role_sound import INPUTS, RoleTable
from mixing.engine.roles import Role
from mixing.engine.training import fit_roles
from mixing.engine.training.corpus import SongEntry, StemFile
from mixing.engine.training.fit_roles import LabelledStem, fit, fitted, labelled_stems, left_out
from tests.mixing.engine.audio.sounds import noise, silence, sine, write

BRIGHT: dict[Role, float] = {"bass": -2.0, "hihat": 2.0}


def stems(songs: int = 6, *, spread: float = 0.3, seed: int = 1) -> list[LabelledStem]:
    """Two roles that one input tells apart, among noise."""
    rng = np.random.default_rng(seed)
    found = []
    for song in range(songs):
        for role, centre in BRIGHT.items():
            inputs = rng.standard_normal(len(INPUTS))
            inputs[0] = centre + spread * rng.standard_normal()
            found.append(LabelledStem(f"song {song}", f"artist {song % 3}", role, inputs, True, False))
    return found


def test_roles_that_differ_are_told_apart_and_the_fit_is_repeatable() -> None:
    table = fit(stems(songs=20))
    inputs = np.zeros((2, len(INPUTS)))
    inputs[:, 0] = (-2.0, 2.0)
    likely = table.probabilities(inputs)
    assert table.roles == ("hihat", "bass")
    assert likely[0, 1] > 0.6
    assert likely[1, 0] > 0.6
    assert fit(stems(songs=20)).to_dict() == table.to_dict()


def test_rare_roles_stay_out_of_the_table_and_one_role_is_no_choice() -> None:
    rare = replace(stems()[0], role="brass")
    assert "brass" not in fit([*stems(), rare, rare]).roles
    with pytest.raises(ValueError, match="two roles"):
        fit([stem for stem in stems() if stem.role == "bass"])


def test_a_song_is_judged_by_a_table_that_has_not_heard_it(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[set[str]] = []

    def noted(given: list[LabelledStem]) -> RoleTable:
        heard.append({stem.song for stem in given})
        return fit(given)

    monkeypatch.setattr(fit_roles, "fit", noted)
    every = stems()
    barred = [replace(stem, song="barred", may_ship=False) for stem in every[:2]]
    made = [replace(stem, song="made", artist="made", generated=True) for stem in every[:2]]
    found = left_out([*every, *barred, *made])
    assert (found["stems"], found["songs"]) == (14, 7)
    songs = [f"song {number}" for number in range(6)]
    # What may not ship is asked about and never learned from; what was made by formula is the other way round.
    assert heard == [{*songs, "made"}, *({*songs, "made"} - {song} for song in songs)]
    assert found["by_confidence"][0]["speaks"] == 1.0


def test_songs_of_one_artist_are_left_out_together() -> None:
    assert left_out(stems(), by="artist")["artists"] == 3


def test_the_table_speaks_only_where_enough_of_what_it_says_is_right() -> None:
    clear = fitted(stems(songs=10), {"seed": 1})
    assert 0.5 <= clear["table"]["confidence"] < 1.0
    assert clear["songs"] == [f"song {number}" for number in range(10)]
    hopeless = [replace(stem, inputs=np.zeros(len(INPUTS))) for stem in stems()]
    assert fitted(hopeless, {})["table"]["confidence"] > 1.0


def test_a_corpus_is_measured_once_without_its_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = {
        "a.wav": write(tmp_path / "a.wav", sine(80, 1, level_dbfs=-10)),
        "b.wav": write(tmp_path / "b.wav", noise(1)),
        "c.wav": write(tmp_path / "c.wav", silence(1)),
    }
    roles: dict[str, Role] = {"a.wav": "bass", "b.wav": "hihat", "c.wav": "pad"}
    entry = SongEntry(
        id="song", folder=tmp_path, title="Song", artist="", licence="CC0-1.0", weights_may_ship=True,
        human_balance="sum", stems=tuple(StemFile(path, roles[name]) for name, path in paths.items()),
    )  # fmt: skip
    first = labelled_stems([entry], tmp_path / "cache")
    assert [(stem.role, stem.song, stem.artist) for stem in first] == [
        ("bass", "song", "song"),
        ("hihat", "song", "song"),
    ]

    def measured_again(path: Path, *, name: str) -> None:
        raise AssertionError(f"{name} was measured again")

    monkeypatch.setattr(fit_roles, "analyse", measured_again)
    again = labelled_stems([entry], tmp_path / "cache")
    assert [list(stem.inputs) for stem in again] == [list(stem.inputs) for stem in first]
