"""Figures of an evaluation as SVG, drawn from its numbers: intervals, curves, matrices.

Plain text without scripts, style sheets or fonts of its own, so that one figure serves a page (where the site's
colours apply through its custom properties) and a document (where the colours written behind them do).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

SURFACE: Final = "var(--surface, #161b22)"
LINE: Final = "var(--line, #2a313c)"
TEXT: Final = "var(--text, #e6e9ef)"
QUIET: Final = "var(--quiet, #9aa4b2)"
ACCENT: Final = "var(--amber, #ffb454)"
SERIES: Final = ("var(--a, #3fb8af)", "var(--b, #b38bff)", ACCENT, QUIET)

_SANS: Final = "system-ui, sans-serif"
_WIDTH: Final = 640
_LABELS: Final = 168
_NUMBERS: Final = 136
_ROW: Final = 28
_HEAD: Final = 52
_FOOT: Final = 40
_COLUMN_LETTERS: Final = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalRow:
    """One row of an interval plot: a mean with its 95 % interval; ``own`` is drawn in the accent colour."""

    label: str
    mean: float
    low: float
    high: float
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One place of a curve: where on the axis, the mean and its interval there."""

    x: float
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A named line through points that are sorted by ``x``; one point alone is drawn as a level line."""

    label: str
    points: tuple[CurvePoint, ...]


def interval_plot_svg(rows: Sequence[IntervalRow], *, title: str, unit: str) -> str:
    """Means as dots on their intervals, one row each, on one axis; an ``<svg>`` element as text.

    Parameters
    ----------
    rows : Sequence[IntervalRow]
        From top to bottom, at least one, all finite.
    title, unit : str
        What is measured, and in what: the unit stands at the axis.

    Raises
    ------
    ValueError
        If there is no row, or a number is not finite.
    """
    if not rows:
        raise ValueError("An interval plot needs at least one row.")
    ticks = axis_ticks([value for row in rows for value in (row.low, row.mean, row.high)])
    left, right = _LABELS, _WIDTH - _NUMBERS
    across = _Scale(ticks[0], ticks[-1], left, right)
    bottom = _HEAD + _ROW * len(rows)
    parts = [*_vertical_grid(ticks, across, bottom, unit)]
    for index, row in enumerate(rows):
        y = _HEAD + _ROW * (index + 0.5)
        colour = ACCENT if row.own else SERIES[0]
        numbers = f"{row.mean:.2f} [{row.low:.2f}, {row.high:.2f}]"
        parts += [
            _text(left - 12, y + 4, row.label, anchor="end"),
            _line(across(row.low), y, across(row.high), y, colour, 3),
            f'<circle cx="{across(row.mean):.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>',
            _text(right + 12, y + 4, numbers, fill=QUIET),
        ]
    told = "; ".join(f"{row.label} {row.mean:.2f}, from {row.low:.2f} to {row.high:.2f}" for row in rows)
    return _svg(parts, bottom + _FOOT, title, f"{title}, {unit}. {told}.")


def curve_plot_svg(curves: Sequence[Curve], *, title: str, x_label: str, unit: str) -> str:
    """Lines with their intervals as bars, such as the error over the number of songs; an ``<svg>`` as text.

    Raises
    ------
    ValueError
        If there is no point at all, or a number is not finite.
    """
    points = [point for curve in curves for point in curve.points]
    if not points:
        raise ValueError("A curve plot needs at least one point.")
    x_ticks = sorted({point.x for curve in curves if len(curve.points) > 1 for point in curve.points}) or [points[0].x]
    y_ticks = axis_ticks([value for point in points for value in (point.low, point.mean, point.high)])
    top, bottom, left, right = _HEAD + 8.0, 300.0, 64.0, _WIDTH - 176.0
    across = _Scale(x_ticks[0], x_ticks[-1] if len(x_ticks) > 1 else x_ticks[0] + 1, left + 12, right - 12)
    down = _Scale(y_ticks[0], y_ticks[-1], bottom, top)
    parts: list[str] = []
    for tick in y_ticks:
        parts += [
            _line(left, down(tick), right, down(tick), LINE, 1),
            _text(left - 8, down(tick) + 4, _short(tick), anchor="end", fill=QUIET),
        ]
    parts += [_text(across(tick), bottom + 18, _short(tick), anchor="middle", fill=QUIET) for tick in x_ticks]
    parts.append(_text((left + right) / 2, bottom + 36, f"{x_label}; {unit}", anchor="middle", fill=QUIET))
    for index, curve in enumerate(curves):
        colour = SERIES[index % len(SERIES)]
        parts += _curve(curve, colour, across, down, (left, right))
        y = top + 20 * index
        parts += [_line(right + 14, y, right + 30, y, colour, 3), _text(right + 36, y + 4, curve.label)]
    return _svg(parts, bottom + 48, title, _told(title, unit, curves))


def matrix_svg(names: Sequence[str], shares: Sequence[Sequence[float]], *, title: str) -> str:
    """A square of shares from 0 to 1, such as how often two styles can be told apart; an ``<svg>`` as text.

    ``shares[row][column]``; the diagonal is left empty, since nothing differs from itself.
    """
    if len(shares) != len(names) or any(len(row) != len(names) for row in shares):
        raise ValueError("A matrix has as many rows and columns as names.")
    left, top = 152, 84
    cell = min(84, (_WIDTH - left - 16) // len(names))
    parts: list[str] = []
    for row, name in enumerate(names):
        parts.append(_text(left - 12, top + cell / 2 * (row + 0.5) + 4, name, anchor="end"))
        for line, words in enumerate(reversed(_heading(name))):
            parts.append(_text(left + cell * (row + 0.5), top - 12 - 16 * line, words, anchor="middle"))
        for column in range(len(names)):
            if row == column:
                continue
            x, y, share = left + cell * column, top + cell * 0.5 * row, shares[row][column]
            box = f'x="{x + 1}" y="{y + 1:.0f}" width="{cell - 2}" height="{cell // 2 - 2}" rx="4"'
            parts.append(f'<rect {box} fill="{SERIES[0]}" fill-opacity="{0.08 + 0.5 * share:.2f}"/>')
            parts.append(_text(x + cell / 2, y + cell / 4 + 4, f"{100 * share:.0f} %", anchor="middle"))
    told = "; ".join(
        f"{one} and {other}: {100 * shares[row][row + 1 + column]:.0f} %"
        for row, one in enumerate(names)
        for column, other in enumerate(names[row + 1 :])
    )
    return _svg(parts, top + cell * len(names) // 2 + 16, title, f"{title}. {told}.")


def _heading(name: str) -> tuple[str, ...]:
    """A name over a narrow column: a long one in two lines, broken before its last part."""
    first, dash, last = name.rpartition("-")
    return (first, dash + last) if first and len(name) > _COLUMN_LETTERS else (name,)


# ---- scales and strokes ----------------------------------------------------------------------------------------------


def axis_ticks(values: Sequence[float]) -> list[float]:
    """Four to seven round numbers, evenly spaced, around all values; from zero on where that costs little room.

    Raises
    ------
    ValueError
        If a value is not finite.
    """
    if not all(math.isfinite(value) for value in values):
        raise ValueError("A plot takes finite numbers only.")
    low, high = min(values), max(values)
    if 0.0 < low < 0.6 * high:
        low = 0.0
    span = max(high - low, 1e-6 * max(1.0, abs(high)))
    power = 10.0 ** math.floor(math.log10(span / 5.0))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if span / (power * factor) <= 5.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    return [round(step * index, 10) + 0.0 for index in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class _Scale:
    """A straight line from values to places on the page."""

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        return self.begin + (self.end - self.begin) * (value - self.low) / (self.high - self.low)


def _vertical_grid(ticks: Sequence[float], across: _Scale, bottom: float, unit: str) -> list[str]:
    parts: list[str] = []
    for tick in ticks:
        parts.append(_line(across(tick), _HEAD, across(tick), bottom, LINE, 1))
        parts.append(_text(across(tick), bottom + 18, _short(tick), anchor="middle", fill=QUIET))
    parts.append(_text(across.end + 12, bottom + 18, unit, fill=QUIET))
    return parts


def _curve(curve: Curve, colour: str, across: _Scale, down: _Scale, ends: tuple[float, float]) -> list[str]:
    if len(curve.points) == 1:
        point = curve.points[0]
        dashed = _line(ends[0], down(point.mean), ends[1], down(point.mean), colour, 2)
        return [dashed.replace("/>", ' stroke-dasharray="5 4"/>')]
    path = " ".join(f"{across(point.x):.1f},{down(point.mean):.1f}" for point in curve.points)
    parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
    for point in curve.points:
        x = across(point.x)
        parts.append(_line(x, down(point.low), x, down(point.high), colour, 2))
        parts.append(f'<circle cx="{x:.1f}" cy="{down(point.mean):.1f}" r="4" fill="{colour}"/>')
    return parts


def _told(title: str, unit: str, curves: Sequence[Curve]) -> str:
    lines = [
        f"{curve.label} " + ", ".join(f"{point.mean:.2f} at {_short(point.x)}" for point in curve.points)
        for curve in curves
    ]
    return f"{title}, {unit}. {'; '.join(lines)}."


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float) -> str:
    places = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {places} stroke="{colour}" stroke-width="{width}" stroke-linecap="round"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", fill: str = TEXT) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}">{escape(text)}</text>'


def _short(value: float) -> str:
    return f"{value:.10g}".replace("-", "−")


def _svg(parts: Sequence[str], height: float, title: str, told: str) -> str:
    head = f'<text x="16" y="28" fill="{TEXT}" font-size="15" font-weight="600">{escape(title)}</text>'
    size = f'width="{_WIDTH}" height="{height:.0f}" viewBox="0 0 {_WIDTH} {height:.0f}"'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{_SANS}" font-size="13">\n'
        f"<title>{escape(told)}</title>\n"
        f'<rect width="{_WIDTH}" height="{height:.0f}" rx="8" fill="{SURFACE}"/>\n{head}\n{body}\n</svg>\n'
    )
