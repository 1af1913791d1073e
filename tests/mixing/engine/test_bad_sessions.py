"""Sessions that nobody would call tidy, from folder to file: a sentence that names the fault, or a right mix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from mixing.engine.console.parameters import ConsoleParameters, Limiter, Master, Strip
from mixing.engine.errors import AudioRejected, EngineError, MixFailed
from mixing.engine.folder_mix import FolderMix, as_saved, by_mixer, mix_folder
from mixing.engine.mixers.interface import Intent
from mixing.engine.mixers.registry import all_mixers, mixer
from mixing.engine.session_folder import STEMS_MAX, read_session_folder
from tests.mixing.engine.audio.sounds import faded, noise, silence, sine, write
from tests.mixing.engine.features import made_up

RATE = 44_100
Sound = NDArray[np.float32]
KEYS = list({each.family: each.key for each in reversed(all_mixers())}.values())
"""One mixer of each family."""


@dataclass
class Folder:
    """A song's folder beside an older mix, which a refusal must leave as it was."""

    path: Path
    output: Path

    def add(self, name: str, sound: Sound, *, rate: int = RATE, subtype: str = "PCM_24") -> None:
        write(self.path / name, sound, rate=rate, subtype=subtype)

    def mixed_by(self, key: str) -> tuple[FolderMix, Sound]:
        intent = Intent(reference=made_up(loudness_lufs=-14.0)) if key == "search" else Intent()
        mixed = mix_folder(read_session_folder(self.path), self.output, console=by_mixer(mixer(key), intent))
        return mixed, self.heard()

    def summed(self) -> Sound:
        """Every fader up and nothing else."""
        folder = read_session_folder(self.path)
        console = ConsoleParameters(strips=tuple(Strip(stem=stem.name) for stem in folder.stems))
        mix_folder(folder, self.output, console=as_saved(console, folder))
        return self.heard()

    def heard(self) -> Sound:
        return sf.read(self.output, dtype="float32", always_2d=True)[0].T

    def refusal(self) -> EngineError:
        before = self.output.read_bytes()
        with pytest.raises(EngineError) as refused:
            self.mixed_by("rough-mix")
        assert refused.value.message.endswith(".")
        assert self.output.read_bytes() == before
        assert sorted(path.name for path in self.output.parent.iterdir()) == ["mix.wav", "song"]
        return refused.value


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "song").mkdir()
    (tmp_path / "mix.wav").write_bytes(b"an older mix")
    return Folder(tmp_path / "song", tmp_path / "mix.wav")


# ---- what is refused -------------------------------------------------------------------------------------------------


def with_value(value: float) -> Sound:
    sound = noise(2)
    sound[1, RATE] = value
    return sound


REFUSED: dict[str, tuple[Sound, str, str]] = {
    "no frames": (silence(0), "no_sound", "only a header"),
    "a twentieth of a second": (noise(0.05), "too_short", "at least 0.1 s"),
    "NaN": (with_value(np.nan), "not_finite", "first at 1 s"),
    "infinity": (with_value(np.inf), "not_finite", "first at 1 s"),
    "eight channels": (noise(1, channels=8), "too_many_channels", "has 8 channels"),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "beside a good stem"])
def test_one_stem_that_cannot_be_mixed_is_named_and_nothing_is_written(folder: Folder, kind: str, alone: bool) -> None:
    sound, code, words = REFUSED[kind]
    if not alone:
        folder.add("A good one.wav", noise(2))
    folder.add("Bad bass.wav", sound, subtype="FLOAT")

    refused = folder.refusal()

    assert isinstance(refused, AudioRejected)
    assert (refused.code, refused.field) == (code, "Bad bass.wav")
    assert "Bad bass.wav" in refused.message
    assert words in refused.message


def test_a_session_without_stems_is_refused(folder: Folder) -> None:
    refused = folder.refusal()
    assert (refused.code, "put WAV" in refused.message) == ("no_stems", True)


def test_a_session_of_more_than_64_stems_is_refused_before_one_is_opened(folder: Folder) -> None:
    for number in range(STEMS_MAX + 1):
        (folder.path / f"{number:03}.wav").write_bytes(b"not looked into")
    refused = folder.refusal()
    assert isinstance(refused, MixFailed)
    assert refused.code == "too_many_stems"
    assert "65 stems" in refused.message
    assert "64 at most" in refused.message


# ---- what is mixed ---------------------------------------------------------------------------------------------------


def odd_short(folder: Folder) -> int:
    folder.add("Kick.wav", noise(0.4))
    folder.add("Bass.wav", sine(110, 0.4, level_dbfs=-12))
    return round(0.4 * RATE)


def odd_single(folder: Folder) -> int:
    folder.add("Vox.wav", noise(1.5, channels=1))
    return round(1.5 * RATE)


