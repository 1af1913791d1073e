"""Other people's tools at the same task, where they are installed; see ``benchmarks/requirements.txt``."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from benchmarks.mix_session import COMPRESSOR, SAMPLE_RATE, SIX_BANDS

Peer = Callable[[Sequence[Path], Path], None]


def installed() -> dict[str, Peer]:
    """What can be measured here, by its name."""
    peers = {"pedalboard": pedalboard_chain, "matchering": matchering_master}
    return {name: peer for name, peer in peers.items() if importlib.util.find_spec(name)}


def pedalboard_chain(paths: Sequence[Path], output: Path) -> None:
    """The console's path with pedalboard's own effects; its limiter is no true-peak limiter, its loudness is none."""
    import pedalboard as pb

    groups: list[Any] = [0.0] * 4
    sends: Any = 0.0
    for index, path in enumerate(paths):
        audio = _strip(pb)(sf.read(path, dtype="float32")[0].T, SAMPLE_RATE)
        groups[index % 4] = groups[index % 4] + audio
        sends = sends + 0.15 * audio
    total = sum(_strip(pb)(group, SAMPLE_RATE) for group in groups if isinstance(group, np.ndarray))
    total = total + pb.Pedalboard([pb.Reverb(wet_level=1.0, dry_level=0.0)])(sends, SAMPLE_RATE)
    total = total + pb.Pedalboard([pb.Delay(0.375, feedback=0.35, mix=1.0)])(sends, SAMPLE_RATE)
    mixed: NDArray[np.float32] = pb.Pedalboard([*_strip(pb), pb.Limiter(threshold_db=-1.0)])(total, SAMPLE_RATE)
    sf.write(output, mixed.T, SAMPLE_RATE, subtype="PCM_24")


def matchering_master(paths: Sequence[Path], output: Path) -> None:
    """Summing, and matchering's mastering of the sum towards a reference: the first stem. It mixes nothing."""
    import matchering as mg

    total = sum(sf.read(path, dtype="float32")[0] for path in paths)
    summed = output.with_name("sum.wav")
    sf.write(summed, 0.1 * total, SAMPLE_RATE, subtype="PCM_24")
    config = mg.Config(internal_sample_rate=SAMPLE_RATE)
    mg.process(str(summed), str(paths[0]), [mg.pcm24(str(output))], config=config)


def _strip(pb: Any) -> Any:
    eq = SIX_BANDS
    peaks = [pb.PeakFilter(peak.freq_hz, peak.gain_db, peak.q) for peak in (eq.peak_1, eq.peak_2, eq.peak_3)]
    return pb.Pedalboard(
        [
            pb.HighpassFilter(eq.high_pass.freq_hz),
            pb.LowShelfFilter(eq.low_shelf.freq_hz, eq.low_shelf.gain_db),
            *peaks,
            pb.HighShelfFilter(eq.high_shelf.freq_hz, eq.high_shelf.gain_db),
            pb.Compressor(COMPRESSOR.threshold_db, COMPRESSOR.ratio, COMPRESSOR.attack_ms, COMPRESSOR.release_ms),
            pb.Gain(-6.0),
        ]
    )
