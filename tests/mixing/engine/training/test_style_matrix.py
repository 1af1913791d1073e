"""Mixers are told apart by what is heard, and broken mixes are found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mixing.engine.console.parameters import ConsoleParameters, Eq, Master, Peak, Strip
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import Intent, SessionFeatures
from mixing.engine.training.corpus import SongEntry, read_song
from mixing.engine.training.degrade import draw_degradation
from mixing.engine.training.measures import StemSound
from mixing.engine.training.style_matrix import difference, style_matrix
from mixing.engine.training.tables import matrix_table
from tests.mixing.engine.training.songs import noise, tone, write_song


class Sets:
    """The same console for every song: a level and a peak for the first stem; all stems in the middle, or aside."""

    family = "test"
    version = "1"

    def __init__(
        self, key: str, *, fader_db: float = 0.0, peak_db: float = 0.0, pan: float = 0.0, mute: bool = False
    ) -> None:
        self.key = self.title = self.summary = key
        self._first = {
            "fader_db": fader_db,
            "eq": Eq(peak_2=Peak(gain_db=peak_db, freq_hz=1_000.0)),
            "mute": mute,
        }
        self._pan = pan

    def predict(self, session: SessionFeatures, intent: Intent) -> ConsoleParameters:
        pans = [self._pan - draw_degradation(0, song="night", stem=stem.name).pan for stem in session.stems]
        strips = tuple(
            Strip(stem=stem.name, pan=min(1.0, max(-1.0, pan)), **(self._first if number == 0 else {}))  # type: ignore[arg-type]
            for number, (stem, pan) in enumerate(zip(session.stems, pans, strict=True))
        )
        return ConsoleParameters(strips=strips, master=Master(target_lufs=-23.0)).at_rate(session.sample_rate)


@pytest.fixture
def song(tmp_path: Path) -> SongEntry:
    stems = {"Drums.wav": noise(1), "Keys.wav": tone(440.0), "Pad.wav": noise(2)}
    card = {"artist": "Ann", "licence": "CC0-1.0", "human_balance": "sum"}
    return read_song(write_song(tmp_path / "night", stems, card))


def sound(loudness_lufs: float | None, bump_db: float = 0.0) -> StemSound:
    bands = np.zeros(40)
    bands[20] = bump_db
    return StemSound(loudness_lufs, 0.0, bands)


def test_a_level_is_told_apart_from_one_loudness_unit_on() -> None:
    flat = [sound(-20.0), sound(-20.0)]
    # One stem up by 2 LU: both are 1 LU from the mean of the two.
    assert difference(flat, [sound(-18.0), sound(-20.0)]).level_lu == pytest.approx(1.0)
    assert difference(flat, [sound(-18.0), sound(-20.0)]).audible
    assert not difference(flat, [sound(-18.1), sound(-20.0)]).audible
    assert not difference(flat, [sound(-10.0), sound(-10.0)]).audible


def test_a_band_is_told_apart_from_one_decibel_on_whatever_the_level() -> None:
    flat = [sound(-20.0), sound(-20.0)]
    assert difference(flat, [sound(-20.0, 1.0), sound(-20.0)]).audible
    assert not difference(flat, [sound(-20.0, 0.9), sound(-20.0)]).audible


def test_a_silent_stem_tells_nothing_apart() -> None:
    assert not difference([sound(None), sound(-20.0)], [sound(-10.0, 9.0), sound(-20.0)]).audible


def test_the_matrix_names_who_is_told_apart_on_true_audio(song: SongEntry, tmp_path: Path) -> None:
    mixers = [Sets("flat"), Sets("same", fader_db=0.1), Sets("loud", fader_db=6.0), Sets("bright", peak_db=4.0)]
    found = style_matrix([song], mixers, cache=tmp_path / "cache")
    assert found["names"] == ["flat", "same", "loud", "bright"]
    assert found["told_apart"] == [
        [0.0, 0.0, 1.0, 1.0],
        [0.0, 0.0, 1.0, 1.0],
        [1.0, 1.0, 0.0, 1.0],
        [1.0, 1.0, 1.0, 0.0],
    ]
    # 6 dB on one of three stems is 4 LU from their mean; a peak of 4 dB is 4 dB in its band.
    assert found["level_lu"][0][2] == pytest.approx(4.0, abs=0.05)
    assert found["band_db"][0][3] == pytest.approx(4.0, abs=0.4)
    assert found["violations"] == {"flat": {}, "same": {}, "loud": {}, "bright": {}}


def test_mixes_that_lose_a_stem_or_fall_to_one_side_are_named(song: SongEntry, tmp_path: Path) -> None:
    found = style_matrix([song], [Sets("lost", mute=True), Sets("aside", pan=0.9)], cache=tmp_path / "cache")
    assert found["violations"] == {"lost": {"night": ["silence"]}, "aside": {"night": ["imbalance"]}}


def test_one_mixer_cannot_be_told_apart_from_itself(song: SongEntry, tmp_path: Path) -> None:
    with pytest.raises(MixFailed, match="at least two mixers"):
        style_matrix([song], [Sets("flat")], cache=tmp_path / "cache")


def test_silent_songs_and_those_that_cannot_be_read_are_left_out_with_a_sentence(
    song: SongEntry, tmp_path: Path
) -> None:
    card = {"artist": "Bob", "licence": "CC0-1.0", "human_balance": "sum"}
    silent = read_song(write_song(tmp_path / "hush", {"Pad.wav": 0.0 * noise(1), "Bass.wav": 0.0 * noise(2)}, card))
    broken = write_song(tmp_path / "torn", {"Pad.wav": noise(1)}, card)
    (broken / "Pad.wav").write_bytes(b"RIFF nothing")
    mixers = [Sets("flat"), Sets("loud", fader_db=6.0)]
    found = style_matrix([silent, read_song(broken), song], mixers, cache=tmp_path / "cache")
    assert found["songs"] == ["night"]
    assert found["violations"] == {"flat": {}, "loud": {}}
    assert found["left_out"]["hush"] == "Nothing is heard in it."
    assert "hush is left out: Nothing is heard in it." in matrix_table(found)
    with pytest.raises(MixFailed, match=r"hush is left out.* torn is left out: torn/Pad\.wav cannot be read"):
        style_matrix([silent, read_song(broken)], mixers, cache=tmp_path / "cache")
