from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from mixing.engine.errors import MixFailed
from mixing.engine.mixers import checkpoint, registry
from mixing.engine.mixers.interface import Intent, Mixer
from mixing.engine.mixers.registry import MODELS, all_mixers, mixer, sha256
from tests.mixing.engine.mixers.checkpoints import card, outspoken
from tests.mixing.engine.mixers.sessions import random_session

RULES = ["faders-up", "equal-loudness", "rough-mix"]
SHIPPED = ["console-net", "console-net-dark", "console-net-dense", "console-net-open", "console-net-wide"]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with two checkpoints of one family, and one of the two as int8 as well."""
    tensors = outspoken("console-net")
    small = checkpoint.save(tmp_path, card(), tensors, precision="int8", name="console-net.int8")
    row = {"file": "console-net.int8.safetensors", "sha256": small.sha256}
    first = checkpoint.save(tmp_path, card(quantisation={"int8": row}), tensors)
    checkpoint.save(tmp_path, card(key="a-child", parents=(first.sha256,)), outspoken("console-net", seed=2))
    return tmp_path


def test_the_rules_come_first_and_every_mixer_has_what_a_list_shows() -> None:
    keys = [candidate.key for candidate in all_mixers()]
    assert keys[:3] == RULES
    assert [key for key in keys if key.startswith("console-net")] == SHIPPED
    assert len(set(keys)) == len(keys)
    for candidate in all_mixers():
        assert mixer(candidate.key) is candidate
        assert isinstance(candidate, Mixer)
        assert all((candidate.family, candidate.version, candidate.title, candidate.summary))


def test_an_unknown_mixer_is_refused_with_the_names_of_those_there_are() -> None:
    with pytest.raises(MixFailed, match="faders-up, equal-loudness, rough-mix, console-net") as caught:
        mixer("magic")
    assert caught.value.code == "unknown_mixer"
    with pytest.raises(MixFailed):
        mixer("f" * 64)


def test_the_registry_loads_no_numerical_compiler() -> None:
    program = (
        "import sys, mixing.engine.mixers.registry as r, mixing.engine.role_names, mixing.engine.session_folder\n"
        "assert len(r.all_mixers()) > 3\n"
        "print([name for name in ('numba', 'torch', 'librosa', 'cma', 'django') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_each_checkpoint_of_a_folder_is_a_mixer_ancestors_first(models: Path) -> None:
    assert [each.key for each in all_mixers(models) if each.key not in RULES and sha256(each)] == [
        "console-net",
        "a-child",
    ]


def test_a_mixer_is_found_by_the_hash_of_its_checkpoint_in_any_precision(models: Path) -> None:
    of = random_session(6, 2)
    plain = mixer("console-net", models)
    assert mixer(checkpoint.read_card(models / "console-net.json").sha256, models) is plain
    small = mixer(checkpoint.read_card(models / "console-net.int8.json").sha256, models)
    assert small.key == "console-net"
    assert sha256(small) != sha256(plain)
    for one, other in zip(small.predict(of, Intent()).strips, plain.predict(of, Intent()).strips, strict=True):
        assert one.fader_db == pytest.approx(other.fader_db, abs=0.5)


def test_a_file_that_has_become_another_checkpoint_does_not_play_under_the_old_hash(models: Path) -> None:
    asked = checkpoint.read_card(models / "console-net.int8.json").sha256
    checkpoint.save(models, card(), outspoken("console-net", seed=9), precision="int8", name="console-net.int8")
    with pytest.raises(MixFailed, match="no longer the checkpoint") as caught:
        mixer(asked, models)
    assert caught.value.code == "checkpoint_tampered"


def test_a_card_that_cannot_be_read_is_left_out_and_told(models: Path, caplog: pytest.LogCaptureFixture) -> None:
    (models / "a-child.json").write_text("{")
    with caplog.at_level(logging.ERROR):
        keys = [each.key for each in all_mixers(models)]
    assert "console-net" in keys
    assert "a-child" not in keys
    assert "a-child.json" in caplog.text


def test_weights_are_loaded_once_and_only_when_they_are_needed(models: Path) -> None:
    first = mixer("console-net", models)
    (models / "console-net.safetensors").rename(models / "away.safetensors")
    with pytest.raises(MixFailed, match=r"console-net\.safetensors"):
        first.predict(random_session(2, 1), Intent())
    (models / "away.safetensors").rename(models / "console-net.safetensors")
    first.predict(random_session(2, 1), Intent())
    (models / "console-net.safetensors").unlink()
    first.predict(random_session(2, 1), Intent())


def test_a_checkpoint_that_changed_under_a_running_program_is_refused(models: Path) -> None:
    first = mixer("console-net", models)
    checkpoint.save(models, card(), outspoken("console-net", seed=9))
    with pytest.raises(MixFailed) as caught:
        first.predict(random_session(2, 1), Intent())
    assert caught.value.code == "checkpoint_tampered"


def test_warming_loads_every_checkpoint(models: Path) -> None:
    registry.warm(models)
    for path in models.glob("*.safetensors"):
        path.unlink()
    assert mixer("a-child", models).predict(random_session(3, 1), Intent()).strips


def test_what_ships_is_whole() -> None:
    for path in sorted(MODELS.glob("*.safetensors")):
        loaded = checkpoint.load(path)
        assert loaded.card.bytes == path.stat().st_size <= 2_000_000
        assert loaded.card.format_version == checkpoint.FORMAT_VERSION
