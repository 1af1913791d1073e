"""What fewer bits save and change: ``python -m benchmarks.quantisation [--json FILE] [--models DIR]``.

Every learned mixer of ``models/`` as float32, float16 and int8: size, load time, latency for eight stems, and the
largest difference of any level, band, pan, width, compression and send to float32, over made-up sessions that are asked
for nothing, for the dense style and for the wide one, in decibels and beside what is just noticed (1 dB, 0.1 of pan and
width). Fewer bits ship where nobody hears them and they save a megabyte or a tenth of the time. Nothing in ``models/``
is touched.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

from mixing.engine.mixers.precision import Precision
from mixing.engine.mixers.reference_net import FAMILY
from mixing.engine.mixers.registry import MODELS
from mixing.engine.training.made_up import references, sessions
from mixing.engine.training.quantize import Row, default_of, measure, write_variant
from mixing.engine.training.retrain import FAMILIES

PRECISIONS: tuple[Precision, ...] = ("float32", "float16", "int8")
SESSIONS = 16


def measured(models: Path, key: str) -> dict[str, Row]:
    """All precisions of one mixer, written beside a copy of it."""
    played = sessions(SESSIONS), references(SESSIONS)
    with tempfile.TemporaryDirectory() as folder:
        copies = Path(folder)
        for suffix in (".json", ".safetensors"):
            shutil.copy(models / f"{key}{suffix}", copies)
        for precision in PRECISIONS[1:]:
            write_variant(copies, key, precision)
        return {precision: measure(copies, key, precision, *played) for precision in PRECISIONS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--models", type=Path, default=MODELS, metavar="DIR")
    options = parser.parse_args()
    tables = {
        key: measured(options.models, key) for key in (*FAMILIES, FAMILY) if (options.models / f"{key}.json").exists()
    }
    for key, rows in tables.items():
        print(f"{key}: ships as {default_of(rows)}")
        for precision, row in rows.items():
            print(
                f"  {precision:8} {row.bytes:>8} bytes  load {row.load_ms:6.1f} ms  predict {row.latency_ms:6.1f} ms  "
                f"level {row.level_db:.3f} dB  band {row.eq_db:.3f} dB  pan {row.pan:.4f}  width {row.width:.4f}  "
                f"compression {row.reduction_db:.3f} dB  send {row.send_db:.3f} dB  "
                f"just noticed {row.just_noticed:.3f}"
            )
    if options.json:
        report = {
            key: {"default": default_of(rows), "rows": {name: row.to_dict() for name, row in rows.items()}}
            for key, rows in tables.items()
        }
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
