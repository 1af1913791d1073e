from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from django.core.management import call_command
from django.core.management.base import CommandError

from mixing.engine.errors import MixFailed
from mixing.engine.mixers import checkpoint
from mixing.engine.mixers.interface import Intent
from mixing.engine.mixers.networks.families import tensors_of
from mixing.engine.mixers.rules import rough_decisions
from mixing.engine.training import shipping, waveform_choice
from mixing.engine.training.corpus import read_corpus, with_human_balance
from mixing.engine.training.examples import Example, examples
from mixing.engine.training.loop import Recipe, Run, advance, shrink
from mixing.engine.training.prepared import Prepared, prepare
from mixing.engine.training.retrain import RECIPES, Chosen, train_fold
from mixing.engine.training.retrain import begin as begin_by_features
from mixing.engine.training.shipping import Order, train
from mixing.engine.training.tracking import Tracker
from mixing.engine.training.waveform_choice import (
    DIFFERENCE,
    Stage,
    Verdict,
    forget,
    judge,
    stage_recipe,
    train_fold_on_sound,
    tune,
    verdict_of,
)
from mixing.engine.training.waveform_console import ERRORS
from tests.mixing.engine.mixers.checkpoints import SIZES
from tests.mixing.engine.training.lessons import made_up_examples
from tests.mixing.engine.training.songs import noise, tone, write_song

torch.set_num_threads(1)
TRAINED = {"level": "trained", "eq": "trained", "pan_width": "rule"}


def chosen(**towers: str) -> Chosen:
    steps = {"level": 3, "eq": 2, "pan_width": 2}
    recipe = dataclasses.replace(
        RECIPES["console-net"], steps=steps, shares=dict.fromkeys(steps, 0.5), sizes=SIZES["console-net"], songs=3
    )
    return Chosen(recipe=recipe, towers={**TRAINED, **towers}, curve={}, metrics={})


def held(*levels: list[float]) -> dict[int, dict[str, dict[str, float]]]:
    """Level errors of songs at steps 0, 10, 20 …; whatever else is heard stays."""
    other = dict.fromkeys(ERRORS, 1.0)
    return {
        10 * number: {str(song): {**other, "level_lu": level} for song, level in enumerate(found)}
        for number, found in enumerate(levels)
    }


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Example]:
    """Three songs of a second by three makers."""
    folder = tmp_path_factory.mktemp("songs")
    for number in (1, 2, 3):
        stems = {
            "Bass.wav": tone(60.0 * number, seconds=1.0, level=0.05, channels=2),
            "Drums.wav": noise(number, seconds=1.0),
        }
        about = {"human_balance": "sum", "licence": "CC0-1.0", "artist": f"Maker {number}"}
        write_song(folder / f"song{number}", stems, about)
    return list(examples(with_human_balance(read_corpus(folder)), (0,), cache=folder / "cache", mel=False))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(steps=2, cache=tmp_path / "cache", folder=tmp_path / "run")


def finished(found: list[Example]) -> tuple[Run, list[Prepared]]:
    """What the training by features leaves."""
    prepared = prepare(found, rough_decisions, with_mel=False)
    run = begin_by_features("console-net", prepared, chosen().recipe)
    advance(run, prepared, until=run.last)
    return run, prepared


def verdict(*, kept: bool, steps: int = 2) -> Verdict:
    return dataclasses.replace(verdict_of(held([2.0, 2.0], [1.0, 1.0])), kept=kept, steps=steps)


def weights(run: Run) -> dict[str, Any]:
    return tensors_of(run.network)


# ---- what left-out artists say ---------------------------------------------------------------------------------------


def test_a_stage_that_helps_on_every_song_is_kept() -> None:
    found = verdict_of(held([3.0, 2.0, 4.0], [2.5, 1.5, 3.5]))
    assert (found.kept, found.steps) == (True, 10)
    assert found.metrics["level_lu"]["before"]["mean"] == pytest.approx(3.0)
    assert found.metrics["level_lu"][DIFFERENCE] == {"mean": -0.5, "low": -0.5, "high": -0.5}
    assert found.metrics["together"][DIFFERENCE]["mean"] == pytest.approx(-0.2)  # half a LU of 2.5
    assert found.curve[10]["level_lu"] == pytest.approx(2.5)
    assert "is kept: on left-out artists level_lu 3.000 to 2.500 (-0.500" in found.sentence()


def test_a_stage_that_helps_some_songs_and_harms_others_is_not_kept() -> None:
    found = verdict_of(held([3.0, 2.0, 4.0, 3.0], [1.0, 2.5, 4.5, 3.5]))
    assert not found.kept
    assert "is not kept, the weights stay as they were" in found.sentence()


def test_a_stage_that_clearly_harms_one_error_is_not_kept_whatever_it_does_for_another() -> None:
    found = held([3.0, 2.0, 4.0], [1.0, 0.5, 1.5])
    for errors in found[10].values():
        errors["eq_db"] = 1.1
    assert verdict_of(found).metrics["together"][DIFFERENCE]["high"] < 0.0
    assert not verdict_of(found).kept


