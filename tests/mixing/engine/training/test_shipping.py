from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from django.core.management import call_command
from django.core.management.base import CommandError

from mixing.engine.errors import MixFailed
from mixing.engine.mixers import checkpoint
from mixing.engine.mixers.interface import Intent
from mixing.engine.mixers.networks.families import tensors_of
from mixing.engine.mixers.networks.outcome_towers import OUTCOMES, PREFIX, OutcomeTowers
from mixing.engine.mixers.registry import mixer
from mixing.engine.training import retrain, shipping
from mixing.engine.training.loop import Recipe
from mixing.engine.training.made_up import sessions
from mixing.engine.training.outcome_shipping import Calibrated
from mixing.engine.training.retrain import RECIPES, _best, choose
from mixing.engine.training.shipping import VECTORS, Order, train, write_styles
from mixing.engine.training.tracking import Tracker
from tests.mixing.engine.mixers.checkpoints import SIZES, card, outspoken
from tests.mixing.engine.training.lessons import entry, made_up_examples


@pytest.fixture
def order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Order:
    """Made-up songs instead of sound, a small network, and no sounds on the board."""
    small = dataclasses.replace(RECIPES["console-net"], sizes=SIZES["console-net"], songs=4)
    monkeypatch.setitem(cast(dict[str, Recipe], RECIPES), "console-net", small)
    monkeypatch.setattr(shipping, "shippable", lambda data: [entry(number) for number in range(5)])
    monkeypatch.setattr(shipping, "examples", lambda entries, seeds, **rest: made_up_examples(5, 1, stems=4))
    monkeypatch.setattr(shipping, "calibrated", lambda *args, **rest: calibrated_towers())
    monkeypatch.setattr(Tracker, "sounds", lambda *args, **rest: None)
    return Order(
        family="console-net",
        data=tmp_path,
        cache=tmp_path,
        output=tmp_path / "models",
        runs=tmp_path / "runs",
        seeds=1,
        most_steps=20,
        command="manage.py train_mixer",
    )


def calibrated_towers() -> Calibrated:
    """Outcome towers that nobody trained."""
    torch.manual_seed(1)
    tensors = {PREFIX + name: tensor for name, tensor in tensors_of(OutcomeTowers(hidden=4)).items()}
    towers = dict.fromkeys(OUTCOMES, "trained")
    return Calibrated(tensors=tensors, towers=towers, metrics={}, recipe={"hidden": 4}, hidden=4)


def test_a_run_writes_a_checkpoint_whose_card_says_how_it_came_to_be(order: Order) -> None:
    told: list[str] = []
    written = train(order, told.append)
    loaded = checkpoint.load(order.output / "console-net.safetensors")
    assert loaded.card == written
    assert [song["id"] for song in written.data["songs"]] == [f"song{number}" for number in range(5)]
    assert written.data["songs"][0]["licence"] == "CC0-1.0"
    assert set(written.towers.values()) <= {"trained", "rule"}
    assert set(OUTCOMES) < set(written.towers)
    assert written.architecture["outcomes"] == 4
    assert written.metrics["left_out_artists"]["songs"] == 5
    assert written.recipe["command"] == "manage.py train_mixer"
    assert any("stops at" in line for line in told)
    assert list((order.runs / "console-net").glob("events.*"))
    assert len(mixer("console-net", order.output).predict(sessions(1)[0], Intent()).strips) == 8


def test_the_same_order_writes_the_same_bytes_and_so_does_one_that_goes_on(order: Order, tmp_path: Path) -> None:
    first = train(order)
    again = train(dataclasses.replace(order, output=tmp_path / "again", runs=tmp_path / "again"))
    resumed = train(dataclasses.replace(order, output=tmp_path / "resumed", resume=True))
    assert first.sha256 == again.sha256 == resumed.sha256
    assert first.metrics == resumed.metrics


def test_going_on_without_a_run_is_refused(order: Order) -> None:
    with pytest.raises(MixFailed) as caught:
        train(dataclasses.replace(order, resume=True))
    assert caught.value.code == "no_run"


