from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.features_matrix import feature_matrix
from mixing.engine.mixers.interface import Intent, SessionFeatures
from mixing.engine.mixers.networks.families import PLANS
from mixing.engine.training.loop import ERRORS, Recipe, Run, advance, errors_of, evaluate, shrink, start
from mixing.engine.training.prepared import Prepared, lesson_of, natural, prepare
from mixing.engine.training.retrain import FAMILIES, RECIPES, train_fold
from mixing.engine.training.run_state import resume, same, save_run
from tests.mixing.engine.mixers.checkpoints import SIZES
from tests.mixing.engine.training.lessons import made_up_examples

torch.set_num_threads(1)
every_family = pytest.mark.parametrize("family", FAMILIES)


def recipe(family: str, steps: int, **changes: Any) -> Recipe:
    plain: dict[str, Any] = {"noise": 0.0, "untold": 0.0, "styled": 0.0, "anew": 0.0, "songs": 3, "rate": 5e-3}
    blocks = RECIPES[family].steps
    return Recipe(steps=dict.fromkeys(blocks, steps), sizes=SIZES[family], **{**plain, **changes})


def prepared(family: str, **shape: int) -> list[Prepared]:
    return prepare(made_up_examples(**shape), PLANS[family].base, with_mel=PLANS[family].with_mel)


def trained(family: str, lessons: list[Prepared], wanted: Recipe) -> Run:
    run = start(family, lessons, wanted)
    advance(run, lessons, until=run.last)
    return run


def mean(errors: dict[str, dict[str, float]], name: str) -> float:
    return float(np.mean([song[name] for song in errors.values()]))


@every_family
def test_it_learns_one_batch_by_heart(family: str) -> None:
    lessons = prepared(family, songs=2, seeds=1, stems=4)
    run = start(family, lessons, recipe(family, 40, rate=2e-2, decay=0.0, songs=2))
    before = evaluate(run.network, lessons)
    advance(run, lessons, until=40)
    after = evaluate(run.network, lessons)
    assert mean(after, "level") < 0.7 * mean(before, "level")
    assert mean(after, "eq") < 0.9 * mean(before, "eq")


def test_the_gradient_reaches_every_tower() -> None:
    lessons = prepared("console-net")
    run = trained("console-net", lessons, recipe("console-net", 2))
    style = torch.ones(len(lessons), 4)
    lesson = lesson_of(lessons, style)
    corrections = cast(Any, run.network)(lesson.seen)
    errors = errors_of(corrections, lesson)
    (sum(errors[name].mean() for name in ERRORS) + corrections["width"].abs().mean()).backward()
    silent = [
        name for name, weights in run.network.named_parameters() if weights.grad is None or not weights.grad.any()
    ]
    assert silent == []


def test_a_block_stops_at_its_own_step() -> None:
    lessons = prepared("console-net")
    wanted = dataclasses.replace(recipe("console-net", 6), steps={"level": 2, "eq": 6, "pan_width": 4})
    run = start("console-net", lessons, wanted)
    advance(run, lessons, until=2)
    before = {name: tensor.clone() for name, tensor in run.network.state_dict().items()}
    advance(run, lessons, until=6)
    moved = {
        name.split(".")[1] for name, tensor in run.network.state_dict().items() if not torch.equal(tensor, before[name])
    }
    assert moved == {"eq", "pan_width"}


@every_family
def test_the_same_seed_gives_the_same_network_and_another_seed_another(family: str) -> None:
    lessons = prepared(family)
    noisy = recipe(family, 4, noise=0.5, untold=0.2, styled=0.5, anew=0.5)
    one = trained(family, lessons, noisy)
    assert same(one, trained(family, lessons, noisy))
    assert not same(one, trained(family, lessons, dataclasses.replace(noisy, seed=1)))


@every_family
def test_a_run_that_was_stopped_and_resumed_is_the_run_that_was_not(family: str, tmp_path: Path) -> None:
    lessons = prepared(family)
    wanted = recipe(family, 8, noise=0.5, styled=0.5)
    stopped = start(family, lessons, wanted)
    advance(stopped, lessons, until=3)
    save_run(stopped, tmp_path / "run.safetensors")
    later = start(family, lessons, wanted)
    resume(later, tmp_path / "run.safetensors")
    assert later.step == 3
    advance(later, lessons, until=8)
    assert same(later, trained(family, lessons, wanted))


