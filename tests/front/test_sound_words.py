"""The numbers of the pages in words."""

from __future__ import annotations

import pytest

from mixing.templatetags import sound


@pytest.mark.parametrize(("seconds", "words"), [(187.4, "3:07"), (None, "0:00"), (59.9, "0:59"), (3725, "1:02:05")])
def test_a_time_is_minutes_and_seconds(seconds: float | None, words: str) -> None:
    assert sound.clock(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"), [(-14.13, "−14.1"), (0.0, "0.0"), (-0.02, "0.0"), (None, "–"), (3.0, "3.0")]
)
def test_a_level_has_a_true_minus(value: float | None, words: str) -> None:
    assert sound.level(value) == words


@pytest.mark.parametrize(("value", "words"), [(1.64, "+1.6"), (-2.0, "−2.0"), (0.01, "0.0")])
def test_a_change_has_its_sign(value: float, words: str) -> None:
    assert sound.change(value) == words


@pytest.mark.parametrize(
    ("lufs", "words"),
    [
        (-8.0, "very loud"),
        (-11.0, "loud, as for a club"),
        (-14.0, "fits streaming"),
        (-16.9, "a little quiet for streaming"),
        (-23.0, "quiet, with room for mastering"),
        (None, "there is nothing to hear"),
    ],
)
def test_a_loudness_is_told_with_its_meaning(lufs: float | None, words: str) -> None:
    assert sound.loudness_meaning(lufs) == words


def test_roles_read_as_musicians_write_them() -> None:
    assert [sound.role_word(role) for role in ("lead_vocal", "fx", "hihat")] == ["Lead vocal", "FX", "Hi-hat"]
