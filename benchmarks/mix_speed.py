"""How long a mix takes, beside merely summing the files, and how much memory.

    .venv/bin/python -m benchmarks.mix_speed [--runs 7] [--json [FILE]] [--quick]

Every effect of the console is on: six bands and a compressor on each strip, group and the master, two sends, reverb,
delay, loudness, limiter; from 24-bit files to a finished 24-bit WAV with its peaks and its hash. The *floor* decodes
the same files with soundfile to float32, sums them with numpy and writes a 24-bit WAV, in one thread. Both stand in
one process and take turns, and what counts is the ratio of each pair: for one thread that of processor seconds, which
other work on the machine does not stretch, for two threads that of the clock.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import soundfile as sf

from benchmarks import peers
from benchmarks.mix_session import SAMPLE_RATE, full_console, write_stems
from mixing.engine.audio.encode import wav_to_mp3
from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.console.renderer import RenderReport, render, render_span, warm
from mixing.engine.console.sources import StemSource

SECONDS = 180


def floor(paths: Sequence[Path], output: Path) -> None:
    """The same files decoded, summed and written, one after the other."""
    total = None
    for path in paths:
        audio, _ = sf.read(path, dtype="float32")
        if total is None:
            total = audio
        else:
            total += audio
    sf.write(output, total, SAMPLE_RATE, subtype="PCM_24")


class Session:
    """Stems and a console, mixed as often as one likes."""

    def __init__(self, folder: Path, paths: Sequence[Path]) -> None:
        self.paths = paths
        self.output = folder / "mix.wav"
        self.sources = [StemSource(str(index), path) for index, path in enumerate(paths)]
        self.console = full_console([source.name for source in self.sources])

    def mix(self, threads: int, console: ConsoleParameters | None = None) -> RenderReport:
        chosen = console or self.console
        return render(self.sources, chosen, sample_rate=SAMPLE_RATE, output=self.output, threads=threads)

    def floor(self) -> None:
        floor(self.paths, self.output.with_name("floor.wav"))


def taken(work: Callable[[], object]) -> dict[str, float]:
    """Seconds of the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def take_turns(runs: int, works: dict[str, Callable[[], object]]) -> dict[str, list[dict[str, float]]]:
    """Each work in turn, ``runs`` times, after one round that does not count."""
    for work in works.values():
        work()
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            rows[name].append(taken(work))
    return rows


def paired(rows: dict[str, list[dict[str, float]]], name: str, beside: str, measure: str) -> float:
    """The median of the ratios of pairs."""
    pairs = zip(rows[name], rows[beside], strict=True)
    return statistics.median(mine[measure] / other[measure] for mine, other in pairs)


def medians(rows: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    return {
        name: {measure: round(statistics.median(row[measure] for row in taken_rows), 4) for measure in taken_rows[0]}
        for name, taken_rows in rows.items()
    }


def measure_speed(folder: Path, runs: int) -> dict[str, Any]:
    """The eight stems: floor, one thread, two, a fader moved, ten seconds from the playhead."""
    session = Session(folder, write_stems(folder, 8, SECONDS))
    gain_db = session.mix(1).gain_db
    moved = session.console.with_values({"strips.3.fader_db": -4.0})

    def span() -> None:
        render_span(session.sources, moved, sample_rate=SAMPLE_RATE, start_s=90.0, duration_s=10.0, gain_db=gain_db)

    rows = take_turns(
        runs,
        {
            "floor": session.floor,
            "one thread": lambda: session.mix(1),
            "two threads": lambda: session.mix(2),
            "one thread, a fader moved": lambda: session.mix(1, moved),
            "10 s from the playhead": span,
            "preview": lambda: wav_to_mp3(session.output, folder / "preview.mp3", quality="preview"),
        },
    )
    found: dict[str, Any] = {
        "ratio_to_floor": paired(rows, "one thread", "floor", "cpu_s"),
        "ratio_to_floor_wall": paired(rows, "one thread", "floor", "wall_s"),
        "ratio_to_floor_2": paired(rows, "two threads", "floor", "wall_s"),
        "ratio_rerender": paired(rows, "one thread, a fader moved", "floor", "cpu_s"),
        "ratio_preview": paired(rows, "preview", "floor", "cpu_s"),
        "rerender_10s_cpu_s": statistics.median(row["cpu_s"] for row in rows["10 s from the playhead"]),
        "seconds": medians(rows),
    }
    found["speedup_over"] = speedups(session, statistics.median(row["cpu_s"] for row in rows["one thread"]))
    return found


def speedups(session: Session, mix_cpu_s: float) -> dict[str, float]:
    """How many times faster than each peer that is installed, in processor seconds; two runs of a peer are enough."""
    output = session.output.with_name("peer.wav")
    return {
        name: min(taken(lambda work=work: work(session.paths, output))["cpu_s"] for _ in range(2)) / mix_cpu_s
        for name, work in peers.installed().items()
    }


def measure_sparse(folder: Path, runs: int) -> float:
    """Stems that are silent for seven tenths of their time, as real ones are."""
    session = Session(folder, write_stems(folder, 8, SECONDS, silent_share=0.7))
    rows = take_turns(runs, {"floor": session.floor, "mix": lambda: session.mix(1)})
    return paired(rows, "mix", "floor", "cpu_s")


def measure_counts(folder: Path, runs: int) -> dict[str, float]:
    """Ratios for other numbers of stems."""
    ratios = {}
    for count in (2, 32):
        place = folder / str(count)
        place.mkdir()
        session = Session(place, write_stems(place, count, SECONDS // 3))
        rows = take_turns(runs, {"floor": session.floor, "mix": lambda session=session: session.mix(1)})
        ratios[str(count)] = paired(rows, "mix", "floor", "cpu_s")
    return ratios


def measure_memory(minutes: int) -> float:
    """The peak of a fresh process that mixes eight stems of so many minutes, in MB; all eight are one file."""
    command = [sys.executable, "-m", "benchmarks.mix_speed", "--memory", str(minutes)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def peak_of_this_process(minutes: int) -> float:
    """Mix once, and read the largest resident size from the system."""
    warm()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write_stems(folder, 1, 60 * minutes)[0]
        session = Session(folder, [path] * 8)
        # Without a target the mix is mastered once, however long it is.
        session.mix(2, replace(session.console, master=replace(session.console.master, target_lufs=None)))
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", nargs="?", const="-", type=str, help="a file, or nothing for the screen")
    parser.add_argument("--quick", action="store_true", help="leave out the 60 minutes")
    parser.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        print(peak_of_this_process(options.memory))
        return
    warm()
    with tempfile.TemporaryDirectory() as name:
        folders = {part: Path(name) / part for part in ("dense", "sparse", "counts")}
        for folder in folders.values():
            folder.mkdir()
        found = measure_speed(folders["dense"], options.runs)
        found["ratio_to_floor_sparse"] = measure_sparse(folders["sparse"], options.runs)
        found["ratio_to_floor_by_stems"] = measure_counts(folders["counts"], min(3, options.runs))
    found["peak_rss_mb"] = measure_memory(3)
    if not options.quick:
        found["peak_rss_mb_60min"] = measure_memory(60)
    features = llvm.get_host_cpu_features()
    found |= {
        "runs": options.runs,
        "cpu": f"{platform.machine()} {llvm.get_host_cpu_name()}",
        "isa": next((isa for isa in ("avx512f", "avx2", "neon") if features.get(isa)), "other"),
        "numpy": np.__version__,
    }
    text = json.dumps(found, indent=2)
    if options.json not in (None, "-"):
        Path(options.json).write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
