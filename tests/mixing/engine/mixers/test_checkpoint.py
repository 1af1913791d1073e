from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save as pack_tensors

from mixing.engine.errors import MixFailed
from mixing.engine.mixers import checkpoint
from mixing.engine.mixers.interface import Intent
from mixing.engine.mixers.learned import LearnedMixer, listening
from mixing.engine.mixers.rules import rough_decisions
from tests.mixing.engine.mixers.checkpoints import card, outspoken
from tests.mixing.engine.mixers.sessions import random_session

OLD = Path(__file__).parent / "old_format" / "console-net.safetensors"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    checkpoint.save(tmp_path, card(), outspoken("console-net"))
    return tmp_path / "console-net.safetensors"


def refused(path: Path) -> str:
    with pytest.raises(MixFailed) as caught:
        checkpoint.load(path)
    return caught.value.code


def rewritten(path: Path, **changes: object) -> Path:
    """The card beside ``path`` with other entries; None takes one out."""
    beside = path.with_suffix(".json")
    values = {**json.loads(beside.read_text()), **changes}
    beside.write_text(json.dumps({name: value for name, value in values.items() if value is not None}))
    return path


def test_what_was_saved_is_loaded_again(saved: Path) -> None:
    loaded = checkpoint.load(saved)
    wanted = outspoken("console-net")
    assert loaded.tensors.keys() == wanted.keys()
    assert all(np.array_equal(loaded.tensors[name], wanted[name]) for name in wanted)
    assert loaded.card.sha256 == checkpoint.sha256_of(saved.read_bytes())
    assert loaded.card.bytes == saved.stat().st_size
    assert checkpoint.read_card(saved.with_suffix(".json")) == loaded.card


def test_the_same_checkpoint_is_saved_as_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    tensors = outspoken("console-net")
    checkpoint.save(tmp_path / "again", card(), dict(reversed(tensors.items())))
    for suffix in (".safetensors", ".json"):
        assert (tmp_path / "again" / f"console-net{suffix}").read_bytes() == saved.with_suffix(suffix).read_bytes()


def test_one_changed_weight_is_refused(saved: Path) -> None:
    data = bytearray(saved.read_bytes())
    data[-5] ^= 1
    saved.write_bytes(data)
    assert refused(saved) == "checkpoint_tampered"


def test_weights_of_another_checkpoint_are_refused(saved: Path, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "other", card(), outspoken("console-net", seed=2))
    saved.write_bytes((tmp_path / "other" / saved.name).read_bytes())
    assert refused(saved) == "checkpoint_tampered"


def test_a_file_that_is_gone_is_told(saved: Path) -> None:
    saved.unlink()
    assert refused(saved) == "checkpoint_missing"


@pytest.mark.parametrize("version", [2, -1, "1", 1.0, True, None])
def test_a_format_that_nobody_knows_is_refused(saved: Path, version: object) -> None:
    assert refused(rewritten(saved, format_version=version)) == "checkpoint_format"


@pytest.mark.parametrize(
    "changes", [{"surprise": 1}, {"key": 3}, {"towers": []}, {"sha256": None}, {"precision": "float8"}, {"bytes": "9"}]
)
def test_a_card_of_another_shape_is_refused(saved: Path, changes: dict[str, object]) -> None:
    assert refused(rewritten(saved, **changes)) == "checkpoint_broken"


@pytest.mark.parametrize("content", [b"{", b"[]", b"[" * 100_000, b"\xff\xfe"])
def test_a_card_that_is_no_json_object_is_refused(saved: Path, content: bytes) -> None:
    saved.with_suffix(".json").write_bytes(content)
    assert refused(saved) == "checkpoint_broken"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not tensors at all",
        pack_tensors({"a": np.array([np.nan], dtype=np.float32)}),
        pack_tensors({"a": np.zeros((2, 2), dtype=np.int8)}),
        pack_tensors({"a": np.zeros((2, 2), dtype=np.int8), "a::scale": np.ones(3, dtype=np.float32)}),
    ],
    ids=["empty", "text", "nan", "no scales", "scales that do not fit"],
)
def test_a_file_that_holds_no_usable_numbers_is_refused(saved: Path, data: bytes) -> None:
    saved.write_bytes(data)
    assert refused(rewritten(saved, sha256=checkpoint.sha256_of(data))) == "checkpoint_broken"


def test_tensors_of_another_shape_are_refused_by_name(saved: Path) -> None:
    loaded = checkpoint.load(saved)
    shapes = {name: tensor.shape for name, tensor in loaded.tensors.items()}
    loaded.expect(shapes)
    with pytest.raises(MixFailed, match=r"style\.vector is \(4,\), not \(5,\)") as caught:
        loaded.expect({**shapes, "style.vector": (5,)})
    assert caught.value.code == "checkpoint_foreign"
    with pytest.raises(MixFailed, match="extra is None"):
        loaded.expect({**shapes, "extra": (1,)})


def test_a_checkpoint_of_the_first_format_still_mixes() -> None:
    """``old_format/`` was written by the program that knew format 0, and is never rewritten."""
    raw = json.loads(OLD.with_suffix(".json").read_text())
    assert raw["format_version"] == 0
    loaded = checkpoint.load(OLD)
    assert loaded.card.format_version == checkpoint.FORMAT_VERSION
    assert [song["id"] for song in loaded.card.data["songs"]] == raw["songs"]
    of = random_session(8, 3)
    mixer, base = LearnedMixer(loaded.card, OLD, listening), rough_decisions(of)
    moved = {name: decision.level_lu - base.stems[name].level_lu for name, decision in mixer.decide(of).stems.items()}
    assert moved == pytest.approx(json.loads((OLD.parent / "moved_lu.json").read_text()), abs=1e-3)
    assert len(mixer.predict(of, Intent()).strips) == 8


def test_a_tampered_checkpoint_of_the_first_format_is_refused(tmp_path: Path) -> None:
    for suffix in (".json", ".safetensors"):
        (tmp_path / f"old{suffix}").write_bytes(OLD.with_suffix(suffix).read_bytes())
    path = tmp_path / "old.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    assert refused(path) == "checkpoint_tampered"
