"""What this version of the renderer renders, and the refusal of what it does not.

Rendered are trim, EQ, fader, pan, width, mute and solo of the strips, gain and EQ of the groups, the master's EQ, and
one gain towards the target loudness under the ceiling. A console that asks for more is refused by the knob's path:
a mix that silently lacks its compressor would not be the mix that was asked for. The reverb and the delay themselves
are never refused: while all sends are off, nothing goes in and nothing comes back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from mixing.engine.console.parameters import OFF_DB, ConsoleParameters
from mixing.engine.errors import ParameterError


def refuse_unrendered(parameters: ConsoleParameters) -> None:
    """Raise for the first knob that asks for an effect that is not rendered yet.

    Raises
    ------
    ParameterError
        With code ``not_rendered_yet``; ``field`` is the knob's path, such as ``strips.Vocals.compressor.on``.
    """
    for path, effect, remedy in _asked_for(parameters):
        raise ParameterError(
            path,
            f"{path} asks for {effect}, which this version does not render yet; {remedy}.",
            code="not_rendered_yet",
        )


def _asked_for(parameters: ConsoleParameters) -> Iterator[tuple[str, str, str]]:
    master = parameters.master
    groups = dataclasses.asdict(parameters.groups)
    switches = [
        *((f"strips.{strip.stem}.compressor.on", strip.compressor.on, "a compressor") for strip in parameters.strips),
        *(
            (f"groups.{name}.compressor.on", group["compressor"]["on"], "a compressor")
            for name, group in groups.items()
        ),
        ("master.compressor.on", master.compressor.on, "a compressor"),
        ("master.limiter.on", master.limiter.on, "the limiter"),
    ]
    yield from ((path, effect, "switch it off") for path, on, effect in switches if on)

    levels = [
        *((f"strips.{strip.stem}.sends.reverb_db", strip.sends.reverb_db, "the reverb") for strip in parameters.strips),
        *((f"strips.{strip.stem}.sends.delay_db", strip.sends.delay_db, "the delay") for strip in parameters.strips),
    ]
    yield from ((path, effect, f"set it to {OFF_DB:g}, off") for path, level, effect in levels if level > OFF_DB)
