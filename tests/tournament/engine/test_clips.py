import numpy as np
import pytest
import soundfile as sf

from mixing.engine.audio.loudness import LoudnessMeter
from mixing.engine.audio.peaks import read
from mixing.engine.audio.true_peak import TruePeakMeter
from mixing.engine.errors import Cancelled, MixFailed
from tournament.engine.clips import cut_pair, match_loudness, swap_pair

RATE = 44_100


def noise(seconds, seed=1, level=0.1):
    return np.random.default_rng(seed).normal(0.0, level, (2, round(seconds * RATE))).astype(np.float32)


def brighter(audio):
    """A first difference: +6 dB an octave."""
    return np.diff(audio, axis=1, prepend=audio[:, :1]).astype(np.float32)


def measured(path):
    samples, rate = sf.read(path, dtype="float32", always_2d=True)
    audio = np.ascontiguousarray(samples.T)
    loudness, peak = LoudnessMeter(rate, 2), TruePeakMeter(2)
    loudness.push(audio)
    peak.push(audio)
    return loudness.integrated_lufs(), peak.dbtp()


@pytest.fixture
def cut(tmp_path):
    def run(a, b, **kwargs):
        for name, audio in (("mix_a", a), ("mix_b", b)):
            sf.write(tmp_path / f"{name}.wav", audio.T, RATE, subtype="PCM_24")
        clips = {"clip_a": tmp_path / "a.wav", "clip_b": tmp_path / "b.wav"}
        return cut_pair(tmp_path / "mix_a.wav", tmp_path / "mix_b.wav", **clips, **kwargs)

    return run


def test_the_clips_begin_where_the_planted_difference_is(cut):
    a = noise(70)
    b = a.copy()
    b[:, 40 * RATE : 64 * RATE] = brighter(b)[:, 40 * RATE : 64 * RATE]
    pair = cut(a, b)
    assert pair.start_s == pytest.approx(40.0, abs=0.5)
    assert pair.duration_s == 24.0
    assert pair.difference_db > 3.0


def test_a_short_song_is_heard_whole(cut):
    pair = cut(noise(5.03), brighter(noise(5.03)))
    assert (pair.start_s, pair.frames) == (0.0, round(5.03 * RATE))


def test_both_clips_are_as_loud_as_each_other_and_below_the_ceiling(cut, tmp_path):
    pair = cut(noise(6, level=0.3), brighter(noise(6, level=0.01)))
    (lufs_a, dbtp_a), (lufs_b, dbtp_b) = measured(tmp_path / "a.wav"), measured(tmp_path / "b.wav")
    assert abs(lufs_a - lufs_b) <= 0.05
    assert max(dbtp_a, dbtp_b) <= -1.0
    assert (pair.loudness_lufs, pair.loudness_gap_lu) == pytest.approx((lufs_a, lufs_a - lufs_b))
    assert lufs_a == pytest.approx(-14.0, abs=0.02)


def test_one_high_peak_lowers_both_and_is_not_limited(cut, tmp_path):
    a = noise(6, level=0.02)
    a[:, 3 * RATE] = 0.9
    cut(a, brighter(noise(6, level=0.02)))
    (lufs_a, dbtp_a), (lufs_b, _) = measured(tmp_path / "a.wav"), measured(tmp_path / "b.wav")
    assert dbtp_a == pytest.approx(-1.05, abs=0.02)
    assert lufs_a == pytest.approx(lufs_b, abs=0.05)
    assert lufs_a < -20.0


def test_each_clip_has_one_constant_gain():
    a, b = noise(3), brighter(noise(3, level=0.02))
    for before, after in zip((a, b), match_loudness(a, b, RATE), strict=True):
        loud = np.abs(before) > 0.01
        ratio = after[loud] / before[loud]
        assert ratio.max() - ratio.min() < 1e-5 * ratio.mean()


def test_nothing_but_the_sound_tells_the_files_apart(cut, tmp_path):
    cut(noise(5), brighter(noise(5)))
    a, b = (tmp_path / "a.wav", tmp_path / "b.wav")
    assert a.stat().st_size == b.stat().st_size == 44 + 4 * 5 * RATE
    assert a.read_bytes()[:44] == b.read_bytes()[:44]
    assert a.stat().st_mtime_ns == b.stat().st_mtime_ns
    assert sf.info(a).subtype == "PCM_16"


def test_the_same_mixes_make_the_same_bytes(cut, tmp_path):
    cut(noise(3), brighter(noise(3)))
    first = (tmp_path / "a.wav").read_bytes()
    cut(noise(3), brighter(noise(3)))
    assert (tmp_path / "a.wav").read_bytes() == first


