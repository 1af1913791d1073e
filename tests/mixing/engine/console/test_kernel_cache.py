"""What is compiled is compiled anew once any source of it changes."""

from pathlib import Path
from typing import Any

import pytest

from mixing.engine.console import kernel_cache, lane_kernels, powers, simd, stored_kernels


def test_a_loop_is_stamped_with_every_room_that_is_compiled_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    file = Path(lane_kernels.__file__).resolve()
    before = kernel_cache.stamp.__wrapped__(file)
    original = Path.read_bytes

    for room in (lane_kernels, simd, powers, stored_kernels):
        changed = Path(str(room.__file__)).resolve()
        monkeypatch.setattr(
            Path, "read_bytes", lambda path, changed=changed: original(path) + b"\n" * (path.resolve() == changed)
        )
        assert kernel_cache.stamp.__wrapped__(file) != before
    monkeypatch.setattr(Path, "read_bytes", original)
    assert kernel_cache.stamp.__wrapped__(file) == before


def test_a_room_that_a_loop_does_not_use_leaves_its_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Path.read_bytes
    file = Path(stored_kernels.__file__).resolve()
    before = kernel_cache.stamp.__wrapped__(file)

    monkeypatch.setattr(Path, "read_bytes", lambda path: original(path) + b"\n" * (path.name == "powers.py"))

    assert kernel_cache.stamp.__wrapped__(file) == before


def test_the_compiler_asks_for_this_stamp() -> None:
    kernel: Any = lane_kernels.play_pack
    locator = kernel._cache._impl.locator

    assert locator.get_source_stamp() == kernel_cache.stamp(Path(str(lane_kernels.__file__)))
