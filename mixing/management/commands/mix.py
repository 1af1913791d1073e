"""``manage.py mix``: a folder of stems becomes a mix, without server, database or queue."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.errors import EngineError
from mixing.engine.folder_mix import (
    Console,
    FolderMix,
    as_saved,
    by_mixer,
    measured_reference,
    mix_folder,
    refuse_outputs,
)
from mixing.engine.mixers.interface import Intent, Mixer
from mixing.engine.mixers.registry import all_mixers, mixer, sha256
from mixing.engine.session_folder import read_session_folder

STOPPED = 130
"""The exit status of a program that was interrupted."""


class Command(BaseCommand):
    help = "Mix a folder of stems into one WAV (24 bit) or FLAC file, and say what was measured on it."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        keys = ", ".join(each.key for each in all_mixers())
        parser.add_argument("folder", metavar="DIR", type=Path, help="Stems, and perhaps a song.json that lists them.")
        parser.add_argument("--mixer", metavar="KEY", help=f"Who sets the console: {keys}; or a checkpoint's sha256.")
        parser.add_argument("--output", metavar="FILE", type=Path, required=True, help="The mix: a .wav or .flac file.")
        parser.add_argument("--parameters", metavar="FILE", type=Path, help="Write the console that was used, as JSON.")
        parser.add_argument(
            "--export",
            metavar="FILE",
            type=Path,
            action="append",
            default=[],
            help="Also write this, by its extension: .zip (processed stems), .dawproject, .json (session) or .mp3; "
            "may be given several times.",
        )
        parser.add_argument("--from-parameters", metavar="FILE", type=Path, help="Render exactly this saved console.")
        parser.add_argument("--target-lufs", metavar="LUFS", help="Loudness of the mix, -40 to -5; -14 unless said.")
        parser.add_argument(
            "--reference",
            metavar="FILE",
            type=Path,
            help="A mix to take the target loudness from, and for some mixers the sound.",
        )
        parser.add_argument("--intent", metavar="FILE", type=Path, help="Wishes as JSON: presence, pan, locks, target.")

    def handle(self, *args: Any, **options: Any) -> None:
        bar = ProgressBar(self.stderr)
        try:
            with _termination_as_interrupt():
                mixed, by = _mix(options, bar)
        except EngineError as error:
            raise CommandError(_one_line(error.message)) from None
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise CommandError(_one_line(f"{where}{error.strerror or error}.")) from None
        except KeyboardInterrupt:
            raise CommandError("Stopped; no mix was written.", returncode=STOPPED) from None
        finally:
            bar.close()
        self.stdout.write(summary(mixed, by=by, output=options["output"]))


def _mix(options: dict[str, Any], bar: ProgressBar) -> tuple[FolderMix, str]:
    """What the options ask for, and who set the console."""
    folder = read_session_folder(options["folder"])
    # Before the reference is measured, which may take a while; mixing asks again.
    _refuse_closed_folders(options["output"], options["parameters"], *options["export"])
    inputs = [options[name] for name in ("reference", "intent") if options[name] is not None]
    refuse_outputs(folder, options["output"], options["parameters"], inputs=inputs, exports=options["export"])
    if options["from_parameters"] is not None:
        with _naming(options["from_parameters"]):
            saved = _saved_console(options)
            console = as_saved(saved, folder)
        by, version, rate = f"the console in {options['from_parameters']}", "", saved.sample_rate
        told = by
    else:
        chosen = _chosen(options)
        console, rate = _listening_console(chosen, options, bar), None
        by, version, told = chosen.title, chosen.version, _named(chosen)
    mixed = mix_folder(
        folder,
        options["output"],
        console=console,
        sample_rate=rate,
        parameters_output=options["parameters"],
        exports=options["export"],
        mixed_by=by,
        mixer_version=version,
        tell=bar.tell,
    )
    return mixed, told


def _saved_console(options: dict[str, Any]) -> ConsoleParameters:
    for name in ("target_lufs", "reference", "intent"):
        if options[name] is not None:
            flag = name.replace("_", "-")
            raise CommandError(f"--from-parameters renders that file exactly as it is; leave out --{flag}.")
    return ConsoleParameters.from_dict(_json(options["from_parameters"]))


def _chosen(options: dict[str, Any]) -> Mixer:
    if options["mixer"] is None:
        keys = ", ".join(each.key for each in all_mixers())
        raise CommandError(f"Say who mixes with --mixer ({keys}), or which console with --from-parameters.")
    chosen = mixer(options["mixer"])
    if getattr(chosen, "needs_reference", False) and options["reference"] is None:
        raise CommandError(f"{chosen.title} makes stems sound like another recording: name one with --reference.")
    return chosen


def _listening_console(chosen: Mixer, options: dict[str, Any], bar: ProgressBar) -> Console:
    intent = Intent()
    if options["intent"] is not None:
        with _naming(options["intent"]):
            intent = Intent.from_dict(_json(options["intent"]))
    if options["target_lufs"] is not None:
        intent = dataclasses.replace(intent, target_lufs=_number("--target-lufs", options["target_lufs"]))
    if options["reference"] is not None:
        intent = dataclasses.replace(intent, reference=measured_reference(options["reference"], bar.tell))
    return by_mixer(chosen, intent)


def _named(chosen: Mixer) -> str:
    """Who mixes, and which checkpoint where there is one: its hash finds it again with --mixer."""
    checkpoint = sha256(chosen)
    return chosen.title if checkpoint is None else f"{chosen.title} (checkpoint {checkpoint})"


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise CommandError(_one_line(f"{path} is not JSON: {error}.")) from None


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """What is wrong inside of a file is told with the file's name."""
    try:
        yield
    except EngineError as error:
        raise CommandError(_one_line(f"{path}: {error.message}")) from None


