"""Two stages of work on one block after another, side by side where there is a second thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

SLOTS: Final = 3
"""Blocks under way at a time: what a block is kept in may be used again three blocks later."""

Item = TypeVar("Item")
Half = TypeVar("Half")


def run_in_stages(
    items: Iterable[Item], first: Callable[[Item], Half], second: Callable[[Half], None], *, threads: int
) -> None:
    """``second(first(item))`` for each item, each stage in the items' order, whatever the number of threads.

    With two threads or more ``first`` runs in the caller's and ``second`` beside it, at most ``SLOTS`` items behind.
    What either raises is raised here, and nothing runs any more when this returns.
    """
    if threads < 2:
        for item in items:
            second(first(item))
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="second-stage") as helper:
        under_way: deque[Future[None]] = deque()
        try:
            for item in items:
                while len(under_way) >= SLOTS:
                    under_way.popleft().result()
                under_way.append(helper.submit(second, first(item)))
            while under_way:
                under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()
