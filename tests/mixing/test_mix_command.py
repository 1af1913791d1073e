"""``manage.py mix`` on folders of stems, from the command line's words to the bytes of the mix."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyloudnorm
import pytest
import soundfile as sf
from django.core.management import CommandError, call_command

from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.export.dawproject import read_dawproject
from mixing.engine.export.session import read_session
from mixing.engine.mixers.registry import all_mixers, mixer, sha256
from tests.mixing.engine.real_songs import real_songs

REPOSITORY = Path(__file__).resolve().parents[2]
RATE = 44_100
SECONDS = 3


def tone(freq_hz: float, level: float, rate: int = RATE, channels: int = 1) -> np.ndarray:
    wave = level * np.sin(2 * np.pi * freq_hz * np.arange(SECONDS * rate) / rate)
    return np.repeat(wave[:, None], channels, axis=1)


def noise(level: float, rate: int = RATE) -> np.ndarray:
    return np.random.default_rng(1).uniform(-level, level, (SECONDS * rate, 2))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three stems: a bass, a lead an octave of level apart from it, and a stereo noise at another rate."""
    folder = tmp_path / "song"
    folder.mkdir()
    sf.write(folder / "Bass DI.wav", tone(110.0, 0.5), RATE, subtype="PCM_16")
    sf.write(folder / "Lead Vox.flac", tone(880.0, 0.05), RATE, subtype="PCM_24")
    sf.write(folder / "Noise.ogg", noise(0.2, 48_000), 48_000)
    return folder


def mix(*arguments: Any, **streams: io.StringIO) -> str:
    out = streams.get("out") or io.StringIO()
    call_command("mix", *map(str, arguments), stdout=out, stderr=streams.get("err") or io.StringIO())
    return out.getvalue()