def test_songs_of_two_artists_do_not_show_when_to_stop() -> None:
    with pytest.raises(MixFailed) as caught:
        choose("console-net", made_up_examples(2, 1, stems=3), RECIPES["console-net"], most_steps=20)
    assert caught.value.code == "too_few_songs"


def test_the_least_correction_within_one_standard_error_is_chosen() -> None:
    def errors(*levels: float) -> dict[str, dict[str, float]]:
        return {str(song): {"level": level, "eq": 0.0, "pan_width": 0.0} for song, level in enumerate(levels)}

    flat, better, best = errors(3.0, 3.0, 3.0), errors(2.0, 2.1, 1.9), errors(1.9, 2.3, 1.7)
    held = {share: {0: flat, 20: flat, 40: flat, 60: flat, 80: flat} for share in retrain.SHARES}
    held[1.0] = {0: flat, 20: flat, 40: flat, 60: best, 80: best}
    held[0.5] = {0: flat, 20: flat, 40: flat, 60: better, 80: better}
    assert _best(held, ("level",)) == (80, 0.5)
    held[0.5] = {0: flat, 20: flat, 40: flat, 60: flat, 80: flat}
    assert _best(held, ("level",)) == (80, 1.0)


def test_styles_are_children_with_the_same_towers_and_another_sound(tmp_path: Path) -> None:
    parent = checkpoint.save(tmp_path, card(), outspoken("console-net"))
    styles = write_styles(tmp_path)
    of = sessions(1)[0]
    natural = mixer("console-net", tmp_path).predict(of, Intent())
    for written in styles:
        assert written.parents == (parent.sha256,)
        styled = mixer(written.key, tmp_path).predict(of, Intent())
        changed = [abs(one.fader_db - other.fader_db) for one, other in zip(styled.strips, natural.strips, strict=True)]
        assert max(changed) >= 1.0
        assert styled.groups != natural.groups
    assert {path.stem for path in tmp_path.glob("console-net-*.json")} == {f"console-net-{name}" for name in VECTORS}


def test_a_named_style_goes_before_the_mixers_own(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, card(), outspoken("console-net"))
    write_styles(tmp_path)
    of = sessions(1)[0]
    asked = mixer("console-net-dense", tmp_path).predict(of, Intent(style="wide"))
    assert asked.reverb == mixer("console-net", tmp_path).predict(of, Intent(style="wide")).reverb


# ---- the commands ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ((), "Say with --data"),
        (("--data", "nowhere"), "no folder called nowhere"),
        (("--data", "x", "--steps", "0"), "--steps is a number"),
        (("--data", "x", "--seeds", "100"), "--seeds is a number"),
    ],
)
def test_the_command_tells_what_is_wrong(flags: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("train_mixer", "--family", "deep-sets", *flags)


def test_the_reference_net_does_not_pretend_to_go_on(tmp_path: Path) -> None:
    order = ("--family", "reference-net", "--data", str(tmp_path), "--output", str(tmp_path), "--resume")
    with pytest.raises(CommandError, match="leave --resume out"):
        call_command("train_mixer", *order)


def test_only_the_console_net_has_styles(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Only console-net"):
        call_command("train_mixer", "--family", "deep-sets", "--styles", "--output", tmp_path)


def test_the_quantising_command_writes_a_variant_and_records_it(tmp_path: Path, capsys: Any) -> None:
    checkpoint.save(tmp_path, card(), outspoken("console-net"))
    call_command("quantize_mixer", "console-net", "--to", "int8", "--models", tmp_path)
    recorded = json.loads((tmp_path / "console-net.json").read_text())["quantisation"]
    assert recorded["int8"]["bytes"] < recorded["float32"]["bytes"]
    assert "of what is just noticed" in capsys.readouterr().out
    small = mixer(recorded["int8"]["sha256"], tmp_path)
    assert small.key == "console-net"


@pytest.mark.parametrize("key", ["rough-mix", "../console-net", "nobody"])
def test_what_was_not_trained_is_not_quantised(tmp_path: Path, key: str) -> None:
    with pytest.raises(CommandError, match="holds no checkpoint"):
        call_command("quantize_mixer", key, "--to", "f16", "--models", tmp_path)
