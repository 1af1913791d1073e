"""Sentences about what songs allow to conclude follow from the numbers."""

from __future__ import annotations

from mixing.engine.training.conclusions import conclusions

ARTISTS = [f"maker {number}" for number in range(10)]
NO_VOCALS = [False] * 10


def errors(*levels: float) -> list[dict[str, float]]:
    return [{"level_lu": level, "eq_db": 1.8, "pan": 0.4} for level in levels]


BASE = errors(2.0, 3.0, 4.0, 5.0, 6.0, 2.5, 3.5, 4.5, 5.5, 6.5)


def sentences(levels: list[float], artists: list[str] = ARTISTS) -> list[str]:
    return conclusions({"equal-loudness": BASE, "rough-mix": errors(*levels)}, artists, NO_VOCALS)


def test_a_difference_on_every_song_is_called_better() -> None:
    lower = [each["level_lu"] - 0.512 - 0.01 * place for place, each in enumerate(BASE)]
    told = " ".join(sentences(lower))
    # The mean of 0.512, 0.522 to 0.602 is 0.557.
    assert "rough-mix is better than equal-loudness in level: -0.56 LU [" in told
    assert "equal-loudness is" not in told


def test_a_difference_that_wavers_is_left_open_with_the_songs_that_it_would_take() -> None:
    signs = [1.0, -1.0] * 5
    told = " ".join(sentences([each["level_lu"] + sign for each, sign in zip(BASE, signs, strict=True)]))
    # Differences of ±1 have a deviation of 1.054: 2.8016 · 1.054 / √10, and (2.8016 · 1.054 / 0.3)².
    assert "rough-mix and equal-loudness cannot be told apart in level: +0.00 LU" in told
    assert "would show a true difference of 0.93 LU, and 0.3 LU would take 97 songs" in told


def test_a_decision_that_is_the_same_is_said_to_be() -> None:
    assert "rough-mix sets EQ as equal-loudness does." in sentences([each["level_lu"] for each in BASE])
    nearly = sentences([each["level_lu"] + 0.009 for each in BASE])
    assert "rough-mix sets level as equal-loudness does." in nearly


def test_songs_of_one_maker_are_said_to_be_weak_evidence() -> None:
    template = ["one"] * 6 + ["two", "three", "four", "five"]
    # The six songs of one maker all gain, the others all lose a little.
    levels = [each["level_lu"] - (1.0 if place < 6 else -0.2) for place, each in enumerate(BASE)]
    told = sentences(levels, template)
    assert "6 of them by one" in told[0]
    assert any("Drawn by maker the interval reaches zero" in sentence for sentence in told)


def test_three_songs_carry_no_conclusion() -> None:
    few = {"equal-loudness": BASE[:3], "rough-mix": BASE[:3]}
    told = conclusions(few, ARTISTS[:3], [True, False, False])
    assert told[0].startswith("3 songs by 3 makers; 1 with vocals")
    assert "examples, not for a result" in told[1]
    assert len(told) == 2


def test_a_difference_that_these_songs_would_show_is_not_asked_more_songs_for() -> None:
    signs = [0.1, -0.1] * 5
    told = " ".join(sentences([each["level_lu"] + sign for each, sign in zip(BASE, signs, strict=True)]))
    # 2.8016 · 0.1054 / √10
    assert "would show a true difference of 0.09 LU, and a smaller one stays open" in told
    assert "-0.00" not in told
