"""What is not rendered yet is refused by its path."""

import pytest

from mixing.engine.console.parameters import ConsoleParameters, Strip, Value
from mixing.engine.console.support import refuse_unrendered
from mixing.engine.errors import ParameterError

CONSOLE = ConsoleParameters(strips=(Strip(stem="Kick", group="drums"), Strip(stem="Lead Vocal", group="vocals")))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("strips.Kick.compressor.on", True),
        ("strips.Lead Vocal.compressor.on", True),
        ("strips.Lead Vocal.sends.reverb_db", -12.0),
        ("strips.Kick.sends.delay_db", -89.9),
        ("groups.drums.compressor.on", True),
        ("groups.bass.compressor.on", True),
        ("groups.vocals.compressor.on", True),
        ("groups.music.compressor.on", True),
        ("master.compressor.on", True),
        ("master.limiter.on", True),
    ],
)
def test_an_effect_that_is_not_rendered_is_refused_by_its_path(path: str, value: Value) -> None:
    with pytest.raises(ParameterError) as refusal:
        refuse_unrendered(CONSOLE.with_values({path: value}))

    assert refusal.value.field == path
    assert refusal.value.code == "not_rendered_yet"
    assert refusal.value.message.startswith(path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("strips.Kick.trim_db", 3.0),
        ("strips.Kick.eq.high_pass.on", True),
        ("strips.Kick.eq.peak_3.gain_db", -3.0),
        ("strips.Kick.fader_db", -90.0),
        ("strips.Kick.pan", 0.4),
        ("strips.Kick.width", 0.4),
        ("strips.Kick.mute", True),
        ("strips.Kick.solo", True),
        ("strips.Kick.compressor.threshold_db", -30.0),
        ("groups.vocals.gain_db", -2.0),
        ("groups.vocals.eq.low_shelf.gain_db", -2.0),
        ("reverb.decay_s", 3.0),
        ("master.eq.high_shelf.gain_db", 1.0),
        ("master.target_lufs", -14.0),
        ("master.ceiling_dbtp", -2.0),
    ],
)
def test_what_is_rendered_and_what_an_open_switch_leaves_unheard_passes(path: str, value: Value) -> None:
    refuse_unrendered(CONSOLE.with_values({path: value}))
