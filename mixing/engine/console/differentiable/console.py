"""The routing of the console in torch; the same as that of :mod:`mixing.engine.console.reference`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mixing.engine.console import limiter as limits
from mixing.engine.console.damping import kept_or_computed
from mixing.engine.console.differentiable import effects
from mixing.engine.console.differentiable.loudness import integrated_lufs
from mixing.engine.console.differentiable.tensors import BUSES, GROUP, MASTER, STRIP, ConsoleTensors, Knobs
from mixing.engine.console.parameters import OFF_DB, Compressor, Eq
from mixing.engine.errors import MixFailed
from mixing.engine.roles import GROUPS


def master_input(stems: Mapping[str, Tensor], console: ConsoleTensors, *, sample_rate: int) -> Tensor:
    """The sum of groups and returns.

    Parameters
    ----------
    stems : Mapping[str, Tensor]
        For each strip that is heard its stem, ``(1 or 2, samples)``, all of one length, type and device.
    console : ConsoleTensors
        Of the same type and device.
    sample_rate : int
        Samples per second of every stem.

    Returns
    -------
    Tensor
        ``(2, samples)``.

    Raises
    ------
    MixFailed
        ``empty_session`` if no strip is heard: a gradient needs a sound.
    """
    heard = _heard(console)
    if not heard:
        raise MixFailed("empty_session", "No strip of this console is heard, so there is nothing to learn from.")
    frame = console.frame
    outputs = _strip_outputs([stems[frame.strips[index].stem] for index in heard], console, heard, sample_rate)
    total = _groups(outputs, console, heard, sample_rate)
    buses = Knobs(console.buses, BUSES.names)
    sends = Knobs(console.strips[heard], STRIP.names).part("sends")
    for name, answer in (("reverb", _reverb), ("delay", _delay)):
        levels = effects.linear(sends[f"{name}_db"])
        if bool((levels > 0.0).any()):
            bus = torch.einsum("s,scn->cn", levels, outputs)
            knobs = buses.part(name)
            total = total + effects.linear(knobs["return_db"]) * answer(bus, knobs, console, sample_rate)
    return total


def master_output(
    total: Tensor,
    console: ConsoleTensors,
    *,
    sample_rate: int,
    gain_db: float | Tensor | None = None,
    limited: bool = True,
) -> Tensor:
    """The sum of groups and returns through the master.

    Parameters
    ----------
    total : Tensor
        ``(2, samples)``.
    console : ConsoleTensors
        Master knobs and switches.
    sample_rate : int
        Samples per second.
    gain_db : float | Tensor | None
        The gain between compressor and limiter. None takes what is missing to the frame's ``target_lufs`` there, if it
        has one; how the renderer goes on, by the ceiling and by what the limiter took, is not repeated.
    limited : bool
        False leaves the limiter out even where it is on.
    """
    master, frame = Knobs(console.master[None], MASTER.names), console.frame.master
    signal = _tone_and_dynamics(total[None], master, [frame.eq], [frame.compressor], sample_rate)[0]
    if gain_db is None:
        gain_db = _towards(frame.target_lufs, signal, sample_rate)
    signal = signal * 10.0 ** (gain_db / 20.0)
    if not (limited and frame.limiter.on):
        return signal
    knobs = Knobs(console.master, MASTER.names)
    ahead = limits.lookahead(frame.limiter, sample_rate)
    return effects.limit(signal, knobs.part("limiter"), knobs["ceiling_dbtp"], ahead, sample_rate)


def mix(
    stems: Mapping[str, Tensor], console: ConsoleTensors, *, sample_rate: int, gain_db: float | Tensor | None = None
) -> Tensor:
    """A whole mix, ``(2, samples)``: :func:`master_input` through :func:`master_output`."""
    total = master_input(stems, console, sample_rate=sample_rate)
    return master_output(total, console, sample_rate=sample_rate, gain_db=gain_db)


def _towards(target_lufs: float | None, signal: Tensor, sample_rate: int) -> float | Tensor:
    if target_lufs is None:
        return 0.0
    loudness = integrated_lufs(signal, sample_rate)
    return target_lufs - loudness if bool(loudness.isfinite()) else 0.0


def _heard(console: ConsoleTensors) -> list[int]:
    """The strips that reach the master, by the values of the tensors and the switches of the frame."""
    frame = console.frame
    soloed = any(strip.solo for strip in frame.strips)
    faders = Knobs(console.strips, STRIP.names)["fader_db"].tolist()
    gains = dict(zip(GROUPS, Knobs(console.groups, GROUP.names)["gain_db"].tolist(), strict=True))
    return [
        index
        for index, strip in enumerate(frame.strips)
        if not strip.mute and (strip.solo or not soloed) and faders[index] > OFF_DB and gains[strip.group] > OFF_DB
    ]


def _strip_outputs(stems: Sequence[Tensor], console: ConsoleTensors, heard: list[int], sample_rate: int) -> Tensor:
    """``(heard strips, 2, samples)``: mono stems together and stereo stems together, put back in order."""
    outputs: dict[int, Tensor] = {}
    for channels in (1, 2):
        places = [place for place, stem in enumerate(stems) if stem.shape[0] == channels]
        if not places:
            continue
        rows = [heard[place] for place in places]
        knobs = Knobs(console.strips[rows], STRIP.names)
        strips = [console.frame.strips[row] for row in rows]
        audio = torch.stack([stems[place] for place in places])
        audio = audio * effects.linear(knobs["trim_db"])[:, None, None]
        signal = _tone_and_dynamics(
            audio, knobs, [strip.eq for strip in strips], [strip.compressor for strip in strips], sample_rate
        )
        signal = effects.place(signal, knobs["pan"], knobs["width"])
        signal = signal * effects.linear(knobs["fader_db"])[:, None, None]
        outputs.update(zip(places, signal.unbind(), strict=True))
    return torch.stack([outputs[place] for place in range(len(stems))])


def _groups(outputs: Tensor, console: ConsoleTensors, heard: list[int], sample_rate: int) -> Tensor:
    """The sum of the groups that have strips, each through its EQ, compressor and gain."""
    members = [GROUPS.index(console.frame.strips[index].group) for index in heard]
    used = sorted(set(members))
    belongs = torch.tensor([[float(member == group) for member in members] for group in used]).to(outputs)
    buses = torch.einsum("gs,scn->gcn", belongs, outputs)
    knobs = Knobs(console.groups[used], GROUP.names)
    groups = [getattr(console.frame.groups, GROUPS[group]) for group in used]
    signal = _tone_and_dynamics(
        buses, knobs, [group.eq for group in groups], [group.compressor for group in groups], sample_rate
    )
    return torch.einsum("g,gcn->cn", effects.linear(knobs["gain_db"]), signal)


def _tone_and_dynamics(
    audio: Tensor, knobs: Knobs, eqs: Sequence[Eq], compressors: Sequence[Compressor], sample_rate: int
) -> Tensor:
    high_pass_on = torch.tensor([eq.high_pass.on for eq in eqs], device=audio.device)
    on = torch.tensor([compressor.on for compressor in compressors], device=audio.device)
    signal = effects.equalise(audio, knobs.part("eq"), high_pass_on, sample_rate)
    return effects.compress(signal, knobs.part("compressor"), on, sample_rate)


def _reverb(bus: Tensor, knobs: Knobs, console: ConsoleTensors, sample_rate: int) -> Tensor:
    frame = console.frame.reverb
    predelay = kept_or_computed(frame.predelay_samples, frame.predelay_ms, sample_rate)
    return effects.reverb(bus, knobs, predelay, sample_rate)


def _delay(bus: Tensor, knobs: Knobs, console: ConsoleTensors, sample_rate: int) -> Tensor:
    frame = console.frame.delay
    return effects.delay(bus, knobs, kept_or_computed(frame.time_samples, frame.time_ms, sample_rate), sample_rate)
