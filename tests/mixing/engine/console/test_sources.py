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


def test_a_short_stem_ends_in_silence_and_the_longest_gives_the_length(tmp_path: Path) -> None:
    short, long = noise(1, 700, seed=1), noise(2, 1_000, seed=2)

    with Stems(write(tmp_path, {"short": short, "long": long}), sample_rate=RATE) as stems:
        assert stems.frames == 1_000
        assert stems.channels == {"short": 1, "long": 2}
        first, second, third = (stems.read("short", frames).copy() for frames in (600, 300, 100))
        assert np.array_equal(np.hstack([first, second, third]), np.pad(short, ((0, 0), (0, 300))))
        assert np.array_equal(stems.read("long", 1_000), long)


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

    with Stems(files, sample_rate=RATE) as stems:
        stems.read("Cut", 1_000)
        with files[0].path.open("r+b") as file:
            file.truncate(50_000)
        with pytest.raises(MixFailed) as failure:
            stems.read("Cut", 90_000)

    assert (failure.value.code, failure.value.field) == ("unreadable_stem", "Cut")


def test_a_session_of_empty_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MixFailed) as failure:
        Stems(write(tmp_path, {"a": noise(1, 0), "b": noise(2, 0)}), sample_rate=RATE)

    assert failure.value.code == "no_frames"
