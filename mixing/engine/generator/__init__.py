"""A procedural multitrack generator: the demo song, and songs with a known balance for tests and training."""

from mixing.engine.generator.song import (
    DEMO_DURATION_S,
    DEMO_SEED,
    GeneratedSong,
    GeneratedStem,
    generate,
    write,
)

__all__ = ["DEMO_DURATION_S", "DEMO_SEED", "GeneratedSong", "GeneratedStem", "generate", "write"]
