"""Processed stems: they sum to what the master gets, with compressors and effects too."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from mixing.engine.console import desk, reference
from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Delay,
    Eq,
    GroupBus,
    Groups,
    HighPass,
    HighShelf,
    Master,
    Peak,
    Reverb,
    Sends,
    Strip,
)
from mixing.engine.errors import Cancelled, MixFailed
from mixing.engine.export import stems
from mixing.engine.export.stems import write_stems
from tests.mixing.engine.console.sessions import RATE, noise, write

FRAMES = 11_000


class ReadableDesk:
    """A desk made of the readable reference: it plays everything anew with each block."""

    def __init__(self, parameters: ConsoleParameters, channels: Mapping[str, int], *, sample_rate: int) -> None:
        self.parameters = parameters
        self.strips = desk.audible_strips(parameters)
        self.sample_rate = sample_rate
        self.heard: dict[str, list[NDArray[np.float32]]] = {strip.stem: [] for strip in self.strips}

    def process(self, blocks: Mapping[str, NDArray[np.float32]], frames: int) -> NDArray[np.float32]:
        for name, played in self.heard.items():
            played.append(np.array(blocks[name]))
        whole = {name: np.concatenate(played, axis=1) for name, played in self.heard.items()}
        total = reference.master_input(whole, self.strips, self.parameters, self.sample_rate)
        return total[:, total.shape[1] - frames :].astype(np.float32)


@pytest.fixture
def readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stems, "Desk", ReadableDesk)
    monkeypatch.setattr(stems, "BLOCK_FRAMES", 4_096)


def unpacked(path: Path) -> dict[str, NDArray[np.float64]]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        found = {}
        for name in archive.namelist():
            with sf.SoundFile(io.BytesIO(archive.read(name))) as wav:
                assert (wav.subtype, wav.channels, wav.samplerate) == ("FLOAT", 2, RATE)
                found[name] = wav.read(dtype="float64").T
        return found


def residual_db(found: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    return float(20 * np.log10(np.sqrt(((found - expected) ** 2).mean() / (expected**2).mean()) + 1e-20))


def session() -> dict[str, NDArray[np.float64]]:
    swell = np.abs(np.sin(np.arange(FRAMES) * 2 * np.pi / 5_000))
    return {
        "Kick.wav": noise(1, FRAMES, seed=1, level=0.7) * swell,
        "Snare.wav": noise(2, FRAMES, seed=2, level=0.6) * swell[::-1],
        "Vox.flac": noise(2, FRAMES - 3_000, seed=3, level=0.4),
        "Pad": noise(2, FRAMES, seed=4, level=0.3),
    }


def console(*, compressed: bool = False, sent: bool = False) -> ConsoleParameters:
    bus = Compressor(on=compressed, threshold_db=-24.0, ratio=6.0, attack_ms=1.0, release_ms=30.0, makeup_db=3.0)
    sends = Sends(reverb_db=-9.0, delay_db=-12.0) if sent else Sends()
    eq = Eq(high_pass=HighPass(on=True), peak_2=Peak(gain_db=5.0, freq_hz=900.0))
    return ConsoleParameters(
        strips=(
            Strip(stem="Kick.wav", group="drums", trim_db=-3.0, eq=eq, fader_db=-2.0, pan=-0.4),
            Strip(stem="Snare.wav", group="drums", fader_db=-6.0, width=0.5, sends=sends),
            Strip(stem="Vox.flac", group="vocals", fader_db=-1.0, pan=0.2, sends=sends),
            Strip(stem="Pad", group="music", fader_db=-8.0, width=1.6),
        ),
        groups=Groups(
            drums=GroupBus(gain_db=-2.0, eq=Eq(high_shelf=HighShelf(gain_db=4.0)), compressor=bus),
            vocals=GroupBus(gain_db=1.0, compressor=replace(bus, threshold_db=-30.0)),
        ),
        reverb=Reverb(decay_s=0.6, predelay_ms=5.0, return_db=-3.0),
        delay=Delay(time_ms=40.0, return_db=-6.0),
        master=Master(eq=Eq(peak_1=Peak(gain_db=6.0)), target_lufs=-14.0),
    )


def before_the_master(audio: Mapping[str, NDArray[np.float64]], parameters: ConsoleParameters) -> NDArray[np.float64]:
    whole = {name: np.pad(sound, ((0, 0), (0, FRAMES - sound.shape[1]))) for name, sound in audio.items()}
    return reference.master_input(whole, desk.audible_strips(parameters), parameters, RATE)


def test_they_sum_to_the_mix_before_the_master_on_the_desk_that_renders(tmp_path: Path) -> None:
    audio = session()
    sources = write(tmp_path, audio)
    heard: list[float] = []
    report = write_stems(sources, console(), sample_rate=RATE, output=tmp_path / "stems.zip", progress=heard.append)
    files = unpacked(tmp_path / "stems.zip")
    assert tuple(files) == report.files == ("01 Kick.wav", "02 Snare.wav", "03 Vox.wav", "04 Pad.wav")
    assert {sound.shape for sound in files.values()} == {(2, FRAMES)}
    assert residual_db(sum(files.values()), before_the_master(audio, console())) < -120  # type: ignore[arg-type]
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_they_sum_to_what_the_desk_mixes_with_every_compressor_and_both_effects(tmp_path: Path) -> None:
    audio, parameters = session(), console(compressed=True, sent=True)
    strips = tuple(replace(strip, compressor=parameters.groups.drums.compressor) for strip in parameters.strips)
    parameters = replace(parameters, strips=strips)
    write_stems(write(tmp_path, audio), parameters, sample_rate=RATE, output=tmp_path / "stems.zip")
    files = unpacked(tmp_path / "stems.zip")
    assert len(files) == 6
    played = desk.Desk(
        replace(parameters, master=Master()), {name: len(sound) for name, sound in audio.items()}, sample_rate=RATE
    )
    whole = {name: np.pad(sound, ((0, 0), (0, FRAMES - sound.shape[1]))) for name, sound in audio.items()}
    mix = played.process({name: sound.astype(np.float32) for name, sound in whole.items()}, FRAMES)
    assert residual_db(sum(files.values()), mix.astype(np.float64)) < -120  # type: ignore[arg-type]


def test_each_stem_has_its_strip_and_its_groups_eq_and_gain(tmp_path: Path) -> None:
    audio = session()
    write_stems(write(tmp_path, audio), console(), sample_rate=RATE, output=tmp_path / "stems.zip")
    alone = replace(console(), strips=console().strips[:1])
    expected = before_the_master({"Kick.wav": audio["Kick.wav"]}, alone)
    assert residual_db(unpacked(tmp_path / "stems.zip")["01 Kick.wav"], expected) < -120


@pytest.mark.usefixtures("readable")
def test_a_compressed_group_gives_each_stem_the_gain_curve_of_their_sum(tmp_path: Path) -> None:
    audio, parameters = session(), console(compressed=True)
    write_stems(write(tmp_path, audio), parameters, sample_rate=RATE, output=tmp_path / "stems.zip")
    files = unpacked(tmp_path / "stems.zip")
    expected = before_the_master(audio, parameters)
    assert residual_db(sum(files.values()), expected) < -120  # type: ignore[arg-type]
    uncompressed = before_the_master(audio, console())
    assert residual_db(expected, uncompressed) > -20
    # The kick's own curve would be another one: alone, it is less loud.
    alone = before_the_master({"Kick.wav": audio["Kick.wav"]}, replace(parameters, strips=parameters.strips[:1]))
    assert residual_db(files["01 Kick.wav"], alone) > -40


def test_where_the_stems_of_a_compressed_group_cancel_each_keeps_the_gain_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing comes out of the sum there, and so no curve; yet somebody who mutes the other stem hears this one."""
    monkeypatch.setattr(stems, "BLOCK_FRAMES", 4_096)
    one = noise(1, 9_000, seed=5, level=0.5)
    other = np.concatenate((noise(1, 3_000, seed=6, level=0.5), -one[:, 3_000:]), axis=1)
    strips = tuple(Strip(stem=name, group="drums") for name in ("One", "Other"))
    bus = GroupBus(compressor=Compressor(on=True, threshold_db=-30.0, ratio=4.0, attack_ms=5.0, release_ms=50.0))
    sources = write(tmp_path, {"One": one, "Other": other})

    parameters = ConsoleParameters(strips=strips, groups=Groups(drums=bus))
    write_stems(sources, parameters, sample_rate=RATE, output=tmp_path / "stems.zip")

    files = unpacked(tmp_path / "stems.zip")
    heard = np.abs(one[0]) > 0.01
    gains = (files["01 One.wav"][0] / np.where(heard, one[0], 1.0))[3_000:][heard[3_000:]]
    assert gains == pytest.approx(gains[0], rel=1e-5)
    assert 0.05 < gains[0] < 0.5
    assert np.abs(files["01 One.wav"] + files["02 Other.wav"])[:, 3_000:].max() < 1e-6