def test_the_fewest_steps_within_one_standard_error_are_chosen() -> None:
    before, first, second = [3.0, 3.0, 3.0], [2.0, 2.1, 1.9], [1.9, 2.3, 1.7]
    assert verdict_of(held(before, first, second)).steps == 10
    assert verdict_of(held(before, before, second)).steps == 20


def test_only_towers_that_play_are_moved() -> None:
    recipe = stage_recipe(chosen(), steps=7, seed=3)
    assert recipe.steps == {"level": 7, "eq": 7}
    assert recipe.seed == 3
    assert recipe.shares == chosen().recipe.shares
    with pytest.raises(MixFailed) as caught:
        stage_recipe(chosen(level="rule", eq="rule"), steps=7)
    assert caught.value.code == "nothing_to_tune"


def test_songs_of_two_artists_do_not_show_whether_it_helps(stage: Stage) -> None:
    with pytest.raises(MixFailed) as caught:
        judge(chosen(), made_up_examples(2, 1, stems=3), stage_recipe(chosen(), steps=2), stage, quiet())
    assert caught.value.code == "too_few_songs"


def test_every_song_is_heard_by_a_network_that_did_not_know_its_artist(found: list[Example], stage: Stage) -> None:
    tracker = quiet()
    told: list[str] = []
    recipe = dataclasses.replace(stage_recipe(chosen(), steps=2), songs=1)
    said = judge(chosen(), found, recipe, stage, tracker, told.append)
    assert said.metrics["songs"] == 3
    assert sorted(said.curve) == [0, 2]
    assert [name for name, _ in tracker.heard] == [0, 2]  # type: ignore[attr-defined]
    assert told == [f"waveform stage, left-out artists, part {number}" for number in (1, 2, 3)]


# ---- the stage itself ------------------------------------------------------------------------------------------------


