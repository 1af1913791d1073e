"""Numbers of sound in the words of the pages: times, levels, sizes."""

from __future__ import annotations

from django import template

register = template.Library()

MINUS = "\u2212"


@register.filter
def clock(seconds: float | None) -> str:
    """Seconds as minutes and seconds: 187.4 is 3:07."""
    whole = max(0, int(seconds or 0))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@register.filter
def level(value: float | None, digits: int = 1) -> str:
    """A level with a true minus sign: -14.13 is −14.1. What could not be measured is a dash."""
    if value is None:
        return "–"
    text = f"{abs(value):.{digits}f}"
    return f"{MINUS}{text}" if value < 0 and float(text) else text


@register.filter
def change(value: float | None, digits: int = 1) -> str:
    """A change of level with its sign: 2.5 is +2.5."""
    text = level(value, digits)
    return f"+{text}" if value is not None and value > 0 and float(text) else text


@register.filter
def percent(share: float | None) -> str:
    """A share from 0 to 1 in percent: 0.625 is 63 %."""
    return "–" if share is None else f"{share * 100:.0f}\u00a0%"


@register.filter
def kilohertz(rate_hz: int | None) -> str:
    """44100 is 44.1 kHz."""
    return "" if rate_hz is None else f"{rate_hz / 1000:g}\u00a0kHz"


@register.filter
def channel_word(channels: int | None) -> str:
    """1 is mono, 2 is stereo."""
    return {1: "mono", 2: "stereo"}.get(channels or 0, "")


@register.filter
def role_word(role: str | None) -> str:
    """lead_vocal is Lead vocal; the two that are short words stay as musicians write them."""
    return {"fx": "FX", "hihat": "Hi-hat"}.get(role or "", (role or "").replace("_", " ").capitalize())


@register.filter
def unlocal(value: float | None) -> str:
    """A number as a drawing wants it, in any language: 0.4375."""
    return f"{value or 0.0:.4f}"


@register.filter
def loudness_meaning(lufs: float | None) -> str:
    """What an integrated loudness means for where the mix will be heard."""
    if lufs is None:
        return "there is nothing to hear"
    for least, words in ((-9.0, "very loud"), (-12.5, "loud, as for a club"), (-15.5, "fits streaming")):
        if lufs >= least:
            return words
    return "a little quiet for streaming" if lufs >= -18.0 else "quiet, with room for mastering"


@register.filter
def words(names: str) -> list[str]:
    """The words of a list, for the page of parts."""
    return names.split()