def _refuse_closed_folders(*outputs: Path | None) -> None:
    for path in outputs:
        if path is not None and path.parent.is_dir() and not os.access(path.parent, os.W_OK | os.X_OK):
            raise CommandError(f"You may not write in {path.parent}; name another folder for {path.name}.")


def _number(flag: str, text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        raise CommandError(f"{flag} takes a number, not {text!r}.") from None


def _one_line(text: str) -> str:
    return " ".join(text.split())


@contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """A polite kill unwinds like Ctrl-C, so that temporary files go as well; only a main thread may ask for that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


# ---- what a person reads ---------------------------------------------------------------------------------------------


class ProgressBar:
    """Stage and percent on stderr: one line that moves on a terminal, a line each quarter elsewhere."""

    WIDTH = 30

    def __init__(self, stderr: OutputWrapper) -> None:
        self._stderr = stderr
        self._moving = stderr.isatty()
        self._shown: tuple[str, int] | None = None

    def tell(self, stage: str, done: float) -> None:
        """Show a stage and how much of it is done, 0 to 1."""
        percent = int(100 * done)
        step = percent if self._moving else percent // 25 * 25
        if self._shown == (stage, step):
            return
        if self._moving:
            self._end_line_unless(stage)
            filled = round(self.WIDTH * done)
            bar = "█" * filled + "░" * (self.WIDTH - filled)
            self._write(f"\r{stage:<24} {bar} {percent:3d} %")
        else:
            self._write(f"{stage}: {step} %\n")
        self._shown = (stage, step)

    def close(self) -> None:
        """End the line that moves."""
        if self._moving:
            self._end_line_unless("")
        self._shown = None

    def _end_line_unless(self, stage: str) -> None:
        if self._shown is not None and self._shown[0] != stage:
            self._write("\n")

    def _write(self, text: str) -> None:
        self._stderr.write(text, style_func=str, ending="")
        self._stderr.flush()


def summary(mixed: FolderMix, *, by: str, output: Path) -> str:
    """A few lines: what was mixed, how loud it is, how far it peaks, and what held the gain."""
    report, master = mixed.report, mixed.parameters.master
    count = len(mixed.session.stems)
    minutes, seconds = divmod(round(report.duration_s), 60)
    target = "none set" if report.target_lufs is None else f"{report.target_lufs:.1f} LUFS"
    return "\n".join(
        (
            f"{output}: {count} stem{'s' if count != 1 else ''} mixed by {by}",
            f"  Length     {minutes}:{seconds:02d}, {report.sample_rate} Hz, 24 bit",
            f"  Loudness   {_level(report.loudness_lufs, 'LUFS')} (target {target})",
            f"  True peak  {_level(report.true_peak_dbtp, 'dBTP')} (ceiling {master.ceiling_dbtp:.1f} dBTP)",
            f"  Gain       {report.gain_db:+.1f} dB, {_held(mixed)}",
        )
    )


def _level(value: float | None, unit: str) -> str:
    return "silent" if value is None else f"{value:.1f} {unit}"


def _held(mixed: FolderMix) -> str:
    report = mixed.report
    if report.held_by == "target":
        return "up to the target loudness"
    if report.held_by == "ceiling":
        short = (report.target_lufs or 0.0) - (report.loudness_lufs or 0.0)
        return f"held by the true-peak ceiling, {short:.1f} LU short of the target"
    if report.loudness_lufs is None:
        return "nothing sounds"
    return "since no target is set"
