"""Untidy sessions on their way through the site: uploads that are rejected, and songs that are mixed all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from django.test import Client, TestCase

from aimixer_site.ops.errors import DomainError
from mixing import jobs as entry
from mixing.models import Job, Mix, Song, Stem
from mixing.services import mixes, storage
from tests.factories import checking_stem, make_mixer, make_song, make_user
from tests.mixing.engine.audio.sounds import noise, silence, sine, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]
RATE = 44_100


@pytest.fixture
def song() -> Song:
    return make_song(make_user())


def uploaded(song: Song, folder: Path, name: str, sound: Any, *, rate: int = RATE, subtype: str = "FLOAT") -> Stem:
    """A file that has arrived, after its check."""
    stem = checking_stem(song, name, source=write(folder / name, sound, rate=rate, subtype=subtype))
    assert stem.job is not None
    with TestCase.captureOnCommitCallbacks(execute=True):
        entry.ingest(job_uuid=str(stem.job.uuid), attempt=1)
    stem.refresh_from_db()
    return stem


def mixed(song: Song, key: str = "rough-mix") -> Mix:
    make_mixer()
    assert song.owner is not None
    mix = mixes.create(song=song, owner=song.owner, mixer_key=key, intent={})
    with TestCase.captureOnCommitCallbacks(execute=True):
        entry.mix(job_uuid=str(mix.job.uuid), attempt=1)
    mix.refresh_from_db()
    mix.job.refresh_from_db()
    return mix


def heard(mix: Mix) -> np.ndarray:
    samples: np.ndarray = sf.read(storage.absolute(mix.wav_path), dtype="float32")[0].T
    return samples


def with_nan() -> np.ndarray:
    sound = noise(1)
    sound[0, 22_050] = np.nan
    return sound


@pytest.mark.parametrize(
    ("sound", "code"),
    [
        pytest.param(silence(0), "no_sound", id="0 frames"),
        pytest.param(noise(0.05), "too_short", id="50 ms"),
        pytest.param(with_nan(), "not_finite", id="NaN"),
        pytest.param(noise(0.5, channels=8), "too_many_channels", id="8 channels"),
    ],
)
def test_a_stem_that_cannot_be_mixed_is_rejected_and_the_others_are_mixed(
    song: Song, tmp_path: Path, sound: np.ndarray, code: str
) -> None:
    bad = uploaded(song, tmp_path, "Bad.wav", sound)
    assert (bad.state, bad.error_code) == (Stem.State.REJECTED, code)
    assert "Bad.wav" in bad.error_message
    uploaded(song, tmp_path, "Bass.wav", sine(110, 1, level_dbfs=-12))
    uploaded(song, tmp_path, "Noise.wav", noise(1))

    mix = mixed(song)

    assert mix.job.state == Job.State.DONE
    assert [stem.name for stem in mix.stems.order_by("position")] == ["Bass.wav", "Noise.wav"]
    assert mix.report["loudness_lufs"] == pytest.approx(-14.0, abs=0.06)


@pytest.mark.parametrize("names", [(), ("Only.wav",)], ids=["no stem", "one stem"])
def test_a_song_with_fewer_than_two_stems_is_not_mixed_and_says_so(
    song: Song, tmp_path: Path, names: tuple[str, ...]
) -> None:
    uploaded(song, tmp_path, "Bad.wav", with_nan())
    for name in names:
        uploaded(song, tmp_path, name, noise(0.5))
    with pytest.raises(DomainError, match="needs at least 2 stems") as refused:
        mixed(song)
    assert (refused.value.code, refused.value.status) == ("too_few_stems", 422)


def test_400_ms_beside_6_s_and_192_khz_beside_44_1_khz_are_one_session(song: Song, tmp_path: Path) -> None:
    uploaded(song, tmp_path, "Bass.wav", sine(110, 2, level_dbfs=-12), subtype="PCM_16")
    hit = uploaded(song, tmp_path, "Hit.wav", noise(0.4))
    air = uploaded(song, tmp_path, "Air.wav", noise(6, rate=192_000, level=0.05), rate=192_000, subtype="PCM_24")
    assert (hit.frames, air.frames, air.original_sample_rate) == (17_640, 6 * RATE, 192_000)

    mix = mixed(song)

    assert mix.job.state == Job.State.DONE
    assert heard(mix).shape == (2, 6 * RATE)
    assert np.abs(heard(mix)[:, 3 * RATE :]).max() > 0.0
    assert mix.report["loudness_lufs"] == pytest.approx(-14.0, abs=0.06)


def test_a_song_of_silence_is_mixed_to_silence_and_its_pages_can_be_read(
    song: Song, tmp_path: Path, client: Client
) -> None:
    for name in ("Kick.wav", "Bass.wav"):
        stem = uploaded(song, tmp_path, name, silence(1))
        assert (stem.state, stem.analysis["loudness_lufs"]) == (Stem.State.READY, None)

    mix = mixed(song)

    assert mix.job.state == Job.State.DONE
    assert (mix.report["loudness_lufs"], mix.report["true_peak_dbtp"], mix.report["held_by"]) == (None, None, "none")
    assert not heard(mix).any()
    assert song.owner is not None
    client.force_login(song.owner)
    for page in (f"/songs/{song.uuid}/", f"/mixes/{mix.uuid}/"):
        answer = client.get(page)
        assert answer.status_code == 200
        assert "None" not in answer.content.decode()
