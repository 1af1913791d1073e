"""Figures: every number of an evaluation is drawn where the axis says."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from mixing.engine.training.plots import (
    Curve,
    CurvePoint,
    IntervalRow,
    axis_ticks,
    curve_plot_svg,
    interval_plot_svg,
    matrix_svg,
)

ROWS = (
    IntervalRow(label="faders-up", mean=5.0, low=4.0, high=6.0),
    IntervalRow(label="<rough> & mix", mean=2.5, low=2.0, high=3.0, own=True),
)


def elements(svg: str, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(f"{{http://www.w3.org/2000/svg}}{tag}"))  # noqa: S314 - our own text


def test_it_places_the_dots_in_proportion_to_the_means() -> None:
    svg = interval_plot_svg(ROWS, title="Level error", unit="LU")
    first, second = (float(dot.attrib["cx"]) for dot in elements(svg, "circle"))
    ticks = {text.text: float(text.attrib["x"]) for text in elements(svg, "text")}
    lu = (ticks["6"] - ticks["0"]) / 6
    assert first == pytest.approx(ticks["0"] + 5 * lu, abs=0.2)
    assert second == pytest.approx(ticks["0"] + 2.5 * lu, abs=0.2)


def test_it_writes_means_with_their_intervals_and_tells_them_to_a_screen_reader() -> None:
    svg = interval_plot_svg(ROWS, title="Level error", unit="LU")
    assert "5.00 [4.00, 6.00]" in [text.text for text in elements(svg, "text")]
    assert "faders-up 5.00, from 4.00 to 6.00" in str(elements(svg, "title")[0].text)


def test_a_label_cannot_break_out_of_the_figure() -> None:
    assert "<rough> & mix" in [text.text for text in elements(interval_plot_svg(ROWS, title="T", unit="LU"), "text")]


def test_it_shows_the_own_row_in_the_accent_colour() -> None:
    colours = [dot.attrib["fill"] for dot in elements(interval_plot_svg(ROWS, title="T", unit="LU"), "circle")]
    assert colours[0] != colours[1]
    assert "amber" in colours[1]


@pytest.mark.parametrize("rows", [(), (IntervalRow(label="x", mean=float("nan"), low=0.0, high=1.0),)])
def test_it_refuses_a_plot_of_nothing(rows: tuple[IntervalRow, ...]) -> None:
    with pytest.raises(ValueError, match=r"row|finite"):
        interval_plot_svg(rows, title="T", unit="LU")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.8, 5.6], [0.0, 2.0, 4.0, 6.0]),
        ([-0.3, 0.4], [-0.4, -0.2, 0.0, 0.2, 0.4]),
        ([2.0, 2.0], None),
        ([0.0], None),
    ],
)
def test_ticks_are_round_and_hold_every_value(values: list[float], expected: list[float] | None) -> None:
    ticks = axis_ticks(values)
    assert ticks[0] <= min(values) <= max(values) <= ticks[-1]
    assert len(ticks) >= 2
    if expected is not None:
        assert ticks == expected


def test_a_curve_falls_on_the_page_where_the_error_falls() -> None:
    points = (CurvePoint(x=4, mean=3.0, low=2.8, high=3.2), CurvePoint(x=30, mean=2.5, low=2.4, high=2.6))
    level = Curve(label="equal loudness", points=(CurvePoint(x=0, mean=2.9, low=2.9, high=2.9),))
    svg = curve_plot_svg([Curve(label="rough mix", points=points), level], title="T", x_label="songs", unit="LU")
    line = re.search(r'<polyline points="([\d.]+),([\d.]+) ([\d.]+),([\d.]+)"', svg)
    assert line is not None
    x1, y1, x2, y2 = map(float, line.groups())
    assert x2 > x1
    assert y2 > y1  # SVG counts downwards
    assert svg.count("stroke-dasharray") == 1


def test_a_matrix_writes_each_share_and_leaves_the_diagonal_empty() -> None:
    svg = matrix_svg(["open", "dark"], [[0.0, 0.9], [0.8, 0.0]], title="T")
    shown = [text.text for text in elements(svg, "text")]
    assert "90 %" in shown
    assert "80 %" in shown
    assert "0 %" not in shown


def test_a_matrix_that_is_not_square_is_refused() -> None:
    with pytest.raises(ValueError, match="rows and columns"):
        matrix_svg(["open", "dark"], [[0.0, 0.9]], title="T")


def test_long_names_stand_over_their_columns_in_two_lines() -> None:
    names = ["rough-mix", "console-net", "console-net-dark"]
    shown = [text.text for text in elements(matrix_svg(names, [[0.0] * 3] * 3, title="T"), "text")]
    assert shown.count("rough-mix") == 2
    assert shown.count("console-net-dark") == 1
    assert shown.count("-dark") == 1