@pytest.mark.usefixtures("readable")
def test_reverb_and_delay_come_back_as_files_of_their_own(tmp_path: Path) -> None:
    audio, parameters = session(), console(compressed=True, sent=True)
    report = write_stems(write(tmp_path, audio), parameters, sample_rate=RATE, output=tmp_path / "stems.zip")
    assert report.files[-2:] == ("05 Reverb return.wav", "06 Delay return.wav")
    files = unpacked(tmp_path / "stems.zip")
    assert residual_db(sum(files.values()), before_the_master(audio, parameters)) < -120  # type: ignore[arg-type]
    whole = {name: np.pad(sound, ((0, 0), (0, FRAMES - sound.shape[1]))) for name, sound in audio.items()}
    sent = sum(
        10 ** (-9 / 20) * reference.strip_output(whole[strip.stem], strip, RATE) for strip in parameters.strips[1:3]
    )
    expected = 10 ** (-3 / 20) * reference.reverb.process_reference(sent, parameters.reverb, RATE)  # type: ignore[arg-type]
    assert residual_db(files["05 Reverb return.wav"], expected) < -110


@pytest.mark.usefixtures("readable")
def test_an_effect_that_does_not_come_back_has_no_file(tmp_path: Path) -> None:
    parameters = replace(console(sent=True), reverb=Reverb(return_db=-90.0))
    report = write_stems(write(tmp_path, session()), parameters, sample_rate=RATE, output=tmp_path / "stems.zip")
    assert [name for name in report.files if "return" in name] == ["05 Delay return.wav"]