def refusal(*arguments: Any) -> str:
    with pytest.raises(CommandError) as caught:
        mix(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def loudness_of(path: Path) -> float:
    samples, rate = sf.read(path)
    return float(pyloudnorm.Meter(rate).integrated_loudness(samples))


ONE_OF_EACH_FAMILY = list({each.family: each.key for each in reversed(all_mixers())}.values())


@pytest.mark.parametrize("key", ONE_OF_EACH_FAMILY)
def test_every_family_reaches_the_target_in_a_24_bit_stereo_file(folder: Path, tmp_path: Path, key: str) -> None:
    reference = tmp_path / "reference.wav"
    sf.write(reference, noise(0.2), RATE, subtype="PCM_24")
    mix(folder, "--mixer", key, "--output", tmp_path / "mix.wav", "--target-lufs", "-20", "--reference", reference)
    written = sf.info(tmp_path / "mix.wav")
    assert (written.samplerate, written.channels, written.subtype) == (RATE, 2, "PCM_24")
    assert written.frames == SECONDS * RATE
    assert loudness_of(tmp_path / "mix.wav") == pytest.approx(-20.0, abs=0.1)


def test_the_report_says_loudness_peak_gain_and_what_held_it(folder: Path, tmp_path: Path) -> None:
    said = mix(folder, "--mixer", "equal-loudness", "--output", tmp_path / "mix.wav", "--target-lufs", "-20")
    assert "3 stems mixed by Equal loudness" in said
    assert "Loudness   -20.0 LUFS (target -20.0 LUFS)" in said
    assert "0:03, 44100 Hz, 24 bit" in said
    assert "up to the target loudness" in said
    said = mix(folder, "--mixer", "faders-up", "--output", tmp_path / "mix.wav", "--target-lufs", "-5")
    assert "True peak  -1.0 dBTP (ceiling -1.0 dBTP)" in said
    assert "held by the true-peak ceiling" in said
    assert "short of the target" in said


def test_a_checkpoint_is_named_by_its_hash_which_plays_it_again(folder: Path, tmp_path: Path) -> None:
    known = sha256(mixer("console-net"))
    first, again = tmp_path / "first.wav", tmp_path / "again.wav"
    assert f"mixed by Console net (checkpoint {known})" in mix(folder, "--mixer", "console-net", "--output", first)
    mix(folder, "--mixer", known, "--output", again)
    assert first.read_bytes() == again.read_bytes()


def test_the_session_file_says_whose_song_it_is_and_which_version_mixed_it(folder: Path, tmp_path: Path) -> None:
    words = {"title": "Night", "artist": "Ann", "licence": "CC0-1.0", "stems": [{"file": "Bass DI.wav"}]}
    (folder / "song.json").write_text(json.dumps(words))
    session = tmp_path / "session.json"
    mix(folder, "--mixer", "rough-mix", "--output", tmp_path / "mix.wav", "--export", session)
    said = json.loads(session.read_text())
    assert [said[key] for key in ("title", "artist", "licence")] == ["Night", "Ann", "CC0-1.0"]
    assert (said["mixer"], said["mixer_version"]) == ("Rough mix", mixer("rough-mix").version)


def test_saved_parameters_render_the_same_bytes_without_a_mixer(folder: Path, tmp_path: Path) -> None:
    first, again, saved = tmp_path / "first.wav", tmp_path / "again.wav", tmp_path / "console.json"
    mix(folder, "--mixer", "rough-mix", "--output", first, "--parameters", saved)
    console = ConsoleParameters.from_dict(json.loads(saved.read_text()))
    assert [strip.stem for strip in console.strips] == ["Bass DI.wav", "Lead Vox.flac", "Noise.ogg"]
    mix(folder, "--from-parameters", saved, "--output", again, "--parameters", tmp_path / "copy.json")
    assert first.read_bytes() == again.read_bytes()
    assert saved.read_bytes() == (tmp_path / "copy.json").read_bytes()


def test_a_knob_changed_by_hand_is_heard(folder: Path, tmp_path: Path) -> None:
    saved, output = tmp_path / "console.json", tmp_path / "mix.wav"
    mix(folder, "--mixer", "faders-up", "--output", output, "--parameters", saved)
    console = json.loads(saved.read_text())
    console["strips"][1]["mute"] = console["strips"][2]["mute"] = True
    console["strips"][0]["pan"] = -1.0
    console["master"]["target_lufs"] = None
    saved.write_text(json.dumps(console))
    said = mix(folder, "--from-parameters", saved, "--output", output)
    samples, _ = sf.read(output)
    # Hard left at constant power a mono stem of peak 0.5 keeps its level there, and the right is silent.
    assert np.abs(samples[:, 0]).max() == pytest.approx(0.5, abs=1e-3)
    assert np.abs(samples[:, 1]).max() == 0.0
    assert "since no target is set" in said


def test_flac_holds_the_same_samples_as_wav(folder: Path, tmp_path: Path) -> None:
    for name in ("mix.wav", "mix.FLAC"):
        mix(folder, "--mixer", "rough-mix", "--output", tmp_path / name)
    assert sf.info(tmp_path / "mix.FLAC").format == "FLAC"
    assert sf.info(tmp_path / "mix.FLAC").subtype == "PCM_24"
    wav, flac = (sf.read(tmp_path / name, dtype="int32")[0] for name in ("mix.wav", "mix.FLAC"))
    assert np.array_equal(wav, flac)


def test_a_reference_gives_the_target_and_a_wish_stands_above_it(folder: Path, tmp_path: Path) -> None:
    reference, output = tmp_path / "reference.wav", tmp_path / "mix.wav"
    sf.write(reference, tone(1_000.0, 0.05, channels=2), RATE)
    # A sine of peak 0.05 on both channels: 20 lg 0.05 - 3.01 + 3.01 - 0.69 + 0.69 (K at 1 kHz) = -26.0 LUFS.
    mix(folder, "--mixer", "equal-loudness", "--output", output, "--reference", reference)
    assert loudness_of(output) == pytest.approx(-26.0, abs=0.15)
    mix(folder, "--mixer", "equal-loudness", "--output", output, "--reference", reference, "--target-lufs", "-30")
    assert loudness_of(output) == pytest.approx(-30.0, abs=0.1)


def test_an_intent_moves_stems_and_keeps_locks(folder: Path, tmp_path: Path) -> None:
    wishes, saved = tmp_path / "intent.json", tmp_path / "console.json"
    wishes.write_text(
        json.dumps(
            {
                "target_lufs": -25,
                "stems": {"Noise.ogg": {"presence": "background"}, "Bass DI.wav": {"pan": 0.25}},
                "locks": {"strips.Lead Vox.flac.fader_db": -6.5},
            }
        )
    )
    mix(
        folder, "--mixer", "equal-loudness", "--output", tmp_path / "mix.wav", "--intent", wishes, "--parameters", saved
    )
    bass, lead, hiss = ConsoleParameters.from_dict(json.loads(saved.read_text())).strips
    assert (bass.fader_db, bass.pan) == (0.0, 0.25)
    assert lead.fader_db == -6.5
    assert hiss.fader_db == -4.0
    assert loudness_of(tmp_path / "mix.wav") == pytest.approx(-25.0, abs=0.1)


def test_the_stems_are_those_of_the_song_file(folder: Path, tmp_path: Path) -> None:
    (folder / "song.json").write_text('{"stems": [{"file": "Lead Vox.flac", "role": "woodwind"}]}')
    said = mix(folder, "--mixer", "rough-mix", "--output", tmp_path / "mix.wav", "--parameters", tmp_path / "p.json")
    assert "1 stem mixed by Rough mix" in said
    (strip,) = json.loads((tmp_path / "p.json").read_text())["strips"]
    assert (strip["stem"], strip["group"]) == ("Lead Vox.flac", "music")


def test_silence_is_mixed_to_silence(tmp_path: Path) -> None:
    folder = tmp_path / "song"
    folder.mkdir()
    sf.write(folder / "a.wav", np.zeros((RATE, 2)), RATE)
    said = mix(folder, "--mixer", "rough-mix", "--output", tmp_path / "mix.wav")
    assert "Loudness   silent" in said
    assert "nothing sounds" in said
    assert not sf.read(tmp_path / "mix.wav")[0].any()


def test_progress_names_stages_and_percent_on_stderr(folder: Path, tmp_path: Path) -> None:
    err = io.StringIO()
    mix(folder, "--mixer", "rough-mix", "--output", tmp_path / "mix.flac", err=err)
    lines = err.getvalue().splitlines()
    for stage in ("Listening to the stems", "Mixing", "Encoding"):
        percents = [int(line.split()[-2]) for line in lines if line.startswith(stage)]
        assert percents == sorted(percents)
        assert percents[-1] == 100


def test_progress_moves_on_one_line_of_a_terminal(folder: Path, tmp_path: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    err = Terminal()
    mix(folder, "--mixer", "faders-up", "--output", tmp_path / "mix.wav", err=err)
    assert err.getvalue().count("\n") == 2  # one line a stage
    assert "\rMixing" in err.getvalue()
    assert "100 %" in err.getvalue()


# ---- refusals: one line each, and nothing left behind ----------------------------------------------------------------


def test_wrong_words_on_the_command_line_are_told_in_one_line(folder: Path, tmp_path: Path) -> None:
    output = ("--output", tmp_path / "mix.wav")
    assert "There is no folder" in refusal(tmp_path / "nowhere", "--mixer", "rough-mix", *output)
    assert "--from-parameters" in refusal(folder, *output)
    assert "no mixer called 'magic'" in refusal(folder, "--mixer", "magic", *output)
    assert "takes a number" in refusal(folder, "--mixer", "rough-mix", *output, "--target-lufs", "loud")
    assert "-40 to -5" in refusal(folder, "--mixer", "rough-mix", *output, "--target-lufs", "0")
    assert "-40 to -5" in refusal(folder, "--mixer", "rough-mix", *output, "--target-lufs", "nan")
    assert "No such file" in refusal(folder, "--mixer", "rough-mix", *output, "--intent", tmp_path / "none.json")
    assert "none.wav" in refusal(folder, "--mixer", "rough-mix", *output, "--reference", tmp_path / "none.wav")
    for key in ("reference-net", "search"):
        assert "name one with --reference" in refusal(folder, "--mixer", key, *output)
    sf.write(tmp_path / "silence.wav", np.zeros(RATE), RATE)
    assert "is silent" in refusal(folder, "--mixer", "rough-mix", *output, "--reference", tmp_path / "silence.wav")
    assert not (tmp_path / "mix.wav").exists()


def test_outputs_that_cannot_be_or_would_destroy_a_stem_are_refused(folder: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    by = ("--mixer", "rough-mix")
    assert ".wav nor .flac" in refusal(folder, *by, "--output", tmp_path / "mix.mp3")
    assert "make it first" in refusal(folder, *by, "--output", tmp_path / "none" / "mix.wav")
    assert "is a folder" in refusal(folder, *by, "--output", tmp_path / "mix.wav", "--parameters", tmp_path)
    assert "overwritten" in refusal(folder, *by, "--output", folder / "Bass DI.wav")
    assert "overwritten" in refusal(folder, *by, "--output", folder / ".." / "song" / "Lead Vox.flac")
    one = tmp_path / "one.wav"
    assert "one file" in refusal(folder, *by, "--output", one, "--parameters", one)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_broken_stem_is_named_and_leaves_an_older_mix_alone(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mix.wav").write_bytes(b"older")
    (folder / "Snare.wav").write_bytes(b"RIFF but not really")
    assert "Snare.wav" in refusal(folder, "--mixer", "rough-mix", "--output", tmp_path / "mix.wav")
    assert (tmp_path / "mix.wav").read_bytes() == b"older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mix.wav", "song"]


def test_parameters_of_other_stems_are_refused_with_both_sides_named(folder: Path, tmp_path: Path) -> None:
    saved, output = tmp_path / "p.json", tmp_path / "mix.wav"
    saved.write_text(json.dumps({"strips": [{"stem": "Bass DI.wav"}, {"stem": "Horn.wav"}]}))
    said = refusal(folder, "--from-parameters", saved, "--output", output)
    assert "Lead Vox.flac, Noise.ogg" in said
    assert "Horn.wav" in said


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "must be an object"),
        ('{"strips": [{"stem": "Bass DI.wav", "volume": 1}]}', "strips.Bass DI.wav.volume"),
        ('{"strips": [{"stem": "Bass DI.wav", "pan": NaN}]}', "strips.Bass DI.wav.pan"),
        ('{"strips": [{"stem": "Bass DI.wav", "compressor": {"ratio": 99}}]}', "strips.Bass DI.wav.compressor.ratio"),
    ],
)
def test_a_parameter_file_that_cannot_be_rendered_is_told(folder: Path, tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "p.json").write_text(text)
    said = refusal(folder, "--from-parameters", tmp_path / "p.json", "--output", tmp_path / "mix.wav")
    assert word in said
    assert said.startswith(str(tmp_path / "p.json"))