def test_the_waveform_is_that_of_the_mean_and_of_neither(cut, tmp_path):
    pair = cut(noise(4), brighter(noise(4)))
    a, b = (sf.read(tmp_path / name, dtype="float32")[0] for name in ("a.wav", "b.wav"))
    highest = ((a + b) / 2).max(axis=1)[: 256 * 100].reshape(-1, 256).max(axis=1)
    finest = read(pair.peaks).levels[0]
    assert np.abs(finest.maximum[:100] - np.clip(np.rint(highest * 127), -126, 126)).max() <= 1
    swapped = cut(brighter(noise(4)), noise(4))
    assert swapped.peaks == pair.peaks


def test_the_cut_edges_do_not_click(cut, tmp_path):
    cut(noise(5) + 0.3, brighter(noise(5)))
    clip = sf.read(tmp_path / "a.wav")[0]
    assert np.abs(clip[[0, -1]]).max() < 0.01


@pytest.mark.parametrize("gain", [1.0, 0.25])
def test_mixes_that_are_alike_but_for_their_level_are_no_battle(cut, tmp_path, gain):
    with pytest.raises(MixFailed) as caught:
        cut(noise(4), noise(4) * np.float32(gain))
    assert caught.value.code == "too_alike"
    assert not (tmp_path / "a.wav").exists()


def test_a_silent_mix_is_no_battle(cut, tmp_path):
    with pytest.raises(MixFailed) as caught:
        cut(noise(4), np.zeros((2, 4 * RATE), np.float32))
    assert caught.value.code == "silent_mix"
    assert not list(tmp_path.glob("?.wav"))


def test_a_clip_that_is_too_soft_to_be_measured_is_no_battle():
    with pytest.raises(MixFailed) as caught:
        match_loudness(noise(2), noise(2, level=1e-5), RATE)
    assert caught.value.code == "silent_mix"


def test_it_stops_when_asked_and_leaves_nothing(cut, tmp_path):
    with pytest.raises(Cancelled):
        cut(noise(4), brighter(noise(4)), cancelled=lambda: True)
    assert not list(tmp_path.glob("?.wav"))


def test_progress_grows_to_one(cut):
    told = []
    cut(noise(4), brighter(noise(4)), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def samples_of(path):
    return sf.read(path, dtype="int16", always_2d=True)[0].astype(int)


@pytest.mark.parametrize("side", ["a", "b"])
def test_one_mix_twice_begins_and_sounds_as_loud_as_the_battle_of_the_two(cut, tmp_path, side):
    a = noise(34)
    b = a.copy()
    b[:, 8 * RATE :] = brighter(b)[:, 8 * RATE :]
    battle = cut(a, b)
    of_the_battle = samples_of(tmp_path / f"{side}.wav")
    trial = cut(a, b, twice=side, dither_seeds=(1, 2))
    both = [samples_of(tmp_path / f"{name}.wav") for name in "ab"]
    assert (trial.start_s, trial.duration_s) == (battle.start_s, battle.duration_s)
    assert trial.loudness_lufs == pytest.approx(battle.loudness_lufs, abs=0.05)
    for clip in both:
        # Two triangular dithers of two steps each lie at most four steps and two roundings apart.
        assert np.abs(clip - of_the_battle).max() <= 4
    assert (both[0] != both[1]).any()


def test_two_mixes_that_are_alike_are_refused_also_where_one_is_wanted_twice(cut):
    with pytest.raises(MixFailed) as caught:
        cut(noise(5), noise(5), twice="a")
    assert caught.value.code == "too_alike"


def test_a_swapped_pair_is_the_earlier_one_with_other_bytes(cut, tmp_path):
    first = cut(noise(5), brighter(noise(5)))
    swapped = swap_pair(
        *(tmp_path / "a.wav", tmp_path / "b.wav"),
        clip_a=tmp_path / "c.wav",
        clip_b=tmp_path / "d.wav",
        start_s=12.0,
        dither_seeds=(1, 2),
    )
    assert (swapped.frames, swapped.start_s) == (first.frames, 12.0)
    assert swapped.loudness_gap_lu == pytest.approx(-first.loudness_gap_lu, abs=0.01)
    assert swapped.difference_db == pytest.approx(first.difference_db, rel=0.1)
    for before, after in (("a", "d"), ("b", "c")):
        assert 0 < np.abs(samples_of(tmp_path / f"{before}.wav") - samples_of(tmp_path / f"{after}.wav")).max() <= 2
        assert (tmp_path / f"{before}.wav").stat().st_size == (tmp_path / f"{after}.wav").stat().st_size