class Quiet(Tracker):
    """Remembers mixes, and writes nothing."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, Any]] = []

    def curve(self, name: str, values: Any) -> None: ...

    def waveform_loss(self, step: int, value: float) -> None: ...

    def mixes(self, name: str, mixes: Any, *, step: int) -> None:
        self.heard.append((step, mixes))


def quiet() -> Tracker:
    return Quiet()


def judged_to_be(monkeypatch: pytest.MonkeyPatch, said: Verdict) -> None:
    monkeypatch.setattr(waveform_choice, "judge", lambda *args, **rest: said)


def test_a_stage_that_does_not_help_leaves_the_weights_as_they_were(
    found: list[Example], stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged_to_be(monkeypatch, verdict(kept=False))
    run, prepared = finished(found)
    before = weights(run)
    told: list[str] = []
    assert not tune(run, chosen(), found, prepared, stage, quiet(), told.append).kept
    assert all(np.array_equal(tensor, before[name]) for name, tensor in weights(run).items())
    assert any("the weights stay as they were" in line for line in told)


def test_a_stage_that_helps_moves_the_towers_that_play(
    found: list[Example], stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged_to_be(monkeypatch, verdict(kept=True))
    run, prepared = finished(found)
    tune(run, chosen(), found, prepared, stage, quiet())
    before, _ = finished(found)
    shrink(before)
    apart = {
        name.split(".")[1] for name, tensor in weights(run).items() if not np.array_equal(tensor, weights(before)[name])
    }
    assert apart == {"level", "eq"}


def test_a_stage_that_goes_on_is_the_one_that_was_not_stopped(
    found: list[Example], stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged_to_be(monkeypatch, verdict(kept=True, steps=4))
    whole, prepared = finished(found)
    tune(whole, chosen(), found, prepared, stage, quiet())
    stopped, _ = finished(found)
    forget(stage.folder)

    def stop(*args: Any, until: int, **rest: Any) -> None:
        if args[0].step == 2:
            raise KeyboardInterrupt
        onwards(*args, until=2, **rest)

    onwards = waveform_choice.advance
    monkeypatch.setattr(waveform_choice, "advance", stop)
    with pytest.raises(KeyboardInterrupt):
        tune(stopped, chosen(), found, prepared, stage, quiet())
    monkeypatch.setattr(waveform_choice, "advance", onwards)
    monkeypatch.setattr(waveform_choice, "judge", lambda *args, **rest: pytest.fail("It has been judged."))
    later, _ = finished(found)
    told: list[str] = []
    tune(later, chosen(), found, prepared, dataclasses.replace(stage, resume=True), quiet(), told.append)
    assert "the waveform stage goes on at step 2 of 4" in told
    assert all(np.array_equal(tensor, weights(whole)[name]) for name, tensor in weights(later).items())


def test_a_verdict_on_other_settings_is_none(
    found: list[Example], stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged_to_be(monkeypatch, verdict(kept=False))
    run, prepared = finished(found)
    tune(run, chosen(), found, prepared, stage, quiet())
    judged_to_be(monkeypatch, verdict(kept=False, steps=1))
    other = dataclasses.replace(stage, resume=True, seed=1)
    assert tune(run, chosen(), found, prepared, other, quiet()).steps == 1
    (stage.folder / "waveform.json").write_text("{")
    assert tune(run, chosen(), found, prepared, dataclasses.replace(stage, resume=True), quiet()).steps == 1


def test_a_fold_becomes_a_mixer_that_heard_its_songs(found: list[Example], monkeypatch: pytest.MonkeyPatch) -> None:
    small = dataclasses.replace(chosen().recipe, shares={"level": 0.5, "eq": 0.75, "pan_width": 0.0})
    monkeypatch.setitem(cast(dict[str, Recipe], RECIPES), "console-net", small)
    folder = found[0].song.folder.parent
    one, other = (train_fold_on_sound(found, cache=folder / "cache", steps=2) for _ in range(2))
    silent, of = train_fold("console-net", found), found[0].degraded
    assert one.predict(of, Intent()) == other.predict(of, Intent())
    tuned, plain = one.decide(of).stems, silent.decide(of).stems
    assert {name: each.pan for name, each in tuned.items()} == {name: each.pan for name, each in plain.items()}
    assert all(tuned[name].level_lu != plain[name].level_lu for name in plain)


# ---- checkpoints and the command -------------------------------------------------------------------------------------


@pytest.fixture
def order(found: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Order:
    """Songs of a second, a small network, no outcome towers and no sounds on the board."""
    monkeypatch.setattr(shipping, "shippable", lambda data: [example.song for example in found])
    monkeypatch.setattr(shipping, "examples", lambda entries, seeds, **rest: found)
    monkeypatch.setattr(shipping, "_chosen", lambda *args: chosen())
    monkeypatch.setattr(shipping, "calibrated", lambda *args, **rest: None)
    monkeypatch.setattr(shipping, "with_outcomes", lambda card, tensors, calibrated: (card, tensors))
    monkeypatch.setattr(Tracker, "sounds", lambda *args, **rest: None)
    return Order(
        family="console-net",
        data=tmp_path,
        cache=tmp_path / "cache",
        output=tmp_path / "models",
        runs=tmp_path / "runs",
        waveform_steps=2,
    )


def test_a_card_says_what_became_of_the_stage(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    without = train(dataclasses.replace(order, waveform_steps=0))
    assert "waveform_stage" not in without.recipe
    judged_to_be(monkeypatch, verdict(kept=False))
    refused = train(order)
    assert refused.recipe["waveform_stage"]["kept"] is False
    assert "waveform_stage" not in refused.metrics
    assert refused.sha256 == without.sha256
    judged_to_be(monkeypatch, verdict(kept=True))
    written = train(order)
    loaded = checkpoint.load(order.output / "console-net.safetensors")
    assert loaded.card.recipe["waveform_stage"] == {"steps": 2, "kept": True, **waveform_choice.LEARNS}
    assert loaded.card.metrics["waveform_stage"]["songs"] == 2
    assert written.sha256 != without.sha256
    assert list((order.runs / "console-net").glob("events.*"))


def test_what_is_left_of_an_earlier_stage_is_forgotten(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    judged_to_be(monkeypatch, verdict(kept=True))
    train(order)
    folder = order.runs / "console-net"
    assert (folder / "waveform.safetensors").exists()
    train(dataclasses.replace(order, waveform_steps=0))
    assert not list(folder.glob("waveform.*"))


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--family", "deep-sets", "--waveform-steps", "10"), "Only console-net is fine-tuned on sound"),
        (("--family", "reference-net", "--waveform-steps", "10"), "leave --waveform-steps out for reference-net"),
        (("--family", "console-net", "--waveform-steps", "-1"), "from 0 to 1000"),
        (("--family", "console-net", "--waveform-steps", "1001"), "from 0 to 1000"),
        (("--family", "console-net", "--styles", "--waveform-steps", "10"), "leave --waveform-steps out"),
        (("--family", "console-net", "--outcomes", "--waveform-steps", "10"), "leave --waveform-steps out"),
    ],
)
def test_the_command_tells_where_the_stage_does_not_apply(flags: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("train_mixer", "--data", "x", *flags)


def test_the_command_hands_the_steps_on_and_the_card_can_be_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    orders: list[Order] = []

    def remember(order: Order, tell: Any) -> Any:
        orders.append(order)
        raise MixFailed("enough", "That is enough.")

    monkeypatch.setattr(shipping, "train", remember)
    for flags in ((), ("--waveform-steps", "30")):
        with pytest.raises(CommandError, match="That is enough"):
            call_command("train_mixer", "--family", "console-net", "--data", "x", *flags)
    assert [order.waveform_steps for order in orders] == [0, 30]
    assert "--waveform-steps" not in orders[0].command
    assert orders[1].command.endswith(" --waveform-steps 30")