def odd_partly_silent(folder: Folder) -> int:
    folder.add("Kick.wav", silence(2))
    folder.add("Bass.wav", noise(1.2))
    return 2 * RATE


def odd_lengths(folder: Folder) -> int:
    folder.add("Kick.wav", noise(0.1))
    folder.add("Vox.wav", noise(20.0, channels=1))
    folder.add("Bass.wav", noise(3.217))
    return 20 * RATE


def odd_rates(folder: Folder) -> int:
    folder.add("a.wav", noise(1.5))
    folder.add("b.wav", noise(1.5, rate=192_000), rate=192_000)
    folder.add("c.wav", noise(1.5, rate=8000, channels=1), rate=8000)
    return round(1.5 * RATE)


def odd_levels(folder: Folder) -> int:
    folder.add("Loud.wav", noise(1.5, level=30.0) * np.float32(20.0), subtype="FLOAT")
    folder.add("Soft.wav", noise(1.5, level=1e-6), subtype="FLOAT")
    return round(1.5 * RATE)


def odd_many(folder: Folder) -> int:
    for number in range(STEMS_MAX):
        folder.add(f"{number:02}.wav", noise(0.8, channels=1 + number % 2, seed=number))
    return round(0.8 * RATE)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "fill", [odd_short, odd_single, odd_partly_silent, odd_lengths, odd_rates, odd_levels, odd_many]
)
def test_every_mixer_mixes_an_odd_session_as_loud_as_it_was_asked(
    folder: Folder, key: str, fill: Callable[[Folder], int]
) -> None:
    frames = fill(folder)

    mixed, heard = folder.mixed_by(key)

    assert heard.shape == (2, frames)
    assert np.isfinite(heard).all()
    report = mixed.report
    assert report.loudness_lufs is not None
    assert report.true_peak_dbtp is not None
    assert report.true_peak_dbtp <= mixed.parameters.master.ceiling_dbtp + 0.01
    if report.held_by == "target":
        assert report.loudness_lufs == pytest.approx(-14.0, abs=0.06)
    else:
        assert report.held_by == "ceiling"
        assert report.loudness_lufs < -14.0
    assert len(mixed.parameters.strips) == len(mixed.session.stems)


@pytest.mark.parametrize("key", KEYS)
def test_every_mixer_makes_silence_of_silence(folder: Folder, key: str) -> None:
    folder.add("Kick.wav", silence(2))
    folder.add("Vox.wav", silence(1, channels=1))

    mixed, heard = folder.mixed_by(key)

    assert heard.shape == (2, 2 * RATE)
    assert not heard.any()
    assert (mixed.report.loudness_lufs, mixed.report.true_peak_dbtp, mixed.report.held_by) == (None, None, "none")


def test_silence_stays_silence_behind_a_limiter(folder: Folder) -> None:
    folder.add("Kick.wav", silence(1))
    session = read_session_folder(folder.path)
    master = Master(target_lufs=-9.0, limiter=Limiter(on=True))
    console = ConsoleParameters(strips=(Strip(stem="Kick.wav"),), master=master)

    report = mix_folder(session, folder.output, console=as_saved(console, session)).report

    assert not folder.heard().any()
    assert (report.loudness_lufs, report.held_by) == (None, "none")


def test_a_stem_of_400_ms_is_one_gating_block_and_hits_its_target(folder: Folder) -> None:
    odd_short(folder)
    mixed, _ = folder.mixed_by("faders-up")
    assert mixed.report.frames == 17_640
    assert mixed.report.loudness_lufs == pytest.approx(-14.0, abs=0.01)


def test_192_khz_beside_44_1_khz_is_brought_to_the_first_stems_rate_in_step(folder: Folder) -> None:
    # The same tone, turned over: what is left of the sum is the error in time and level of the resampling.
    folder.add("a.wav", faded(sine(997, 2, level_dbfs=-6)))
    folder.add("b.wav", -faded(sine(997, 2, level_dbfs=-6, rate=192_000), 1920), rate=192_000)

    left = folder.summed()[:, 4410:-4410]

    assert 20 * np.log10(np.abs(left).max()) < -110


def test_the_first_stem_decides_the_rate(folder: Folder) -> None:
    folder.add("1.wav", noise(1, rate=192_000), rate=192_000)
    folder.add("2.wav", noise(1))
    mixed, heard = folder.mixed_by("faders-up")
    assert (mixed.report.sample_rate, heard.shape[1]) == (48_000, 48_000)


def test_behind_the_end_of_a_short_stem_the_long_one_is_alone(folder: Folder) -> None:
    long = noise(9, channels=2, level=0.05)
    folder.add("long.wav", long)
    folder.add("short.wav", noise(0.1, seed=2, level=0.05))

    heard = folder.summed()

    step = 2.0**-23
    assert np.abs(heard[:, 4410:] - long[:, 4410:]).max() <= 2 * step
    assert np.abs(heard[:, :4410] - long[:, :4410]).max() > 0.01
