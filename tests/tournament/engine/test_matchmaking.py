import itertools
from collections import Counter

import pytest
from scipy.stats import chisquare

from tournament.engine.matchmaking import draw_sides


def test_every_pair_and_every_side_comes_equally_often():
    draws = Counter(draw_sides("wxyz") for _ in range(24_000))
    expected = list(itertools.permutations("wxyz", 2))
    assert set(draws) == set(expected)
    # One run in a million fails by chance; a coin of 52 % fails nearly always.
    assert chisquare([draws[pair] for pair in expected]).pvalue > 1e-6


def test_the_chi_square_sees_a_coin_that_is_slightly_bent():
    flips = itertools.cycle([0] * 13 + [1] * 12)

    def bent(count):
        return next(flips) if count == 2 else draw(count)

    counters = {4: itertools.cycle(range(4)), 3: itertools.cycle([0] * 4 + [1] * 4 + [2] * 4)}

    def draw(count):
        return next(counters[count])

    first = Counter(draw_sides("wxyz", below=bent) for _ in range(24_000))
    heads = sum(count for (a, b), count in first.items() if a < b)
    assert chisquare([heads, 24_000 - heads]).pvalue < 1e-6


def test_the_coin_alone_decides_the_side():
    draws = iter([2, 0, 0])
    assert draw_sides("wxyz", below=lambda _count: next(draws)) == ("w", "y")
    draws = iter([2, 0, 1])
    assert draw_sides("wxyz", below=lambda _count: next(draws)) == ("y", "w")


def test_the_coin_is_tossed_last_and_knows_two_faces():
    asked = []
    draw_sides("wxyz", below=lambda count: asked.append(count) or 0)
    assert asked == [4, 3, 2]


@pytest.mark.parametrize("contenders", ["", "x"])
def test_a_battle_needs_two(contenders):
    with pytest.raises(ValueError, match="two contenders"):
        draw_sides(contenders)