def test_wishes_that_cannot_be_read_are_told_with_their_file(folder: Path, tmp_path: Path) -> None:
    wishes = tmp_path / "wishes.json"
    wishes.write_text('{"presence": {}}')
    said = refusal(folder, "--mixer", "faders-up", "--intent", wishes, "--output", tmp_path / "mix.wav")
    assert said.startswith(f"{wishes}: intent has no 'presence'")


def test_a_folder_that_is_closed_to_the_writer_is_told_before_any_work(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write everywhere, so the answer of the system is given here.
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != tmp_path)
    said = refusal(folder, "--mixer", "faders-up", "--output", tmp_path / "mix.wav")
    assert said == f"You may not write in {tmp_path}; name another folder for mix.wav."


def test_a_saved_console_takes_no_wishes(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text("{}")
    said = refusal(
        folder, "--from-parameters", tmp_path / "p.json", "--output", tmp_path / "mix.wav", "--target-lufs", "-10"
    )
    assert "leave out --target-lufs" in said


def test_what_the_mixer_cannot_do_is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "intent.json").write_text('{"style": "dub"}')
    said = refusal(
        folder, "--mixer", "rough-mix", "--output", tmp_path / "mix.wav", "--intent", tmp_path / "intent.json"
    )
    assert "no style 'dub'; choose one of open, dense, dark, wide" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["intent.json", "song"]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, sign: signal.Signals) -> None:
    folder, out = tmp_path / "song", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    sf.write(folder / "a.wav", np.random.default_rng(1).uniform(-0.1, 0.1, (60 * RATE, 2)), RATE, subtype="PCM_16")
    for name in "bcdefgh":
        os.link(folder / "a.wav", folder / f"{name}.wav")
    # Whoever runs the tests in a shell's background hands on that interrupts are ignored.
    heeded = ["env", "--default-signal=INT"]
    with subprocess.Popen(
        [*heeded, sys.executable, "manage.py", "mix", folder, "--mixer", "rough-mix", "--output", out / "mix.wav"],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert "Listening" in process.stderr.readline()
        assert any(out.iterdir())
        process.send_signal(sign)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "CommandError: Stopped; no mix was written."
    assert list(out.iterdir()) == []


@pytest.mark.real_audio
@pytest.mark.parametrize("key", ["rough-mix", "console-net"])
def test_a_real_song_is_mixed(tmp_path: Path, key: str) -> None:
    smallest = min(real_songs(), key=lambda song: sum(path.stat().st_size for path in song.iterdir()))
    mix(smallest, "--mixer", key, "--output", tmp_path / "mix.wav", "--target-lufs", "-23")
    assert loudness_of(tmp_path / "mix.wav") == pytest.approx(-23.0, abs=0.1)


def test_it_exports_stems_a_project_a_session_and_an_mp3_of_the_same_mix(folder: Path, tmp_path: Path) -> None:
    wanted = [tmp_path / name for name in ("stems.zip", "song.dawproject", "session.json", "mix.mp3")]
    flags = [part for path in wanted for part in ("--export", path)]
    mix(folder, "--mixer", "rough-mix", "--output", tmp_path / "mix.wav", "--parameters", tmp_path / "p.json", *flags)
    console = ConsoleParameters.from_dict(json.loads((tmp_path / "p.json").read_text()))
    session = read_session((tmp_path / "session.json").read_text())
    assert session.parameters == console
    assert (session.mixer, [stem.name for stem in session.stems]) == ("Rough mix", [s.stem for s in console.strips])
    assert read_dawproject(tmp_path / "song.dawproject").parameters == console
    with zipfile.ZipFile(tmp_path / "stems.zip") as archive:
        assert len(archive.namelist()) == 3
    assert sf.info(tmp_path / "mix.mp3").frames == sf.info(tmp_path / "mix.wav").frames


def test_an_export_is_refused_before_any_work_where_it_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    start = (folder, "--mixer", "rough-mix", "--output", tmp_path / "mix.wav", "--export")
    assert "mix.aac is no export" in refusal(*start, tmp_path / "mix.aac")
    assert "no folder called" in refusal(*start, tmp_path / "nowhere" / "stems.zip")
    assert "cannot be one file" in refusal(*start, tmp_path / "a.zip", "--export", tmp_path / "a.zip")
    assert not (tmp_path / "mix.wav").exists()
