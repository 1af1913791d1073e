"""Exports by their file's extension: each is what it is called, and says who made it."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mixing.engine.console.parameters import ConsoleParameters, Strip
from mixing.engine.console.sources import StemSource
from mixing.engine.errors import MixFailed
from mixing.engine.export.dawproject import read_dawproject
from mixing.engine.export.outputs import refuse_unknown_extension, write_export
from mixing.engine.export.session import Session, SessionStem, read_session
from tests.mixing.engine.console.sessions import RATE, noise, write


def exported(folder: Path, name: str, session: Session | None = None) -> Path:
    (source,) = write(folder, {"Bass": noise(1, 4_410)})
    write_export(folder / name, session or song(), [source], mix(folder))
    return folder / name


def mix(folder: Path) -> Path:
    (found,) = write(folder, {"mix": noise(2, 4_410)})
    return found.path


def song() -> Session:
    return Session(
        title="Dämmerung",
        artist="Ann",
        licence="CC0-1.0",
        mixer="Rough mix",
        mixer_version="3",
        sample_rate=RATE,
        stems=(SessionStem(name="Bass", role="bass", channels=1, frames=4_410, sha256="0" * 64),),
        parameters=ConsoleParameters(strips=(Strip(stem="Bass", fader_db=-6.0),)),
    )


def test_an_mp3_says_what_it_is_and_who_mixed_it(tmp_path: Path) -> None:
    with sf.SoundFile(exported(tmp_path, "a.mp3")) as mp3:
        assert (mp3.format, mp3.channels, mp3.samplerate) == ("MP3", 2, RATE)
    content = (tmp_path / "a.mp3").read_bytes()
    for words in ("Dämmerung", "Ann", "Mixed by Rough mix, version 3", "CC0-1.0"):
        assert words.encode("utf-16-le") in content


def test_a_zip_holds_the_processed_stem(tmp_path: Path) -> None:
    with zipfile.ZipFile(exported(tmp_path, "a.ZIP")) as archive, archive.open("01 Bass.wav") as stem:
        heard = sf.read(stem, dtype="float64")[0]
    # Half by the fader, and constant power at the centre.
    expected = sf.read(tmp_path / "Bass.wav", dtype="float64")[0] * 10 ** (-6 / 20) * np.sqrt(0.5)
    assert heard == pytest.approx(np.stack([expected, expected], axis=1), abs=1e-7)


def test_a_dawproject_and_a_session_hold_the_console(tmp_path: Path) -> None:
    project = read_dawproject(exported(tmp_path, "a.dawproject"))
    assert project.parameters == song().parameters
    assert project.comment == "Mixed by Rough mix, version 3"
    assert read_session(exported(tmp_path, "a.json").read_text(encoding="utf-8")) == song()


@pytest.mark.parametrize(
    ("mixer", "version", "credit"),
    [("Rough mix", "3", "Mixed by Rough mix, version 3"), ("Me", "", "Mixed by Me"), ("", "3", "")],
)
def test_a_credit_names_what_is_known(mixer: str, version: str, credit: str) -> None:
    assert replace(song(), mixer=mixer, mixer_version=version).credit == credit


@pytest.mark.parametrize("name", ["a.wav", "a.zip.exe", "mp3"])
def test_another_ending_is_refused_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(MixFailed) as refused:
        write_export(tmp_path / name, song(), [StemSource("Bass", tmp_path / "x.wav")], tmp_path / "mix.wav")
    assert refused.value.code == "bad_output"
    assert name in refused.value.message
    assert not list(tmp_path.iterdir())
    refuse_unknown_extension(tmp_path / "A.DAWPROJECT")
