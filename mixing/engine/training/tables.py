"""An evaluation's report as tables and figures that a document or a terminal shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mixing.engine.training.measures import MIX_MEASURES, STEM_MEASURES
from mixing.engine.training.plots import IntervalRow, interval_plot_svg, matrix_svg

HEADINGS: Final[Mapping[str, tuple[str, str]]] = {
    "level_lu": ("Level", "LU"), "eq_db": ("EQ", "dB"), "pan": ("Pan", ""), "mrstft": ("MRSTFT", ""),
    "loudness_lu": ("Loudness", "LU"), "crest_db": ("Crest", "dB"), "width": ("Width", ""),
    "imbalance": ("Imbalance", ""), "bands_db": ("Bands", "dB"),
}  # fmt: skip
"""A word and a unit for each measure."""

Rows = Mapping[str, Mapping[str, Mapping[str, float]]]


def markdown_tables(report: Mapping[str, Any]) -> str:
    """The means with their intervals: stems, sum, and generated songs where there are some."""
    parts = [_head(report), _table(report["mixers"], STEM_MEASURES), _table(report["mixers"], MIX_MEASURES)]
    if "generated" in report:
        generated = report["generated"]
        parts += [f"Generated songs ({generated['song_count']}):", _table(generated["mixers"], STEM_MEASURES)]
    return "\n\n".join(part for part in parts if part)


def figures(report: Mapping[str, Any], *, own: Sequence[str] = ()) -> dict[str, str]:
    """An interval plot as SVG for each measure of the stems that was taken, by measure; ``own`` mixers stand out."""
    found: dict[str, str] = {}
    for measure in STEM_MEASURES:
        rows = [
            IntervalRow(
                label=key,
                mean=values[measure]["mean"],
                low=values[measure]["low"],
                high=values[measure]["high"],
                own=key in own,
            )
            for key, values in report["mixers"].items()
            if measure in values
        ]
        if rows:
            word, unit = HEADINGS[measure]
            title = f"{word} error on {report['song_count']} songs, with 95 % intervals"
            found[measure] = interval_plot_svg(rows, title=title, unit=unit)
    return found


def curve_table(found: Mapping[str, Any]) -> str:
    """The errors over the number of songs, a row for each mixer and measure."""
    counts = [str(count) for count in found["counts"]]
    lines = [f"| songs learnt from | {' | '.join(counts)} |", f"|---|{'---|' * len(counts)}"]
    for key, rows in found["mixers"].items():
        for measure in STEM_MEASURES:
            cells = " | ".join(_cell(rows[count].get(measure), measure) for count in counts)
            lines.append(f"| {key}, {' '.join(HEADINGS[measure]).strip()} | {cells} |")
    return "\n".join(lines)


def matrix_table(found: Mapping[str, Any]) -> str:
    """On how many of the songs each two mixers are told apart, and who violates a gate."""
    names = found["names"]
    lines = [f"| {len(found['songs'])} songs | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for row, name in enumerate(names):
        cells = [
            "" if row == column else f"{100 * share:.0f} % ({level:.1f} LU, {band:.1f} dB)"
            for column, (share, level, band) in enumerate(
                zip(found["told_apart"][row], found["level_lu"][row], found["band_db"][row], strict=True)
            )
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    wrong = [
        f"{name} on {song}: {', '.join(kinds)}."
        for name, songs in found["violations"].items()
        for song, kinds in songs.items()
    ]
    wrong = wrong or ["No mix clips, loses a stem, misses its loudness or falls to one side."]
    left_out = [f"{song} is left out: {sentence}" for song, sentence in found.get("left_out", {}).items()]
    return "\n".join([*lines, "", *wrong, *left_out])


def matrix_figure(found: Mapping[str, Any]) -> str:
    """The shares of the matrix as SVG."""
    title = f"Told apart, in per cent of {len(found['songs'])} songs"
    return matrix_svg(found["names"], found["told_apart"], title=title)


def _head(report: Mapping[str, Any]) -> str:
    songs, makers, seeds = report["song_count"], report["artist_count"], len(report["seeds"])
    one = {True: "", False: "s"}
    return f"{songs} song{one[songs == 1]} by {makers} maker{one[makers == 1]}, {seeds} seed{one[seeds == 1]}:"


def _table(rows: Rows, measures: Sequence[str]) -> str:
    present = [measure for measure in measures if any(measure in values for values in rows.values())]
    if not present:
        return ""
    titles = [" ".join(HEADINGS[measure]).strip() for measure in present]
    lines = [f"| | {' | '.join(titles)} |", f"|---|{'---|' * len(present)}"]
    for key, values in rows.items():
        cells = [_cell(values.get(measure), measure) for measure in present]
        lines.append(f"| {key} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(value: Mapping[str, float] | None, measure: str) -> str:
    if value is None:
        return "–"
    digits = 2 if HEADINGS[measure][1] or measure == "mrstft" else 3
    return f"{value['mean']:.{digits}f} [{value['low']:.{digits}f}, {value['high']:.{digits}f}]"
