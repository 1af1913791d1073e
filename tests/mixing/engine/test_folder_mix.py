"""The way from a folder to a file, where the command line cannot see it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mixing.engine.console.parameters import ConsoleParameters, Strip
from mixing.engine.errors import MixFailed
from mixing.engine.folder_mix import as_saved, by_mixer, mix_folder, refuse_other_stems, refuse_outputs
from mixing.engine.mixers.interface import Intent, SessionFeatures
from mixing.engine.mixers.registry import mixer
from mixing.engine.session_folder import SessionFolder, read_session_folder


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    """A quarter of a second of two stems, the first at 22.05 kHz and the second at 48."""
    (tmp_path / "song" / "stems").mkdir(parents=True)
    for name, rate in (("a.wav", 22_050), ("b.wav", 48_000)):
        sine = 0.1 * np.sin(2 * np.pi * 440 * np.arange(rate // 4 * 2) / rate)
        sf.write(tmp_path / "song" / "stems" / name, sine, rate)
    (tmp_path / "song" / "song.json").write_text('{"stems": [{"file": "stems/a.wav"}, {"file": "stems/b.wav"}]}')
    return read_session_folder(tmp_path / "song")


def test_the_session_has_the_rate_of_its_first_stems_family(folder: SessionFolder, tmp_path: Path) -> None:
    mixed = mix_folder(folder, tmp_path / "mix.wav", console=by_mixer(mixer("faders-up"), Intent()))
    assert mixed.session.sample_rate == mixed.report.sample_rate == mixed.parameters.sample_rate == 44_100
    assert [stem.name for stem in mixed.session.stems] == ["stems/a.wav", "stems/b.wav"]


def test_a_saved_console_is_rendered_at_its_own_rate(folder: SessionFolder, tmp_path: Path) -> None:
    saved = ConsoleParameters(strips=(Strip(stem="stems/b.wav"), Strip(stem="stems/a.wav"))).at_rate(48_000)
    mixed = mix_folder(folder, tmp_path / "mix.wav", console=as_saved(saved, folder), sample_rate=saved.sample_rate)
    assert mixed.report.sample_rate == 48_000
    assert mixed.parameters is saved


def test_a_mixer_that_fails_leaves_nothing_behind(folder: SessionFolder, tmp_path: Path) -> None:
    def fail(session: SessionFeatures) -> ConsoleParameters:
        assert any(tmp_path.glob(".aimixer-*/*.wav"))
        raise MixFailed("no_idea", "No idea.")

    with pytest.raises(MixFailed, match="No idea"):
        mix_folder(folder, tmp_path / "mix.wav", console=fail, parameters_output=tmp_path / "p.json")
    assert [path.name for path in tmp_path.iterdir()] == ["song"]


def test_stages_are_told_in_order_and_never_fall(folder: SessionFolder, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    mix_folder(
        folder,
        tmp_path / "mix.flac",
        console=by_mixer(mixer("rough-mix"), Intent()),
        tell=lambda stage, done: told.append((stage, done)),
    )
    stages = list(dict.fromkeys(stage for stage, _ in told))
    assert stages == ["Listening to the stems", "Mixing", "Encoding"]
    for stage in stages:
        shares = [done for name, done in told if name == stage]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0


@pytest.mark.parametrize("name", ["song/song.json", "song/stems/a.wav", "reference.wav"])
def test_nothing_that_is_read_is_written_over(folder: SessionFolder, tmp_path: Path, name: str) -> None:
    with pytest.raises(MixFailed) as caught:
        refuse_outputs(folder, tmp_path / "mix.wav", tmp_path / name, inputs=[tmp_path / "reference.wav"])
    assert caught.value.code == "bad_output"


def test_stems_and_strips_are_compared_by_name_both_ways() -> None:
    parameters = ConsoleParameters(strips=(Strip(stem="a"), Strip(stem="b")))
    refuse_other_stems(["b", "a"], parameters)
    with pytest.raises(MixFailed, match="stems without a strip: c; strips without a stem: b") as caught:
        refuse_other_stems(["a", "c"], parameters)
    assert caught.value.code == "stems_mismatch"
