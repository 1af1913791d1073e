"""A console as tensors: the knobs that move smoothly, in physical units, in the order of ``ConsoleParameters.flatten``.

Each kind of node has a :class:`Layout`: names, ranges and neutral values of its columns. What has no gradient, namely
the switches, the names, the groups and the lengths in samples, stays in a :class:`ConsoleParameters` beside them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from mixing.engine.console.parameters import (
    ConsoleParameters,
    Delay,
    GroupBus,
    Master,
    Reverb,
    Strip,
    hints_of,
)
from mixing.engine.roles import GROUPS


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a tensor of knobs.

    Parameters
    ----------
    names : tuple[str, ...]
        Paths within the node, such as ``eq.peak_1.gain_db``.
    low, high, neutral : tuple[float, ...]
        Range and neutral value of each, in the knob's own unit.
    """

    names: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    neutral: tuple[float, ...]


def _columns(node: Any, prefix: str = "") -> Iterator[tuple[str, float, float, float]]:
    hints = hints_of(type(node))
    for item in dataclasses.fields(node):
        value = getattr(node, item.name)
        if dataclasses.is_dataclass(value):
            yield from _columns(value, f"{prefix}{item.name}.")
        elif hints[item.name] is float:
            yield f"{prefix}{item.name}", item.metadata["low"], item.metadata["high"], value


def _layout(*columns: tuple[str, float, float, float]) -> Layout:
    names, low, high, neutral = zip(*columns, strict=True)
    return Layout(names, low, high, neutral)


STRIP: Final = _layout(*_columns(Strip(stem="any")))
GROUP: Final = _layout(*_columns(GroupBus()))
BUSES: Final = _layout(*_columns(Reverb(), "reverb."), *_columns(Delay(), "delay."))
MASTER: Final = _layout(*_columns(Master()))

_LENGTHS: Final = (
    ("reverb.predelay_ms", "reverb.predelay_samples"),
    ("delay.time_ms", "delay.time_samples"),
    ("master.limiter.lookahead_ms", "master.limiter.lookahead_samples"),
)


class Knobs:
    """Columns of a tensor by their names, whole or below a prefix."""

    def __init__(self, values: Tensor, names: tuple[str, ...], prefix: str = "") -> None:
        self._values = values
        self._names = names
        self._prefix = prefix

    def __getitem__(self, name: str) -> Tensor:
        return self._values[..., self._names.index(f"{self._prefix}{name}")]

    def part(self, name: str) -> Knobs:
        """The knobs of one part, such as ``eq``."""
        return Knobs(self._values, self._names, f"{self._prefix}{name}.")

    def rows(self, index: list[int]) -> Knobs:
        """The same knobs of some strips alone."""
        return Knobs(self._values[index], self._names, self._prefix)


@dataclass(frozen=True, slots=True, eq=False)
class ConsoleTensors:
    """A console whose knobs can carry gradients.

    Parameters
    ----------
    strips : Tensor
        ``(strips, len(STRIP.names))``, in the order of ``frame.strips``.
    groups : Tensor
        ``(4, len(GROUP.names))``, in the order of ``GROUPS``.
    buses : Tensor
        ``(len(BUSES.names),)``: reverb and delay.
    master : Tensor
        ``(len(MASTER.names),)``.
    frame : ConsoleParameters
        Stems, groups, switches and lengths in samples; its values of the knobs above are not looked at.
    """

    strips: Tensor
    groups: Tensor
    buses: Tensor
    master: Tensor
    frame: ConsoleParameters

    @classmethod
    def of(cls, parameters: ConsoleParameters, *, dtype: torch.dtype = torch.float32) -> ConsoleTensors:
        """The tensors of a console, without gradients."""
        values = parameters.flatten()

        def row(prefix: str, names: tuple[str, ...]) -> list[Any]:
            return [values[f"{prefix}{name}"] for name in names]

        strips = [row(f"strips.{strip.stem}.", STRIP.names) for strip in parameters.strips]
        return cls(
            strips=torch.tensor(strips, dtype=dtype).reshape(len(strips), len(STRIP.names)),
            groups=torch.tensor([row(f"groups.{name}.", GROUP.names) for name in GROUPS], dtype=dtype),
            buses=torch.tensor(row("", BUSES.names), dtype=dtype),
            master=torch.tensor(row("master.", MASTER.names), dtype=dtype),
            frame=parameters,
        )

    def flat(self) -> Tensor:
        """All knobs in one row: strip after strip, group after group, buses, master."""
        return torch.cat((self.strips.flatten(), self.groups.flatten(), self.buses, self.master))

    def with_flat(self, values: Tensor) -> ConsoleTensors:
        """The same console with the knobs of such a row."""
        sizes = [part.numel() for part in (self.strips, self.groups, self.buses, self.master)]
        strips, groups, buses, master = torch.split(values, sizes)
        return dataclasses.replace(
            self,
            strips=strips.reshape(self.strips.shape),
            groups=groups.reshape(self.groups.shape),
            buses=buses,
            master=master,
        )

    def paths(self) -> tuple[str, ...]:
        """The path of each knob of :meth:`flat`, as ``ConsoleParameters.flatten`` names it."""
        return (
            *(f"strips.{strip.stem}.{name}" for strip in self.frame.strips for name in STRIP.names),
            *(f"groups.{group}.{name}" for group in GROUPS for name in GROUP.names),
            *BUSES.names,
            *(f"master.{name}" for name in MASTER.names),
        )

    def parameters(self) -> ConsoleParameters:
        """The console that the tensors stand for: values held in their ranges, and a length that moved computed anew.

        A knob that did not move keeps the frame's value to the last digit.
        """
        before = self.of(self.frame, dtype=self.strips.dtype).flat().tolist()
        low, high = self._ranges()
        moved = {
            path: min(max(now, lowest), highest)
            for path, was, now, lowest, highest in zip(
                self.paths(), before, self.flat().tolist(), low, high, strict=True
            )
            if now != was
        }
        rate = self.frame.sample_rate
        lengths = {
            samples: None if rate is None else math.floor(moved[ms] * rate / 1000 + 0.5)
            for ms, samples in _LENGTHS
            if ms in moved
        }
        return self.frame.with_values({**moved, **lengths})

    def _ranges(self) -> tuple[list[float], list[float]]:
        layouts = [STRIP] * len(self.frame.strips) + [GROUP] * len(GROUPS) + [BUSES, MASTER]
        return [low for layout in layouts for low in layout.low], [high for layout in layouts for high in layout.high]
