"""How long listening to a stem takes, beside merely decoding its file.

    .venv/bin/python -m benchmarks.analysis_speed [--runs 7] [--json [FILE]]

Three stems of three minutes at 44.1 kHz, 24 bit and stereo: a dense one and one of single hits, both from the project's
own generator, and white noise, which is the worst case of the true-peak meter. The *floor* decodes the same file with
soundfile to float32, block by block. Both stand in one process and take turns; what counts is processor seconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from mixing.engine.audio.analysis import Analyser
from mixing.engine.generator.song import generate

SECONDS = 180
SAMPLE_RATE = 44_100
BLOCK_FRAMES = 16_384


def stems() -> dict[str, NDArray[np.float32]]:
    """By name, float32 of shape ``(2, samples)``."""
    song = generate(14, sample_rate=SAMPLE_RATE)
    by_role = {stem.role: stem.audio for stem in song.stems}
    dense = next(by_role[role] for role in ("pad", "synth", "keys", "piano") if role in by_role)
    noise = np.random.default_rng(1).standard_normal((2, SECONDS * SAMPLE_RATE)) * 0.1
    return {
        "dense": _three_minutes(dense),
        "hits": _three_minutes(by_role["kick"]),
        "noise": np.clip(noise, -1.0, 1.0).astype(np.float32),
    }


def measure(path: Path, runs: int) -> dict[str, float]:
    """Medians of processor seconds, and of their ratio pair by pair."""
    _listen(path)
    pairs = [(_cpu_s(lambda: _listen(path)), _cpu_s(lambda: _decode(path))) for _ in range(runs)]
    decoding = statistics.median(pair[1] for pair in pairs)
    analysis = statistics.median(_analyse(path) for _ in range(runs))
    return {
        "analysis_cpu_s": round(analysis, 4),
        "decode_and_analysis_cpu_s": round(statistics.median(pair[0] for pair in pairs), 4),
        "floor_cpu_s": round(decoding, 4),
        "ratio_to_floor": round(statistics.median(pair[0] / pair[1] for pair in pairs), 2),
    }


def _three_minutes(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    stereo = np.concatenate((audio, audio))[:2] if audio.shape[0] == 1 else audio
    return np.tile(stereo, 1 + SECONDS * SAMPLE_RATE // stereo.shape[1])[:, : SECONDS * SAMPLE_RATE]


def _blocks(path: Path) -> list[NDArray[np.float32]]:
    return [np.ascontiguousarray(block.T) for block in sf.blocks(path, BLOCK_FRAMES, dtype="float32", always_2d=True)]


def _analyse(path: Path) -> float:
    """Processor seconds of the analysis alone, of blocks that are decoded already."""
    blocks = _blocks(path)
    start = time.process_time()
    analyser = Analyser(SAMPLE_RATE, blocks[0].shape[0])
    for block in blocks:
        analyser.push(block)
    analyser.finish()
    analyser.mel_windows()
    return time.process_time() - start


def _listen(path: Path) -> None:
    analyser = Analyser(SAMPLE_RATE, 2)
    for block in sf.blocks(path, BLOCK_FRAMES, dtype="float32", always_2d=True):
        analyser.push(np.ascontiguousarray(block.T))
    analyser.finish()
    analyser.mel_windows()


def _decode(path: Path) -> None:
    for _ in sf.blocks(path, BLOCK_FRAMES, dtype="float32", always_2d=True):
        pass


def _cpu_s(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    options = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, audio in stems().items():
            path = Path(folder) / f"{name}.wav"
            sf.write(path, audio.T, SAMPLE_RATE, subtype="PCM_24")
            found[name] = measure(path, options.runs)
    text = json.dumps({"seconds": SECONDS, "runs": options.runs, "stems": found}, indent=1)
    if options.json in (None, "-"):
        sys.stdout.write(text + "\n")
    else:
        Path(options.json).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
