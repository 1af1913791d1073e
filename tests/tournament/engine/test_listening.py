"""What counts as heard."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournament.engine.listening import (
    GRACE_S,
    Heard,
    ListeningError,
    checked_ranges,
    heard_more,
    intersection,
    length,
    missing,
    union,
)

RANGES = st.lists(st.tuples(st.floats(0, 24), st.floats(0, 24)).map(lambda pair: tuple(sorted(pair))), max_size=8)


def test_reports_add_up_and_overlaps_count_once_as_ground_and_twice_as_time() -> None:
    first = heard_more(Heard(), [(0.0, 3.0)], [], 0, elapsed_s=3.0, open_s=9.0)
    second = heard_more(first, [(2.0, 4.0)], [(1.0, 2.0)], 1, elapsed_s=3.0, open_s=9.0)

    assert second.a == ((0.0, 4.0),)
    assert second.a_s == pytest.approx(5.0)
    assert second.b == ((1.0, 2.0),)
    assert second.switches == 1
    assert second.common_s == pytest.approx(1.0)


def test_nobody_hears_more_than_has_passed() -> None:
    heard = heard_more(Heard(), [(0.0, 24.0)], [(0.0, 24.0)], 0, elapsed_s=4.0, open_s=9.0)

    assert heard.a_s == pytest.approx(4.0 + GRACE_S)
    assert heard.b_s == 0.0


def test_a_clock_that_ran_backwards_gives_only_the_grace() -> None:
    assert heard_more(Heard(), [(0.0, 24.0)], [], 0, elapsed_s=-50.0, open_s=0.0).a_s == pytest.approx(GRACE_S)


def test_many_small_reports_do_not_add_up_to_more_than_has_passed() -> None:
    heard = Heard()
    for _ in range(50):
        heard = heard_more(heard, [(0.0, 24.0)], [(0.0, 24.0)], 9, elapsed_s=0.0, open_s=2.0)

    assert heard.a_s + heard.b_s == pytest.approx(2.0 + GRACE_S)


def test_switches_that_no_hand_makes_are_cut() -> None:
    assert heard_more(Heard(), [], [], 10_000, elapsed_s=1.0, open_s=9.0).switches == 8
    assert heard_more(Heard(), [], [], -5, elapsed_s=1.0, open_s=9.0).switches == 0


@pytest.mark.parametrize(
    ("heard", "lacks"),
    [
        (Heard(), "a"),
        (Heard(a=((0, 6),), a_s=6), "b"),
        (Heard(a=((0, 6),), a_s=6, b=((0, 6),), b_s=6), "switch"),
        (Heard(a=((0, 6),), a_s=6, b=((10, 16),), b_s=6, switches=1), "common"),
        (Heard(a=((0, 6),), a_s=6, b=((3, 9),), b_s=6, switches=1), None),
    ],
)
def test_it_says_what_a_vote_still_lacks(heard: Heard, lacks: str | None) -> None:
    found = missing(heard, 24.0)

    assert (found and found[0]) == lacks


def test_a_clip_of_two_seconds_can_be_judged() -> None:
    heard = Heard(a=((0, 2),), a_s=2, b=((0, 2),), b_s=2, switches=1)

    assert missing(heard, 2.0) is None


@pytest.mark.parametrize(
    "data",
    [
        None,
        "x",
        {},
        [1],
        [[1]],
        [[1, 2, 3]],
        [["a", 2]],
        [[1, math.nan]],
        [[True, 2]],
        [[0, 1]] * 201,
        [[0, math.inf]],
        [[0, 10**400]],
    ],
)
def test_what_no_player_sends_is_refused_by_field(data: object) -> None:
    with pytest.raises(ListeningError) as caught:
        checked_ranges("a", data, 24.0)

    assert caught.value.field == "a"


def test_ranges_are_clipped_to_the_clip_and_empty_ones_left_out() -> None:
    assert checked_ranges("a", [[-3, 5], [20, 99], [4, 4], [7, 6]], 24.0) == ((0.0, 5.0), (20.0, 24.0))


@given(RANGES)
def test_a_union_is_sorted_apart_and_never_longer(ranges: list[tuple[float, float]]) -> None:
    merged = union(ranges)

    assert all(one[1] < other[0] for one, other in itertools.pairwise(merged))
    assert length(merged) <= length(ranges) + 1e-9
    assert union(merged) == merged


@given(RANGES, RANGES)
def test_what_is_common_lies_in_both(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> None:
    first, second = union(one), union(other)
    common = intersection(first, second)

    assert length(common) <= min(length(first), length(second)) + 1e-9
    assert length(common) == pytest.approx(length(first) + length(second) - length(union((*first, *second))), abs=1e-6)


@given(RANGES, st.floats(0, 30))
def test_no_report_grants_more_time_than_there_was(ranges: list[tuple[float, float]], elapsed: float) -> None:
    heard = heard_more(Heard(), ranges, ranges, 0, elapsed_s=elapsed, open_s=elapsed)

    assert heard.a_s + heard.b_s <= elapsed + GRACE_S + 1e-6
