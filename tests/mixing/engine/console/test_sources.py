"""Stems from files: what belongs together, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from mixing.engine.console.parameters import ConsoleParameters, Strip
from mixing.engine.console.sources import Stems, StemSource, refuse_mismatch
from mixing.engine.errors import MixFailed
from tests.mixing.engine.console.sessions import RATE, noise, write


def console(*names: str) -> ConsoleParameters:
    return ConsoleParameters(strips=tuple(Strip(stem=name) for name in names))


def sources(*names: str) -> list[StemSource]:
    return [StemSource(name, Path(f"{name}.wav")) for name in names]


@pytest.mark.parametrize(
    ("stems", "strips", "code", "field"),
    [
        ((), (), "empty_session", None),
        (("Kick", "Bass", "Kick"), ("Kick", "Bass"), "duplicate_stem", "Kick"),
        (("Kick", "Bass"), ("Kick",), "stem_without_strip", "Bass"),
        (("Kick",), ("Kick", "Bass"), "strip_without_stem", "Bass"),
    ],
)
def test_stems_and_strips_must_belong_together(
    stems: tuple[str, ...], strips: tuple[str, ...], code: str, field: str | None
) -> None:
    with pytest.raises(MixFailed) as failure:
        refuse_mismatch(sources(*stems), console(*strips))

    assert (failure.value.code, failure.value.field) == (code, field)


def test_stems_may_come_in_another_order_than_strips() -> None:
    refuse_mismatch(sources("Bass", "Kick"), console("Kick", "Bass"))


@pytest.mark.parametrize(("subtype", "sample_bytes"), [("PCM_16", 2), ("PCM_24", 3), ("FLOAT", 4)])
def test_the_stored_bytes_of_a_stretch_come_as_they_are_and_silence_behind_the_end(
    tmp_path: Path, subtype: str, sample_bytes: int
) -> None:
    short, long = noise(1, 700, seed=1), noise(2, 1_000, seed=2)
    files = write(tmp_path, {"short": short, "long": long}, subtype=subtype)
    row = np.full(20_000, 255, np.uint8)

    with Stems(files, sample_rate=RATE) as stems:
        assert stems.frames == 1_000
        assert stems.channels == {"short": 1, "long": 2}
        assert stems.sample_bytes == {"short": sample_bytes, "long": sample_bytes}
        stems.read_into(row, "short", 600, 300)
        kept = files[0].path.read_bytes()[-100 * sample_bytes :]
        assert row[: 100 * sample_bytes].tobytes() == kept
        assert not row[100 * sample_bytes : 300 * sample_bytes + 64].any()
        stems.read_into(row, "long", 0, 1_000)
        assert row[: 2_000 * sample_bytes].tobytes() == files[1].path.read_bytes()[-2_000 * sample_bytes :]
        stems.read_into(row, "short", 900, 100)
        assert not row[: 100 * sample_bytes].any()


@pytest.mark.parametrize(
    ("channels", "rate", "code", "words"),
    [(1, 48_000, "stem_rate", "48000"), (2, 192_000, "stem_rate", "192000"), (8, RATE, "stem_channels", "8 channels")],
)
def test_a_file_that_is_not_canonical_is_refused_by_its_name(
    tmp_path: Path, channels: int, rate: int, code: str, words: str
) -> None:
    files = write(tmp_path, {"Good": noise(1, 100)}) + write(tmp_path, {"Odd": noise(channels, 100)}, rate=rate)

    with pytest.raises(MixFailed) as failure:
        Stems(files, sample_rate=RATE)

    assert (failure.value.code, failure.value.field) == (code, "Odd")
    assert "Odd" in failure.value.message
    assert words in failure.value.message


@pytest.mark.parametrize("content", [None, b"", b"this is no sound"])
def test_a_file_that_is_missing_or_no_sound_is_refused_by_its_name(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "gone.wav"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(MixFailed) as failure:
        Stems([StemSource("Gone", path)], sample_rate=RATE)

    assert (failure.value.code, failure.value.field) == ("unreadable_stem", "Gone")


def test_a_file_that_breaks_off_while_it_is_read_is_refused_by_its_name(tmp_path: Path) -> None:
    files = write(tmp_path, {"Cut": noise(2, 100_000)})
    row = np.zeros(1 << 20, np.uint8)

    with Stems(files, sample_rate=RATE) as stems:
        stems.read_into(row, "Cut", 0, 1_000)
        with files[0].path.open("r+b") as file:
            file.truncate(50_000)
        with pytest.raises(MixFailed) as failure:
            stems.read_into(row, "Cut", 1_000, 90_000)

    assert (failure.value.code, failure.value.field) == ("unreadable_stem", "Cut")


def test_a_session_of_empty_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MixFailed) as failure:
        Stems(write(tmp_path, {"a": noise(1, 0), "b": noise(2, 0)}), sample_rate=RATE)

    assert failure.value.code == "no_frames"
