"""The page reads what the engine writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from mixing.engine.audio.peaks import PeakBuilder, reduced
from tests.front.node import run


def _pyramid(samples: np.ndarray) -> bytes:
    builder = PeakBuilder(44_100, samples.shape[0])
    builder.push(samples.astype(np.float32))
    return builder.to_bytes()


def _session(tmp_path: Path, data: bytes, script: str) -> str:
    (tmp_path / "peaks.bin").write_bytes(data)
    head = """
import { readFileSync } from "node:fs";
import { columns, highest, levelFor, parsePeaks } from "./peaks.js";
const file = readFileSync("peaks.bin");
const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
"""
    return run(head + script, tmp_path)


def test_it_reads_the_levels_that_the_engine_wrote(tmp_path: Path) -> None:
    ramp = np.linspace(-0.5, 0.5, 400_000)[np.newaxis, :]
    told = json.loads(
        _session(
            tmp_path,
            _pyramid(ramp),
            """
const pyramid = parsePeaks(buffer);
console.log(JSON.stringify({rate: pyramid.sampleRate, frames: pyramid.frames,
  levels: pyramid.levels.map((level) => [level.samplesPerBin, level.bins]),
  first: pyramid.levels[0].min[0], last: pyramid.levels[0].max[pyramid.levels[0].bins - 1], top: highest(pyramid)}));
""",
        )
    )
    # 400,000 samples are 1,563 bins of 256, then 391 of 1,024.
    assert told == {
        "rate": 44_100,
        "frames": 400_000,
        "levels": [[256, 1563], [1024, 391]],
        "first": -64,
        "last": 64,
        "top": 64 / 127,
    }


def test_a_column_holds_the_extremes_the_rms_and_the_clipping_of_its_samples(tmp_path: Path) -> None:
    # Four columns of 25,600 samples: silence, a square of 0.5, a clipped moment, silence.
    samples = np.zeros((1, 102_400))
    samples[0, 25_600:51_200] = np.where(np.arange(25_600) % 2, 0.5, -0.5)
    samples[0, 60_000] = 1.0
    _session(
        tmp_path,
        _pyramid(samples),
        """
const pyramid = parsePeaks(buffer);
const got = columns(pyramid, 0, pyramid.frames, 4);
assert.deepEqual([...got.clipped], [0, 0, 1, 0]);
assert.equal(got.max[0], 0);
assert.ok(Math.abs(got.max[1] - 64 / 127) < 1e-6 && Math.abs(got.min[1] + 64 / 127) < 1e-6);
assert.ok(Math.abs(got.rms[1] - 0.5) < 0.005);
assert.equal(got.max[2], 1);
assert.equal(got.rms[3], 0);
""",
    )


def test_it_takes_the_coarsest_level_that_blurs_nothing(tmp_path: Path) -> None:
    _session(
        tmp_path,
        _pyramid(np.zeros((1, 4_000_000))),
        """
const pyramid = parsePeaks(buffer);
assert.deepEqual(pyramid.levels.map((level) => level.samplesPerBin), [256, 1024, 4096, 16384]);
assert.equal(levelFor(pyramid, 100).samplesPerBin, 256);
assert.equal(levelFor(pyramid, 1024).samplesPerBin, 1024);
assert.equal(levelFor(pyramid, 5000).samplesPerBin, 4096);
""",
    )


def test_it_refuses_bytes_that_are_no_peaks_or_are_cut_off(tmp_path: Path) -> None:
    _session(
        tmp_path,
        _pyramid(np.zeros((1, 1000))),
        """
assert.throws(() => parsePeaks(new ArrayBuffer(64)), /no peaks/);
assert.throws(() => parsePeaks(buffer.slice(0, buffer.byteLength - 1)), /cut off/);
""",
    )


def test_it_reads_peaks_that_were_reduced_for_the_first_page(tmp_path: Path) -> None:
    data = reduced(_pyramid(np.full((1, 4_000_000), 0.5)), most_bins=2048)
    _session(
        tmp_path,
        data,
        """
const pyramid = parsePeaks(buffer);
assert.deepEqual(pyramid.levels.map((level) => level.samplesPerBin), [4096, 16384]);
assert.equal(pyramid.frames, 4000000);
""",
    )