def test_a_run_of_another_recipe_or_none_is_not_resumed(tmp_path: Path) -> None:
    lessons = prepared("deep-sets")
    run = start("deep-sets", lessons, recipe("deep-sets", 4))
    save_run(run, tmp_path / "run.safetensors")
    with pytest.raises(MixFailed) as caught:
        resume(start("deep-sets", lessons, recipe("deep-sets", 5)), tmp_path / "run.safetensors")
    assert caught.value.code == "other_run"
    (tmp_path / "broken").write_bytes(b"\x05\0\0\0\0\0\0\0{}")
    for name in ("absent", "broken"):
        with pytest.raises(MixFailed) as caught:
            resume(run, tmp_path / name)
        assert caught.value.code == "no_run"


def test_no_share_is_the_base_and_shrinking_keeps_that_share() -> None:
    lessons = prepared("console-net")
    run = trained("console-net", lessons, recipe("console-net", 10, shares={"level": 0.0, "eq": 0.5}))
    half = evaluate(run.network, lessons, share=0.5)
    base = evaluate(run.network, lessons, share=0.0)
    whole = evaluate(run.network, lessons)
    shrink(run)
    found = evaluate(run.network, lessons)
    for song in found:
        assert found[song]["level"] == pytest.approx(base[song]["level"], abs=1e-5)
        assert found[song]["eq"] == pytest.approx(half[song]["eq"], abs=1e-5)
        assert found[song]["pan_width"] == pytest.approx(whole[song]["pan_width"], abs=1e-5)


def test_the_base_is_judged_as_it_decides() -> None:
    """Equal loudness is off by the mean distance of the person's levels from their mean."""
    lessons = prepared("deep-sets", songs=1, seeds=1)
    levels = lessons[0].human_lu
    found = evaluate(start("deep-sets", lessons, recipe("deep-sets", 1)).network, lessons, share=0.0)
    assert found["song0"]["level"] == pytest.approx(np.abs(levels - levels.mean()).mean(), abs=1e-4)


def test_no_feature_comes_from_before_the_degradation() -> None:
    """Another human balance of the same degraded stems is another lesson about the same features."""
    (example,) = made_up_examples(songs=1, seeds=1)
    other = dataclasses.replace(example, human=example.degraded)
    one, two = (prepare([each], PLANS["console-net"].base, with_mel=True)[0] for each in (example, other))
    assert np.array_equal(one.matrix.values, two.matrix.values)
    assert np.array_equal(one.matrix.values, feature_matrix(example.degraded).values)
    assert np.array_equal(one.base.gains_db, two.base.gains_db)
    assert one.mel is not None
    assert np.array_equal(one.mel, two.mel)
    assert not np.array_equal(one.human_lu, two.human_lu)


def test_spectra_that_are_degraded_anew_stay_within_what_degradations_do() -> None:
    from mixing.engine.training.loop import _disturbed

    lessons = prepared("console-net")
    lesson = lesson_of(lessons, natural(len(lessons), 4))
    anew = _disturbed(lesson, recipe("console-net", 1, anew=1.0), np.random.default_rng(1))
    moved = (anew.spectrum_db - anew.human_db)[lesson.seen.heard > 0]
    assert float(moved.abs().max()) <= 9.0 + 9.0 + 6.0
    assert float(moved.std()) > 1.0
    assert torch.equal(anew.human_db, lesson.human_db)


def test_a_style_vector_asks_for_what_its_axis_says() -> None:
    lessons = prepared("console-net", songs=1, seeds=1, stems=8)
    plain = lesson_of(lessons, natural(1, 4))
    nothing = {name: torch.zeros_like(plain.base_lu) for name in ("level", "imbalance", "high_pass", "width")} | {
        "eq": torch.zeros_like(plain.gains_db)
    }
    for axis, error in enumerate(("level", "eq", "level", "pan_width")):
        style = torch.zeros(1, 4)
        style[0, axis] = 1.0
        asked = errors_of(nothing, lesson_of(lessons, style))
        natural_errors = errors_of(nothing, plain)
        changed = {name for name in ERRORS if not torch.allclose(asked[name], natural_errors[name])}
        assert changed == {error}


def test_a_stem_alone_is_no_lesson() -> None:
    assert prepare(made_up_examples(songs=1, seeds=1, stems=1), PLANS["console-net"].base, with_mel=False) == []


@every_family
def test_a_fold_becomes_a_mixer(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cast(dict[str, Recipe], RECIPES), family, recipe(family, 2, shares={"pan_width": 0.0}))
    examples = made_up_examples()
    mixer = train_fold(family, examples, 1)
    of: SessionFeatures = examples[0].degraded
    assert len(mixer.predict(of, Intent()).strips) == len(of.stems)
    assert mixer.predict(of, Intent()) == train_fold(family, examples, 1).predict(of, Intent())
