"""Who meets whom, and who stands on which side."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def draw_sides(contenders: Sequence[T], *, below: Callable[[int], int] = secrets.randbelow) -> tuple[T, T]:
    """Draw two different contenders, every pair as likely as any other, and toss a fair coin for the sides.

    The coin is a draw of its own and knows nothing of the pair, so that nothing about a contender, not even its
    place in the list, tells where it stands.

    Parameters
    ----------
    contenders : Sequence[T]
        At least two.
    below : Callable[[int], int]
        Draws a whole number from 0 to below its argument, all equally likely.

    Returns
    -------
    tuple[T, T]
        Side A and side B.

    Raises
    ------
    ValueError
        If there are fewer than two contenders.
    """
    count = len(contenders)
    if count < 2:
        raise ValueError(f"A battle needs two contenders; there are {count}.")
    first = below(count)
    second = below(count - 1)
    if second >= first:
        second += 1
    low, high = sorted((first, second))
    if below(2):
        low, high = high, low
    return contenders[low], contenders[high]
