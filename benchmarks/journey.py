"""From a click on "Mix" to a mix that plays: a 3-minute song of eight stereo stems on a real site with real workers.

    .venv/bin/python -m benchmarks.journey [--runs 3] [--json FILE]

In the same run stands a floor: the same files decoded, summed and written as one 24-bit WAV with soundfile and
numpy, in one thread.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from tests.live import Client, live_site, wait_for

SAMPLE_RATE = 44_100
DURATION_S = 180
NAMES = ("Kick", "Snare", "Hats", "Bass", "Keys", "Pad", "Lead Vox", "FX")


def write_stems(folder: Path) -> list[Path]:
    """Eight 24-bit stereo stems of pulsed noise, each with its own level, tilt and rhythm."""
    files = []
    frames = DURATION_S * SAMPLE_RATE
    time_s = np.arange(frames) / SAMPLE_RATE
    for index, name in enumerate(NAMES):
        noise = np.random.default_rng(index).normal(0, 1, (frames, 2))
        pulse = np.exp(-((time_s * (1 + index / 3)) % 1) * 6)[:, None]
        path = folder / f"{name}.wav"
        sf.write(path, noise * pulse * 10 ** (-(16 + 2 * index) / 20), SAMPLE_RATE, subtype="PCM_24")
        files.append(path)
    return files


def floor_s(files: list[Path], out: Path) -> float:
    """Seconds to decode, sum and write."""
    start = time.perf_counter()
    total = sf.read(files[0], dtype="float32")[0]
    for file in files[1:]:
        total += sf.read(file, dtype="float32")[0]
    sf.write(out, total, SAMPLE_RATE, subtype="PCM_24")
    return time.perf_counter() - start


def mix_once(client: Client, song: str, mixer: str) -> tuple[float, float]:
    """Seconds from the click to a mix that plays, and to the end of the job."""
    start = time.perf_counter()
    mix = client.ask("POST", "/api/v1/mixes/", {"song": song, "mixer": mixer})
    wait_for(lambda: client.job(mix["job"]["uuid"])["target"]["ready"], timeout_s=120, every_s=0.05)
    playable = time.perf_counter() - start
    assert client.finished(mix["job"]["uuid"])["state"] == "done"
    return playable, time.perf_counter() - start


def measure(runs: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        files = write_stems(folder)
        with live_site(folder / "site", AIMIXER_DEMO="no") as site:
            client = site.client()
            song = client.ask("POST", "/api/v1/songs/", {"title": "Three minutes"})["uuid"]
            start = time.perf_counter()
            jobs = [client.upload(song, file) for file in files]
            uploaded = time.perf_counter() - start
            for job in jobs:
                assert client.finished(job, timeout_s=300)["state"] == "done"
            checked = time.perf_counter() - start
            rows = [(mix_once(client, song, "rough-mix"), floor_s(files, folder / "floor.wav")) for _ in range(runs)]
    playable = statistics.median(row[0][0] for row in rows)
    floor = statistics.median(row[1] for row in rows)
    return {
        "stems": len(files), "duration_s": DURATION_S, "runs": runs,
        "upload_s": round(uploaded, 2), "upload_and_check_s": round(checked, 2),
        "click_to_playable_s": round(playable, 2),
        "click_to_done_s": round(statistics.median(row[0][1] for row in rows), 2),
        "floor_s": round(floor, 2), "ratio_to_floor": round(playable / floor, 2),
    }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = measure(options.runs)
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
