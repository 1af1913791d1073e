from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from mixing.engine.mixers import checkpoint
from mixing.engine.mixers.checkpoint import STYLE_TABLE, STYLE_VECTOR
from mixing.engine.mixers.networks.families import build_network, tensors_of
from mixing.engine.mixers.networks.outcome_towers import OUTCOMES, PREFIX
from mixing.engine.mixers.networks.reference_net import SIZES, build
from mixing.engine.mixers.style_table import numbers_of
from mixing.engine.training.made_up import references, sessions
from mixing.engine.training.quantize import Row, default_of, measure, record, write_variant
from mixing.engine.training.reference import draft_card
from mixing.engine.training.reference import tensors_of as reference_tensors
from tests.mixing.engine.mixers.checkpoints import SIZES as SIZES_OF
from tests.mixing.engine.mixers.checkpoints import card, outspoken

ROW = Row(
    file="a", sha256="0" * 64, bytes=3_000_000, load_ms=1.0, latency_ms=10.0, level_db=0.0, eq_db=0.0, pan=0.0,
    width=0.0, reduction_db=0.0, send_db=0.0, just_noticed=0.0,
)  # fmt: skip


@pytest.fixture
def models(tmp_path: Path) -> Path:
    checkpoint.save(tmp_path, card(), outspoken("console-net"))
    return tmp_path


def test_fewer_bits_are_smaller_and_move_the_console_by_little(models: Path) -> None:
    played = sessions(2), references(2)
    rows = {"float32": measure(models, "console-net", "float32", *played)}
    for precision in ("float16", "int8"):
        write_variant(models, "console-net", precision)
        rows[precision] = measure(models, "console-net", precision, *played)
    assert rows["float32"].just_noticed == 0.0
    assert rows["float32"].bytes > rows["float16"].bytes > rows["int8"].bytes
    assert 0.0 < rows["float16"].just_noticed < rows["int8"].just_noticed < 1.0
    assert rows["int8"].sha256 == checkpoint.read_card(models / "console-net.int8.json").sha256


def test_the_towers_that_answer_wishes_are_asked_for_something(tmp_path: Path) -> None:
    torch.manual_seed(2)
    sizes = {**SIZES_OF["console-net"], "outcomes": 8}
    network = build_network("console-net", sizes)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.startswith(PREFIX) and "head" in name:
                parameter.copy_(0.5 * torch.randn(parameter.shape))
    tensors = {
        **tensors_of(network), STYLE_VECTOR: np.zeros(4, dtype=np.float32), STYLE_TABLE: numbers_of(None)
    }  # fmt: skip
    towers = dict.fromkeys(OUTCOMES, "trained")
    checkpoint.save(tmp_path, card(architecture=sizes, towers=towers), tensors)
    write_variant(tmp_path, "console-net", "int8")
    row = measure(tmp_path, "console-net", "int8", sessions(2), references(2))
    assert row.eq_db == row.pan == row.width == 0.0
    assert row.reduction_db > 0.0
    assert row.send_db > 0.0


def test_a_net_that_needs_a_reference_is_handed_one(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = build(SIZES)
    for head in (network.to_stem, network.to_master):
        torch.nn.init.normal_(head[-1].weight, std=0.05)
    checkpoint.save(tmp_path, draft_card([], seed=0, steps=0, metrics={}), reference_tensors(network))
    write_variant(tmp_path, "reference-net", "int8")
    played = sessions(1, stems=3), references(1)
    assert measure(tmp_path, "reference-net", "float32", *played).just_noticed == 0.0
    row = measure(tmp_path, "reference-net", "int8", *played)
    assert row.just_noticed > 0.0


def test_the_card_records_them_and_the_weights_stay(models: Path) -> None:
    before = checkpoint.load(models / "console-net.safetensors")
    record(models, "console-net", {"float16": ROW})
    record(models, "console-net", {"int8": ROW})
    after = checkpoint.load(models / "console-net.safetensors")
    assert after.card.sha256 == before.card.sha256
    assert set(after.card.quantisation) == {"float16", "int8"}


def test_fewer_bits_ship_only_where_nobody_hears_them_and_they_save_something() -> None:
    def small(**changes: float) -> Row:
        return dataclasses.replace(ROW, **{"bytes": 750_000, "just_noticed": 0.1, **changes})

    assert default_of({"float32": ROW, "int8": small()}) == "int8"
    assert default_of({"float32": ROW, "int8": small(just_noticed=0.3)}) == "float32"
    assert default_of({"float32": ROW, "int8": small(bytes=2_900_000)}) == "float32"
    assert default_of({"float32": ROW, "int8": small(bytes=2_900_000, latency_ms=5.0)}) == "int8"
