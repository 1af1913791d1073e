"""The towers that correct formulas: any number of stems in any order, bounded, silent until they have learned."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import pytest
import torch

from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.checkpoint import Tensors
from mixing.engine.mixers.interface import Intent, SessionFeatures, StemIntent
from mixing.engine.mixers.learned import LearnedMixer, listening
from mixing.engine.mixers.networks.batch import STYLE_AXES
from mixing.engine.mixers.networks.families import TOWERS, build_network, tensors_of
from mixing.engine.mixers.networks.outcome_towers import (
    LOSS_LU,
    OUTCOMES,
    RETURN_LU,
    THRESHOLD_DB,
    BusOutcomes,
    OutcomeTowers,
    StemOutcomes,
)
from mixing.engine.mixers.outcomes import ASKED_COLUMNS, MEMBER_COLUMNS, SOUND_COLUMNS
from mixing.engine.mixers.styles import STYLES
from tests.mixing.engine.features import made_up_mel
from tests.mixing.engine.mixers.checkpoints import card, outspoken
from tests.mixing.engine.mixers.sessions import SILENCE, random_session, session, stem

torch.set_num_threads(1)
SIZES = {"hidden": 8, "style": len(STYLE_AXES), "outcomes": 8}
BUS_COLUMNS = ASKED_COLUMNS + 5


def spoken(towers: OutcomeTowers, *, wild: float = 0.5) -> OutcomeTowers:
    torch.manual_seed(1)
    with torch.no_grad():
        for name, parameter in towers.named_parameters():
            if "head" in name:
                parameter.normal_(std=wild)
    return towers.eval()


def tensors(**changes: Any) -> Tensors:
    torch.manual_seed(1)
    towers = spoken(OutcomeTowers(hidden=8), **changes)
    return {**outspoken("console-net"), **{f"outcomes.{name}": each for name, each in tensors_of(towers).items()}}


def mixer(towers: tuple[str, ...] = OUTCOMES, **changes: Any) -> LearnedMixer:
    says = {**dict.fromkeys(TOWERS, "rule"), **dict.fromkeys(OUTCOMES, "rule"), **dict.fromkeys(towers, "trained")}
    return LearnedMixer.in_memory(card(architecture=SIZES, towers=says), tensors(**changes), listening)


def heard(count: int, seed: int) -> SessionFeatures:
    of = random_session(count, seed)
    stems = [dataclasses.replace(each, mel=made_up_mel(seed=place)) for place, each in enumerate(of.stems)]
    return dataclasses.replace(of, stems=tuple(stems))


def dense(of: SessionFeatures, made: LearnedMixer) -> ConsoleParameters:
    """Everything wished at once: compression everywhere by the style, space for every stem by the musician."""
    wet = {each.name: StemIntent(space=0.4) for each in of.stems}
    return made.predict(of, Intent(style="dense", stems=wet))


@pytest.mark.parametrize("count", [1, 2, 9, 64])
def test_any_number_of_stems_is_corrected(count: int) -> None:
    of = heard(count, 11)
    assert [strip.stem for strip in dense(of, mixer()).strips] == [each.name for each in of.stems]


def test_the_order_of_the_stems_changes_no_knob() -> None:
    of = heard(12, 4)
    shuffled = list(of.stems)
    random.Random(2).shuffle(shuffled)
    one, other = dense(of, mixer()), dense(dataclasses.replace(of, stems=tuple(shuffled)), mixer())
    assert {strip.stem: strip for strip in one.strips} == {strip.stem: strip for strip in other.strips}
    assert (one.groups, one.master) == (other.groups, other.master)


def test_the_towers_themselves_are_equivariant_and_buses_do_not_care_for_order() -> None:
    towers, order = spoken(OutcomeTowers(hidden=8)), torch.tensor([2, 0, 3, 1])
    stems, groups = torch.randn(1, 4, SOUND_COLUMNS + ASKED_COLUMNS), torch.tensor([[0, 1, 3, 3]])
    with torch.inference_mode():
        one = towers.dynamics(stems, groups, torch.ones(1, 4))
        other = towers.dynamics(stems[:, order], groups[:, order], torch.ones(1, 4))
        torch.testing.assert_close(other, one[:, order], atol=1e-5, rtol=1e-5)
        members, asked = torch.randn(1, 4, SOUND_COLUMNS + MEMBER_COLUMNS), torch.randn(1, 2, BUS_COLUMNS)
        fed = torch.tensor([[[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]]])
        torch.testing.assert_close(
            towers.groups(members[:, order], fed[:, :, order], asked),
            towers.groups(members, fed, asked),
            atol=1e-5,
            rtol=1e-5,
        )


def test_an_untrained_tower_leaves_the_formulas_alone_and_an_unfed_bus_too() -> None:
    fresh = OutcomeTowers(hidden=8)
    stems = torch.randn(2, 3, SOUND_COLUMNS + ASKED_COLUMNS)
    assert not fresh.dynamics(stems, torch.zeros(2, 3, dtype=torch.int64), torch.ones(2, 3)).any()
    members, asked = torch.randn(1, 3, SOUND_COLUMNS + MEMBER_COLUMNS), torch.randn(1, 4, BUS_COLUMNS)
    assert not spoken(fresh).groups(members, torch.zeros(1, 4, 3), asked).any()


@pytest.mark.parametrize("name", OUTCOMES)
def test_corrections_stay_within_their_bounds_however_wild_the_weights(name: str) -> None:
    tower = getattr(spoken(OutcomeTowers(hidden=8), wild=100.0), name)
    bounds = torch.tensor((RETURN_LU, RETURN_LU) if name == "space" else (THRESHOLD_DB, LOSS_LU))
    if isinstance(tower, StemOutcomes):
        rows = 4.0 * torch.randn(3, 5, tower.enter.in_features)
        found = tower(rows, torch.zeros(3, 5, dtype=torch.int64), torch.ones(3, 5))
    else:
        assert isinstance(tower, BusOutcomes)
        found = tower(
            4.0 * torch.randn(3, 5, tower.enter.in_features), torch.ones(3, 2, 5), torch.randn(3, 2, BUS_COLUMNS)
        )
    assert bool((found.abs() <= bounds).all())
    assert bool((found.abs() > 0.9 * bounds).any())


@pytest.mark.parametrize("tower", OUTCOMES)
def test_each_tower_moves_its_own_knobs_where_its_card_says_trained(tower: str) -> None:
    def knobs(console: ConsoleParameters) -> dict[str, Any]:
        return {
            "dynamics": [strip.compressor for strip in console.strips],
            "space": [strip.sends for strip in console.strips],
            "groups": console.groups,
            "master": console.master,
        }

    of = heard(9, 3)
    plain, moved = knobs(dense(of, mixer(()))), knobs(dense(of, mixer((tower,))))
    assert plain[tower] != moved[tower]
    # What stems do reaches the buses; nothing else reaches anything.
    behind = {"dynamics": {"groups", "master"}, "groups": {"master"}}.get(tower, set())
    assert all(plain[other] == moved[other] for other in OUTCOMES if other not in {tower, *behind})


def test_a_tower_whose_card_says_rule_is_the_formula() -> None:
    of = heard(9, 3)
    older = LearnedMixer.in_memory(card(towers=dict.fromkeys(TOWERS, "rule")), outspoken("console-net"), listening)
    assert dense(of, mixer(())) == dense(of, older)


def test_a_mix_without_wishes_is_the_same_with_and_without_these_towers() -> None:
    of = heard(9, 3)
    assert mixer().predict(of, Intent()) == mixer(()).predict(of, Intent())


def test_the_same_session_gives_the_same_console() -> None:
    of = heard(8, 1)
    assert dense(of, mixer()) == dense(of, mixer())


@pytest.mark.parametrize("style", STYLES)
def test_silence_and_stems_without_pictures_are_mixed(style: str) -> None:
    quiet = session(stem("a", audio=SILENCE), stem("b", audio=SILENCE))
    assert len(mixer().predict(quiet, Intent(style=style)).strips) == 2
    assert len(mixer().predict(random_session(5, 2), Intent(style=style)).strips) == 5


def test_tensors_without_these_towers_do_not_pass_for_a_network_with_them() -> None:
    with pytest.raises(MixFailed) as caught:
        listening(card(architecture=SIZES), outspoken("console-net"))
    assert caught.value.code == "checkpoint_foreign"
    with pytest.raises(MixFailed):
        build_network("deep-sets", {"hidden": 8, "style": 4, "outcomes": 8})
