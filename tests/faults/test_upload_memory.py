"""A large upload passes through the web process and does not stay in it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psutil
import pytest
import soundfile as sf

from tests.live import LiveSite

pytestmark = pytest.mark.faults

UPLOAD_BYTES = 200_000_000
WARM_UP_BYTES = 12_000_000


def write_silence(path: Path, size: int) -> Path:
    with sf.SoundFile(path, "w", samplerate=44_100, channels=2, subtype="PCM_16") as out:
        out.seek(0)
        for _ in range(size // 400_000):
            out.buffer_write(b"\x01\x00" * 200_000, dtype="int16")
    return path


def peak_rss_bytes(process: psutil.Process, stop: threading.Event) -> int:
    peak = 0
    while not stop.is_set():
        peak = max(peak, process.memory_info().rss)
        time.sleep(0.005)
    return peak


def test_an_upload_of_200_mb_grows_the_web_process_by_at_most_20_mb(site: LiveSite, tmp_path: Path) -> None:
    client = site.client("large@example.org")
    song = client.ask("POST", "/api/v1/songs/", {"title": "Large"})["uuid"]
    client.upload(song, write_silence(tmp_path / "warm.wav", WARM_UP_BYTES))
    (web,) = site.workers("aimixer_site.ops.server")
    before = web.memory_info().rss
    stop, peaks = threading.Event(), []
    watcher = threading.Thread(target=lambda: peaks.append(peak_rss_bytes(web, stop)))
    watcher.start()

    job = client.upload(song, write_silence(tmp_path / "large.wav", UPLOAD_BYTES))

    stop.set()
    watcher.join()
    grown_mb = (peaks[0] - before) / 1e6
    print(f"web process grew by {grown_mb:.1f} MB")  # noqa: T201 - the figure is part of the record
    assert grown_mb <= 20
    assert client.finished(job, timeout_s=180)["state"] == "done"
