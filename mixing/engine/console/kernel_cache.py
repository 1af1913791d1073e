"""Compiled loops are kept between processes; here, until any source changes that they were compiled from.

The compiler looks at the file alone in which a loop stands, but vectors, powers and loops of other files are compiled
into it. So the stamp of a loop is made from its file and all files of the engine that this one imports. Where the cache
stands is left to the compiler: beside the sources, or with the user where these cannot be written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from numba.core import caching

_ROOT: Final = Path(__file__).parents[3]
_ENGINE: Final = Path(__file__).parents[1]
_IMPORT: Final = re.compile(r"^from (mixing\.engine[\w.]*) import (\(?)([^)\n]*)", re.MULTILINE)


@cache
def stamp(file: Path) -> str:
    """A hash of a source file and of everything of the engine that it imports at its top."""
    found: dict[Path, bytes] = {}
    waiting = [file.resolve()]
    while waiting:
        path = waiting.pop()
        if path not in found and path.is_file():
            found[path] = path.read_bytes()
            waiting += _imported(found[path].decode())
    whole = sha256()
    for path in sorted(found):
        whole.update(sha256(found[path]).digest())
    return whole.hexdigest()


def _imported(source: str) -> list[Path]:
    files = []
    for module, _, names in _IMPORT.findall(source):
        place = _ROOT.joinpath(*module.split("."))
        files.append(place.with_suffix(".py"))
        files += [place / f"{name.split()[0]}.py" for name in names.split(",") if name.strip()]
    return files


def _stamped(locator: Any) -> Any:
    """The compiler's own locator for files of the engine, with a stamp of all their sources."""
    usual: Callable[..., Any] = locator.from_function.__func__

    def from_function(cls: Any, py_func: Any, py_file: str) -> Any:
        return usual(cls, py_func, py_file) if _ENGINE in Path(py_file).parents else None

    members = {"from_function": classmethod(from_function), "get_source_stamp": lambda self: stamp(Path(self._py_file))}
    return type(f"Stamped{locator.__name__}", (locator,), members)


def install() -> None:
    """Let the compiler use these stamps for loops that are declared from now on; once is enough."""
    known = caching.CacheImpl._locator_classes
    if not any(locator.__name__.startswith("Stamped") for locator in known):
        usual = (caching.UserProvidedCacheLocator, caching.InTreeCacheLocator, caching.UserWideCacheLocator)
        known[:0] = [_stamped(locator) for locator in usual]
