from __future__ import annotations

import hashlib
import json
import time

import numpy as np
import pytest
import soundfile as sf

from mixing.engine.generator import DEMO_DURATION_S, DEMO_SEED, GeneratedSong, generate, write
from mixing.engine.roles import ROLES


@pytest.fixture(scope="module")
def demo_cpu_s() -> list[float]:
    return []


@pytest.fixture(scope="module")
def demo(demo_cpu_s: list[float]) -> GeneratedSong:
    begun_s = time.process_time()
    song = generate(DEMO_SEED, duration_s=DEMO_DURATION_S)
    demo_cpu_s.append(time.process_time() - begun_s)
    return song


@pytest.fixture(scope="module")
def short_songs() -> list[GeneratedSong]:
    return [generate(seed, duration_s=5.0) for seed in range(6)]


def _balanced(song: GeneratedSong, roles: set[str] | None = None) -> np.ndarray:
    mix = np.zeros((2, song.stems[0].audio.shape[1]))
    for stem in song.stems:
        if roles is None or stem.role in roles:
            mix += stem.audio * 10.0 ** (stem.balance_db / 20.0)
    return mix


def _band_db(mix: np.ndarray, rate: int, low_hz: float, high_hz: float) -> float:
    power = np.sum(np.abs(np.fft.rfft(mix, axis=1)) ** 2, axis=0)
    frequencies = np.fft.rfftfreq(mix.shape[1], 1.0 / rate)
    return float(10.0 * np.log10(power[(frequencies >= low_hz) & (frequencies < high_hz)].sum()))


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    digests = []
    for name in ("first", "second"):
        write(generate(5, duration_s=4.0), tmp_path / name)
        files = sorted((tmp_path / name).iterdir())
        digests.append([(file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in files])
    assert digests[0] == digests[1]


def test_other_seeds_give_other_songs(short_songs):
    assert len({song.genre for song in short_songs}) >= 3
    assert len({(song.tempo_bpm, song.key) for song in short_songs}) == len(short_songs)
    assert (
        len({tuple((first.degree, second.degree) for first, second in song.plan.chords) for song in short_songs}) >= 4
    )
    kicks = [song.stems[0].audio[0, :44100] / np.max(np.abs(song.stems[0].audio)) for song in short_songs]
    likeness = np.corrcoef(kicks) - np.eye(len(kicks))
    assert np.max(np.abs(likeness)) < 0.98


def test_two_seeds_of_one_style_play_different_tunes():
    first, second = generate(6, duration_s=3.0), generate(36, duration_s=3.0)
    assert first.genre == second.genre
    assert first.key != second.key
    assert first.tempo_bpm != second.tempo_bpm


def test_stems_are_what_a_musician_exports(short_songs, demo):
    for song in [*short_songs, demo]:
        assert len({stem.audio.shape[1] for stem in song.stems}) == 1
        assert {stem.audio.shape[0] for stem in song.stems} == {1, 2}
        peaks_db = [20.0 * np.log10(np.max(np.abs(stem.audio))) for stem in song.stems]
        assert max(peaks_db) < -1.0
        assert max(peaks_db) - min(peaks_db) > 5.0
        for stem in song.stems:
            assert stem.audio.dtype == np.float32
            assert stem.role in ROLES
            assert np.all(np.isfinite(stem.audio))
            assert abs(float(np.mean(stem.audio, dtype=np.float64))) < 5e-4
            assert np.all(np.abs(stem.audio[:, [0, -1]]) < 1e-4)


def test_the_length_is_exact_at_any_rate():
    song = generate(1, sample_rate=48000, duration_s=3.21)
    assert song.stems[0].audio.shape[1] == round(3.21 * 48000)


@pytest.mark.parametrize(("rate", "duration_s"), [(8000, 6.0), (44100, 0.5), (44100, 601.0)])
def test_it_refuses_what_it_cannot_play(rate, duration_s):
    with pytest.raises(ValueError, match="22050 Hz"):
        generate(1, sample_rate=rate, duration_s=duration_s)


def test_a_few_bars_have_every_stem_sounding(short_songs):
    for song in short_songs:
        for stem in song.stems:
            assert np.sqrt(np.mean(stem.audio**2)) > 1e-4, (song.seed, stem.name)


def test_stems_are_exactly_silent_where_they_do_not_play(demo):
    until_verse = round(3.9 * demo.plan.clock.bar_s * demo.sample_rate)
    for stem in demo.stems:
        if stem.role in ("kick", "snare", "bass"):
            assert not np.any(stem.audio[:, :until_verse]), stem.name


def _loneliest_step(audio: np.ndarray) -> float:
    """The sharpest corner of a wave against those of its other 10 ms: a click stands out, an edgy timbre does not."""
    corner = np.max(np.abs(np.diff(audio.astype(np.float64), n=4, axis=1)), axis=0)
    windows = corner[: len(corner) // 441 * 441].reshape(-1, 441).max(axis=1)
    return float(np.max(windows) / np.percentile(windows[windows > 0.0], 99))


def test_notes_end_without_a_click(demo):
    pad = next(stem.audio for stem in demo.stems if stem.role == "pad")
    bass = next(stem.audio for stem in demo.stems if stem.role == "bass")
    assert _loneliest_step(pad) < 2.0
    assert _loneliest_step(bass) < 3.0
    cut = pad.copy()
    cut[:, np.argmax(np.abs(pad[0])) :] = 0.0
    assert _loneliest_step(cut) > 4.0


def test_the_balance_is_that_of_a_record(demo):
    mix = _balanced(demo)
    assert 20.0 * np.log10(np.max(np.abs(mix))) == pytest.approx(-3.0, abs=0.05)
    centres = 250.0 * 2.0 ** np.arange(6)
    per_octave = [_band_db(mix, demo.sample_rate, c / 2**0.5, c * 2**0.5) - 10 * np.log10(c) for c in centres]
    slope_db = np.polyfit(np.arange(6), per_octave, 1)[0]
    assert -5.5 < slope_db < -3.0


def test_the_chroma_is_that_of_the_key(demo):
    pitched = _balanced(demo, {"keys", "pad", "synth"}).mean(axis=0)
    power = np.abs(np.fft.rfft(pitched)) ** 2
    frequencies = np.fft.rfftfreq(len(pitched), 1.0 / demo.sample_rate)
    used = (frequencies > 110.0) & (frequencies < 1000.0)
    classes = np.round(69 + 12 * np.log2(frequencies[used] / 440.0)).astype(int) % 12
    chroma = np.bincount(classes, weights=power[used], minlength=12)
    assert chroma[list(demo.plan.key.pitch_classes)].sum() / chroma.sum() > 0.93


def test_the_chorus_is_louder_than_verse_and_intro(demo):
    mix, bar = _balanced(demo), demo.plan.clock.bar_s * demo.sample_rate
    level = {
        section.name: float(np.mean(mix[:, int(section.first_bar * bar) : int((section.last_bar + 1) * bar)] ** 2))
        for section in demo.plan.sections
    }
    assert level["final chorus"] > level["verse"] > level["intro"]


def test_the_demo_is_a_minute_of_about_eight_stems(demo):
    assert 60.0 <= DEMO_DURATION_S <= 75.0
    assert {"kick", "snare", "hihat", "bass", "keys", "pad", "synth", "fx"} <= {stem.role for stem in demo.stems}
    assert next(section.name for section in demo.plan.sections) == "intro"
    assert [section.name for section in demo.plan.sections][-1] == "outro"


def test_a_minute_is_made_in_seconds(demo, demo_cpu_s):
    assert demo_cpu_s[0] < 20.0


def test_files_and_card_agree(tmp_path):
    song = generate(3, duration_s=3.0)
    card = json.loads(write(song, tmp_path).read_text(encoding="utf-8"))
    assert card["licence"] == "CC0-1.0"
    assert card["human_balance"] is None
    assert card["stems"] == [{"file": f"{stem.name}.wav", "role": stem.role} for stem in song.stems]
    assert {file.name for file in tmp_path.iterdir()} == {"song.json", *(stem["file"] for stem in card["stems"])}
    for stem in song.stems:
        audio, rate = sf.read(tmp_path / f"{stem.name}.wav", always_2d=True, dtype="float32")
        assert rate == song.sample_rate
        assert np.max(np.abs(audio.T - stem.audio)) <= 2.0**-23