def test_what_is_not_heard_is_left_out_and_named(tmp_path: Path) -> None:
    strips = console().strips
    parameters = replace(console(), strips=(replace(strips[0], mute=True), *strips[1:3], replace(strips[3], solo=True)))
    audio = session()
    report = write_stems(write(tmp_path, audio), parameters, sample_rate=RATE, output=tmp_path / "stems.zip")
    assert report.files == ("01 Pad.wav",)
    assert report.left_out == ("Kick.wav", "Snare.wav", "Vox.flac")
    pad = unpacked(tmp_path / "stems.zip")["01 Pad.wav"]
    assert residual_db(pad, before_the_master(audio, parameters)) < -120


def test_the_same_mix_is_the_same_bytes(tmp_path: Path) -> None:
    sources = write(tmp_path, session())
    hashes = set()
    for name in ("a.zip", "b.zip"):
        write_stems(sources, console(), sample_rate=RATE, output=tmp_path / name)
        hashes.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(hashes) == 1


def test_a_mix_in_which_nothing_is_heard_is_refused(tmp_path: Path) -> None:
    parameters = ConsoleParameters(strips=tuple(replace(strip, mute=True) for strip in console().strips))
    with pytest.raises(MixFailed) as refused:
        write_stems(write(tmp_path, session()), parameters, sample_rate=RATE, output=tmp_path / "stems.zip")
    assert refused.value.code == "nothing_heard"


def test_a_stem_of_another_rate_is_refused_by_name(tmp_path: Path) -> None:
    sources = write(tmp_path, session(), rate=48_000)
    with pytest.raises(MixFailed) as refused:
        write_stems(sources, console(), sample_rate=RATE, output=tmp_path / "stems.zip")
    assert (refused.value.code, refused.value.field) == ("stem_form", "Kick.wav")


def test_a_cancelled_export_leaves_nothing(tmp_path: Path) -> None:
    sources = write(tmp_path, session())
    before = sorted(tmp_path.iterdir())
    with pytest.raises(Cancelled):
        write_stems(sources, console(), sample_rate=RATE, output=tmp_path / "stems.zip", cancelled=lambda: True)
    assert sorted(tmp_path.iterdir()) == before


def test_memory_does_not_grow_with_the_song(tmp_path: Path) -> None:
    def peak_bytes(seconds: int) -> int:
        audio = {"Kick.wav": np.tile(noise(2, RATE, level=0.1), seconds)}
        sources = write(tmp_path, audio)
        del audio
        parameters = replace(console(), strips=console().strips[:1])
        tracemalloc.start()
        write_stems(sources, parameters, sample_rate=RATE, output=tmp_path / "stems.zip")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    peak_bytes(2)
    assert peak_bytes(20) < 1.05 * peak_bytes(4)
