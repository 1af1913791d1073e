"""Hypothesis strategies for whole consoles, read off the dataclasses."""

import dataclasses
from typing import Any

from hypothesis import strategies as st

from mixing.engine.console.parameters import ConsoleParameters, Strip, hints_of
from mixing.engine.roles import GROUPS


def nodes(cls: type[Any], **given_fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any instance of a node: each knob within its range, each switch, each part."""
    hints = hints_of(cls)
    strategies = dict(given_fields)
    for item in dataclasses.fields(cls):
        meta, hint = item.metadata, hints[item.name]
        if item.name in strategies:
            continue
        if dataclasses.is_dataclass(hint):
            strategies[item.name] = nodes(hint)  # type: ignore[arg-type]
        elif hint is bool:
            strategies[item.name] = st.booleans()
        elif "int" in str(hint):
            strategies[item.name] = st.none() | st.integers(int(meta["low"]), int(meta["high"]))
        elif meta.get("optional"):
            strategies[item.name] = st.none() | st.floats(meta["low"], meta["high"])
        else:
            strategies[item.name] = st.floats(meta["low"], meta["high"])
    return st.builds(cls, **strategies)


@st.composite
def consoles(draw: st.DrawFn) -> ConsoleParameters:
    """Any console of up to three strips."""
    names = draw(st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=3))
    strips = tuple(draw(nodes(Strip, stem=st.just(name), group=st.sampled_from(GROUPS))) for name in names)
    rate = st.sampled_from([None, 44_100, 48_000])
    return draw(nodes(ConsoleParameters, strips=st.just(strips), sample_rate=rate, version=st.just(1)))
