"""Judging mixers on songs whose balance is known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mixing.engine.console.parameters import ConsoleParameters, Eq, Strip
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import Intent, Mixer, SessionFeatures
from mixing.engine.mixers.rules import EqualLoudness, FadersUp, RoughMix
from mixing.engine.training.corpus import SongEntry, read_corpus, read_song
from mixing.engine.training.degrade import draw_degradation
from mixing.engine.training.evaluate import Outcome, evaluate, remarks_on, report, songs_known_to
from tests.mixing.engine.real_songs import real_songs
from tests.mixing.engine.training.songs import noise, tone, two_stems, write_song

CARD = {"artist": "Ann", "licence": "CC0-1.0", "human_balance": "sum"}


class Undoes:
    """Knows the degradation and takes gain and EQ back: a shelf or peak with its gain turned is its own inverse."""

    key = "undoes"
    family = "test"
    version = "1"
    title = summary = "Undoes"

    def __init__(self, song: str, seed: int) -> None:
        self._song, self._seed = song, seed

    def predict(self, session: SessionFeatures, intent: Intent) -> ConsoleParameters:
        strips = []
        for stem in session.stems:
            drawn = draw_degradation(self._seed, song=self._song, stem=stem.name)
            low, peak, high = drawn.eq.low_shelf, drawn.eq.peak_1, drawn.eq.high_shelf
            eq = Eq(
                low_shelf=replace(low, gain_db=-low.gain_db),
                peak_1=replace(peak, gain_db=-peak.gain_db),
                high_shelf=replace(high, gain_db=-high.gain_db),
            )
            strips.append(Strip(stem=stem.name, trim_db=-drawn.gain_db, eq=eq))
        return ConsoleParameters(strips=tuple(strips)).at_rate(session.sample_rate)


class Refuses(Undoes):
    key = "refuses"

    def predict(self, session: SessionFeatures, intent: Intent) -> ConsoleParameters:
        raise MixFailed("reference_needed", "Give this mixer a reference.")


@pytest.fixture
def song(tmp_path: Path) -> SongEntry:
    return read_song(write_song(tmp_path / "data" / "night", two_stems(), CARD))


def run(entries: Sequence[SongEntry], tmp_path: Path, *mixers: Mixer, seeds: Sequence[int] = (3,)) -> Outcome:
    return evaluate(entries, lambda _: mixers, seeds, cache=tmp_path / "cache")


def test_the_true_inverse_leaves_no_equaliser_error_and_hardly_a_level_error(song: SongEntry, tmp_path: Path) -> None:
    (found,) = run([song], tmp_path, FadersUp(), Undoes("night", 4), seeds=(4,)).songs
    left, untouched = found.mixers["undoes"], found.mixers["faders-up"]
    assert left["eq_db"] < 0.1 < 0.5 < untouched["eq_db"]
    # What is left is the loudness that the pan took from one stem.
    assert left["level_lu"] < 1.5 < 3.0 < untouched["level_lu"]
    assert left["pan"] == pytest.approx(untouched["pan"], abs=0.01)
    assert left["mrstft"] < untouched["mrstft"]


def test_faders_up_leaves_the_drawn_gains_wrong(song: SongEntry, tmp_path: Path) -> None:
    (found,) = run([song], tmp_path, FadersUp()).songs
    drawn = [draw_degradation(3, song="night", stem=name) for name in song.stem_names()]
    gains = np.array([each.gain_db for each in drawn])
    assert found.mixers["faders-up"]["level_lu"] == pytest.approx(np.abs(gains - gains.mean()).mean(), abs=4.0)
    assert found.mixers["faders-up"]["pan"] > 0.05


def test_the_errors_of_a_song_are_the_mean_over_its_seeds(song: SongEntry, tmp_path: Path) -> None:
    one = run([song], tmp_path, FadersUp(), seeds=(1,)).songs[0].mixers["faders-up"]["level_lu"]
    two = run([song], tmp_path, FadersUp(), seeds=(2,)).songs[0].mixers["faders-up"]["level_lu"]
    both = run([song], tmp_path, FadersUp(), seeds=(1, 2)).songs[0].mixers["faders-up"]["level_lu"]
    assert one != two
    assert both == pytest.approx((one + two) / 2)


def test_a_song_without_a_card_has_its_sum_for_a_balance_and_that_is_said(tmp_path: Path) -> None:
    write_song(tmp_path / "data" / "bare", two_stems(), None)
    outcome = run(read_corpus(tmp_path / "data"), tmp_path, FadersUp())
    assert [found.id for found in outcome.songs] == ["bare"]
    assert "bare has no song.json: its stems' plain sum is taken" in outcome.remarks[0]


def test_a_mixture_beside_its_stems_is_no_stem(tmp_path: Path) -> None:
    stems = two_stems() | {"Mixture.wav": noise(2)}
    entry = read_song(write_song(tmp_path / "data" / "night", stems))
    outcome = run([entry], tmp_path, FadersUp())
    assert outcome.songs[0].stems == 2
    assert outcome.remarks[0].endswith("the balance to restore, and Mixture.wav for a mix and no stem.")


def test_raw_tracks_without_a_human_mix_are_left_out_with_a_sentence(song: SongEntry, tmp_path: Path) -> None:
    write_song(tmp_path / "data" / "raw", two_stems(), {**CARD, "human_balance": None})
    outcome = run(read_corpus(tmp_path / "data"), tmp_path, FadersUp())
    assert [found.id for found in outcome.songs] == ["night"]
    assert "raw is left out" in outcome.remarks[0]
    with pytest.raises(MixFailed) as refused:
        run([read_song(tmp_path / "data" / "raw")], tmp_path, FadersUp())
    assert refused.value.code == "nothing_to_evaluate"


def test_raw_tracks_with_a_human_mix_are_compared_by_their_sum(tmp_path: Path) -> None:
    stems = two_stems()
    files = {**stems, "_mix.wav": sum(np.atleast_2d(sound) for sound in stems.values())}
    card = {**CARD, "human_balance": None, "human_mix": "_mix.wav"}
    entry = read_song(write_song(tmp_path / "data" / "raw", files, card))
    (found,) = run([entry], tmp_path, FadersUp()).songs
    assert "level_lu" not in found.mixers["faders-up"]
    assert found.mixers["faders-up"]["bands_db"] < 1.0  # the mix is the plain sum


def test_a_mixer_that_refuses_is_reported_and_the_others_go_on(song: SongEntry, tmp_path: Path) -> None:
    outcome = run([song], tmp_path, Refuses("night", 3), FadersUp())
    assert set(outcome.songs[0].mixers) == {"faders-up"}
    assert outcome.remarks == ("refuses did not mix any song: Give this mixer a reference.",)


def test_a_song_that_cannot_be_read_is_left_out_with_the_file_and_the_others_are_judged(
    song: SongEntry, tmp_path: Path
) -> None:
    broken = write_song(tmp_path / "data" / "day", two_stems(), CARD)
    (broken / "Bass.wav").write_bytes(b"RIFF nothing")
    outcome = run([read_song(broken), song], tmp_path, FadersUp())
    assert [each.id for each in outcome.songs] == ["night"]
    (remark,) = outcome.remarks
    assert remark.startswith("day is left out: day/Bass.wav cannot be read")


def test_a_sound_shorter_than_a_second_is_judged(tmp_path: Path) -> None:
    short = {"Bass.wav": tone(110.0, seconds=0.45), "Drums.wav": noise(1, seconds=0.42)}
    found = run([read_song(write_song(tmp_path / "data" / "hit", short, CARD))], tmp_path, FadersUp()).songs
    assert found[0].mixers["faders-up"]["level_lu"] > 0.0


def test_a_mixer_that_knows_a_song_and_one_that_misses_its_reference_are_told(song: SongEntry, tmp_path: Path) -> None:
    found = run([song], tmp_path, FadersUp(), RoughMix()).songs
    learnt = sorted(songs_known_to(RoughMix()))
    assert len(learnt) >= 20
    known = replace(found[0], id=learnt[0])
    (remark,) = remarks_on([FadersUp(), RoughMix()], [known, found[0]])
    assert remark.startswith(f"rough-mix has learnt from 1 of these songs ({learnt[0]}), which flatters it")

    class Near(FadersUp):
        needs_reference = True

    (remark,) = remarks_on([Near()], found)
    assert remark.startswith("faders-up goes by a reference and was given none")
    assert remarks_on([FadersUp(), RoughMix()], found) == []


def test_generated_songs_stand_in_rows_of_their_own(song: SongEntry, tmp_path: Path) -> None:
    card = {**CARD, "kind": "generated", "artist": "generator"}
    made = read_song(write_song(tmp_path / "data" / "made", {"Bass.wav": tone(80.0), "Pad.wav": noise(5)}, card))
    outcome = run([song, made], tmp_path, FadersUp(), EqualLoudness())
    found = report(outcome, (3,), data="data")
    assert found["song_count"] == found["generated"]["song_count"] == 1
    night = found["songs"]["night"]["mixers"]["faders-up"]["level_lu"]
    assert found["mixers"]["faders-up"]["level_lu"] == {"mean": night, "low": night, "high": night}
    assert found["generated"]["mixers"]["faders-up"]["level_lu"]["mean"] != night


def test_the_report_is_json_with_paired_differences(song: SongEntry, tmp_path: Path) -> None:
    found = report(run([song], tmp_path, FadersUp(), EqualLoudness()), (3,), data="data")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    difference = found["differences"]["faders-up"]["equal-loudness"]["level_lu"]["mean"]
    means = {key: values["level_lu"]["mean"] for key, values in found["mixers"].items()}
    assert difference == pytest.approx(means["faders-up"] - means["equal-loudness"], abs=2e-4)
    assert found["conclusion"]


def test_the_same_songs_and_seeds_give_the_same_report(song: SongEntry, tmp_path: Path) -> None:
    again = [report(run([song], tmp_path, FadersUp()), (3,), data="data") for _ in range(2)]
    assert again[0] == again[1]


@pytest.mark.real_audio
def test_real_songs_are_judged_and_loudness_tells_something(tmp_path: Path) -> None:
    folders = {folder.name: folder for folder in real_songs()}
    entry = read_song(folders["adaptisound_swing"])
    (found,) = run([entry], tmp_path, FadersUp(), EqualLoudness(), seeds=(0, 1)).songs
    # Gains of ±12 dB are 6 LU off on average; of three layers of swing the person set none 6 LU from their mean.
    assert 2.0 < found.mixers["faders-up"]["level_lu"] < 9.0
    assert found.mixers["equal-loudness"]["level_lu"] < found.mixers["faders-up"]["level_lu"]
    assert found.mixers["equal-loudness"]["eq_db"] == pytest.approx(found.mixers["faders-up"]["eq_db"], abs=0.05)
