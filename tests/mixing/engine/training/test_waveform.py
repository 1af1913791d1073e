from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import nn

from mixing.engine.mixers.checkpoint import Checkpoint
from mixing.engine.mixers.networks.families import TOWERS, Corrector, build_network, load_tensors
from mixing.engine.mixers.rules import rough_decisions
from mixing.engine.training.corpus import read_corpus, with_human_balance
from mixing.engine.training.examples import Example, examples
from mixing.engine.training.loop import Recipe, Run
from mixing.engine.training.prepared import prepare
from mixing.engine.training.run_state import resume, same, save_run
from mixing.engine.training.waveform import (
    Excerpts,
    HeardSongs,
    advance,
    begin,
    errors_of,
    heard_errors,
    loss_of,
    mixes_of,
    played,
)
from mixing.engine.training.waveform_console import ERRORS
from tests.mixing.engine.mixers.checkpoints import SIZES, card, outspoken
from tests.mixing.engine.training.songs import RATE, noise, tone, write_song

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two songs of a second by two makers: a quiet bass, loud drums, a lead to the left."""
    folder = tmp_path_factory.mktemp("songs")
    for number in (1, 2):
        stems = {
            "Bass.wav": tone(90.0 * number, seconds=1.0, level=0.05, channels=2),
            "Drums.wav": noise(number, seconds=1.0, level=0.2),
            "Lead.wav": tone(700.0, seconds=1.0, channels=2) * np.array([[1.0], [0.4]], dtype=np.float32),
        }
        about = {"human_balance": "sum", "licence": "CC0-1.0", "artist": f"Maker {number}"}
        write_song(folder / f"song{number}", stems, about)
    return folder


@pytest.fixture(scope="module")
def found(corpus: Path) -> list[Example]:
    entries = with_human_balance(read_corpus(corpus))
    return list(examples(entries, (0, 1), cache=corpus / "cache", mel=False))


@pytest.fixture
def excerpts(found: list[Example], corpus: Path) -> Excerpts:
    return excerpts_of(found, corpus)


def excerpts_of(found: list[Example], corpus: Path) -> Excerpts:
    return Excerpts(found, prepare(found, rough_decisions, with_mel=False), HeardSongs(corpus / "cache"))


def network() -> nn.Module:
    """A console net that says something, as after the training by features."""
    made = build_network("console-net", SIZES["console-net"])
    load_tensors(made, Checkpoint(card=card(), tensors=outspoken("console-net")))
    return made


def recipe(steps: int, towers: tuple[str, ...] = TOWERS, **changes: Any) -> Recipe:
    plain: dict[str, Any] = {"songs": 2, "rate": 3e-4, "decay": 0.0, "noise": 0.5, "styled": 0.0, "anew": 0.0}
    return Recipe(steps=dict.fromkeys(towers, steps), **{**plain, **changes})


def tuned(excerpts: Excerpts, wanted: Recipe) -> Run:
    run = begin(network(), wanted)
    advance(run, excerpts, until=run.last)
    return run


def moved_by(run: Run) -> set[str]:
    """The parts of the network that are not what they were."""
    before = network().state_dict()
    return {
        ".".join(name.split(".")[:2])
        for name, tensor in run.network.state_dict().items()
        if not torch.equal(tensor, before[name])
    }


@pytest.mark.parametrize("towers", [TOWERS, ("level",), ("eq", "pan_width")])
def test_the_gradient_reaches_each_tower_that_is_moved_and_no_other(
    excerpts: Excerpts, towers: tuple[str, ...]
) -> None:
    net = network()
    excerpt = excerpts.of("song1", 0)
    assert excerpt is not None
    loss_of(errors_of(played(net, excerpt, towers), excerpt)).backward()
    for name, block in cast(Corrector, net).blocks().items():
        grads = {part: weights.grad for part, weights in block.named_parameters() if "turn" not in part}
        if name in towers:
            assert [part for part, grad in grads.items() if grad is None or not grad.any()] == []
        else:
            assert [part for part, grad in grads.items() if grad is not None and grad.any()] == []


def test_what_is_not_in_the_recipe_is_not_moved(excerpts: Excerpts) -> None:
    assert moved_by(tuned(excerpts, recipe(2, ("level", "eq")))) == {"towers.level", "towers.eq"}


def test_it_learns_one_song_by_heart(found: list[Example], corpus: Path) -> None:
    song = [example for example in found if example.song.id == "song1" and example.seed == 0]
    excerpts = excerpts_of(song, corpus)
    run = begin(network(), recipe(15, rate=1e-2, noise=0.0, untold=0.0, songs=1))
    losses: list[float] = []
    before = heard_errors(run.network, excerpts, TOWERS)["song1"]
    advance(run, excerpts, until=15, tell=lambda step, loss: losses.append(loss))
    after = heard_errors(run.network, excerpts, TOWERS)["song1"]
    assert losses[-1] < 0.6 * losses[0]
    assert after["level_lu"] < 0.7 * before["level_lu"]
    assert after["mrstft"] < before["mrstft"]


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(excerpts: Excerpts) -> None:
    one = tuned(excerpts, recipe(2))
    assert same(one, tuned(excerpts, recipe(2)))
    assert not same(one, tuned(excerpts, recipe(2, seed=1)))


def test_a_run_that_was_stopped_and_resumed_is_the_run_that_was_not(excerpts: Excerpts, tmp_path: Path) -> None:
    stopped = begin(network(), recipe(3))
    advance(stopped, excerpts, until=1)
    save_run(stopped, tmp_path / "waveform.safetensors")
    later = begin(network(), recipe(3))
    resume(later, tmp_path / "waveform.safetensors")
    assert later.step == 1
    advance(later, excerpts, until=3)
    assert same(later, tuned(excerpts, recipe(3)))


def test_towers_that_are_left_to_their_rule_are_not_heard(excerpts: Excerpts) -> None:
    net, flat = network(), build_network("console-net", SIZES["console-net"])
    assert heard_errors(net, excerpts, ()) == heard_errors(flat, excerpts, TOWERS)
    level, both = heard_errors(net, excerpts, ("level",)), heard_errors(net, excerpts, TOWERS)
    assert level["song1"]["level_lu"] != heard_errors(net, excerpts, ())["song1"]["level_lu"]
    assert level["song1"]["pan"] != both["song1"]["pan"]
    assert set(level) == {"song1", "song2"}
    assert set(level["song1"]) == set(ERRORS)


def test_a_mix_to_listen_to_is_the_sum_of_the_strips(excerpts: Excerpts) -> None:
    net = network()
    ((song, (mix, rate)),) = mixes_of(net, excerpts, TOWERS).items()
    excerpt = excerpts.of(song, 0)
    assert excerpt is not None
    assert rate == RATE
    assert np.array_equal(mix, played(net, excerpt, TOWERS).detach().sum(dim=0).numpy())


def test_a_song_in_whose_stretch_nothing_sounds_teaches_nothing(found: list[Example], corpus: Path) -> None:
    heard = HeardSongs(corpus / "cache")
    for example in found:
        song = heard.of(example.song)
        song.human_stems = [dataclasses.replace(stem, loudness_lufs=None) for stem in song.human_stems or ()]
    excerpts = Excerpts(found, prepare(found, rough_decisions, with_mel=False), heard)
    assert excerpts.of("song1", 0) is None
    assert heard_errors(network(), excerpts, TOWERS) == {}
    assert mixes_of(network(), excerpts, TOWERS) == {}
    assert moved_by(tuned(excerpts, recipe(1))) == set()


@pytest.mark.parametrize("towers", [(), ("level", "dynamics")])
def test_a_recipe_of_no_block_or_a_foreign_one_is_refused(towers: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="of the blocks"):
        begin(network(), recipe(1, towers))
