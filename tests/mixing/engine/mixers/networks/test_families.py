from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest
import torch

from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.errors import MixFailed
from mixing.engine.mixers import image
from mixing.engine.mixers.checkpoint import STYLE_VECTOR, Checkpoint
from mixing.engine.mixers.features_matrix import heard
from mixing.engine.mixers.interface import Intent, SessionFeatures
from mixing.engine.mixers.learned import LearnedMixer, listening
from mixing.engine.mixers.networks.decide import pan_towards
from mixing.engine.mixers.networks.families import PLANS, build_network, load_tensors
from mixing.engine.mixers.rules import RoughMix, rough_decisions
from tests.mixing.engine.features import made_up_mel
from tests.mixing.engine.mixers.checkpoints import FAMILIES, SIZES, card, mixer, outspoken
from tests.mixing.engine.mixers.sessions import SILENCE, random_session, session, sound, stem

every_family = pytest.mark.parametrize("family", FAMILIES)


def console(family: str, of: SessionFeatures, **changes: object) -> ConsoleParameters:
    return mixer(family, **changes).predict(of, Intent())


def with_pictures(of: SessionFeatures) -> SessionFeatures:
    stems = tuple(
        dataclasses.replace(each, mel=made_up_mel(seed=number, stereo=True)) for number, each in enumerate(of.stems)
    )
    return dataclasses.replace(of, stems=stems)


@every_family
@pytest.mark.parametrize("count", [1, 2, 9, 64])
def test_it_mixes_any_number_of_stems(family: str, count: int) -> None:
    of = with_pictures(random_session(count, 11))
    assert [strip.stem for strip in console(family, of).strips] == [each.name for each in of.stems]


@every_family
def test_the_order_of_the_stems_changes_no_strip(family: str) -> None:
    of = with_pictures(random_session(12, 4))
    shuffled = list(of.stems)
    random.Random(2).shuffle(shuffled)
    one, other = console(family, of), console(family, dataclasses.replace(of, stems=tuple(shuffled)))
    assert {strip.stem: strip for strip in one.strips} == {strip.stem: strip for strip in other.strips}


@every_family
def test_the_network_itself_is_equivariant(family: str) -> None:
    """Not only because rows are sorted by name: rows that trade places trade their answers."""
    from mixing.engine.mixers.networks.batch import batch_of_session

    of = with_pictures(random_session(7, 8))
    network = build_network(family, SIZES[family])
    tensors = outspoken(family)
    load_tensors(network, Checkpoint(card=card(family), tensors=tensors))
    batch, _ = batch_of_session(of, torch.zeros(4), with_mel=PLANS[family].with_mel)
    order = torch.randperm(batch.heard.shape[1], generator=torch.Generator().manual_seed(1))
    moved = dataclasses.replace(
        batch,
        **{
            name: getattr(batch, name)[:, order]
            for name in ("values", "roles", "groups", "heard", "mel")
            if getattr(batch, name) is not None
        },
    )
    with torch.inference_mode():
        before, after = network(batch), network(moved)
    for name in before:
        torch.testing.assert_close(after[name], before[name][:, order], atol=1e-4, rtol=1e-4)


@every_family
def test_padding_says_nothing(family: str) -> None:
    from mixing.engine.mixers.features_matrix import feature_matrix
    from mixing.engine.mixers.networks.batch import batch_of, mel_of

    short, long = with_pictures(random_session(3, 5)), with_pictures(random_session(9, 6))
    network = build_network(family, SIZES[family])
    load_tensors(network, Checkpoint(card=card(family), tensors=outspoken(family)))

    def answers(*sessions: SessionFeatures) -> dict[str, torch.Tensor]:
        mels = [mel_of(each) for each in sessions] if PLANS[family].with_mel else []
        with torch.inference_mode():
            found = network(batch_of([feature_matrix(each) for each in sessions], torch.zeros(len(sessions), 4), mels))
        return {name: values[0, : len(heard(short))] for name, values in found.items()}

    alone, beside = answers(short), answers(short, long)
    for name in alone:
        torch.testing.assert_close(alone[name], beside[name], atol=1e-4, rtol=1e-4)


@every_family
def test_the_same_session_gives_the_same_console(family: str) -> None:
    of = with_pictures(random_session(8, 1))
    one = mixer(family)
    assert one.predict(of, Intent()) == one.predict(of, Intent()) == console(family, of)


@every_family
def test_it_has_an_opinion_of_its_own(family: str) -> None:
    of = with_pictures(random_session(8, 1))
    assert console(family, of).strips != console(family, of, seed=2).strips


def test_an_untrained_network_is_the_rough_mix() -> None:
    of = random_session(8, 1)
    untrained = {name: tensor * (0.0 if "head" in name else 1.0) for name, tensor in outspoken("console-net").items()}
    made = LearnedMixer.in_memory(card(), untrained, listening).predict(of, Intent())
    wanted = RoughMix().predict(of, Intent())
    assert [strip.fader_db for strip in made.strips] == pytest.approx(
        [each.fader_db for each in wanted.strips], abs=0.02
    )
    assert [strip.pan for strip in made.strips] == pytest.approx([each.pan for each in wanted.strips], abs=2e-3)


def test_a_tower_that_is_rule_decides_nothing() -> None:
    of = random_session(8, 1)
    base = rough_decisions(of)
    towers = {"level": "rule", "eq": "trained", "pan_width": "rule"}
    decided = mixer("console-net", towers=towers).decide(of)
    for each in heard(of):
        assert decided.stems[each.name].level_lu == base.stems[each.name].level_lu
        assert decided.stems[each.name].pan == base.stems[each.name].pan
    assert any(decided.stems[each.name].eq != base.stems[each.name].eq for each in heard(of))


@every_family
def test_silence_and_unlabelled_stems_are_mixed(family: str) -> None:
    quiet = session(stem("a", audio=SILENCE), stem("b", audio=SILENCE))
    assert len(console(family, quiet).strips) == 2
    unlabelled = session(*(stem(f"{number}", "other", centroid_hz=100.0 * (number + 1)) for number in range(4)))
    assert len(console(family, unlabelled).strips) == 4


@every_family
def test_corrections_stay_within_their_bounds_however_wild_the_weights(family: str) -> None:
    wild = {
        name: tensor * (1.0 if name.startswith("style") or name.endswith(("share", "scale")) else 100.0)
        for name, tensor in outspoken(family).items()
    }
    of = with_pictures(random_session(16, 9))
    made = LearnedMixer.in_memory(card(family), wild, listening)
    base = PLANS[family].base(of)
    decided = made.decide(of)
    if family == "console-net":
        moved = [abs(decided.stems[each.name].level_lu - base.stems[each.name].level_lu) for each in heard(of)]
        assert max(moved) <= 4.0 + 1e-4
    for each in heard(of):
        eq = decided.stems[each.name].eq
        gains = [band.gain_db for band in (eq.low_shelf, eq.peak_1, eq.peak_2, eq.peak_3, eq.high_shelf)]
        assert max(abs(gain) for gain in gains) <= 12.0
    made.predict(of, Intent())


@every_family
def test_a_style_vector_is_heard(family: str) -> None:
    of = with_pictures(random_session(8, 1))
    tensors = outspoken(family)
    styled = {**tensors, STYLE_VECTOR: np.ones(4, dtype=np.float32)}
    natural = LearnedMixer.in_memory(card(family), tensors, listening).predict(of, Intent())
    assert LearnedMixer.in_memory(card(family), styled, listening).predict(of, Intent()) != natural


def test_a_mirrored_song_is_mixed_as_a_mirror() -> None:
    audio = sound(channels=2, width=0.2, imbalance=0.3, band_imbalance=(0.3,) * 40, side_db=(-17.0,) * 40)
    mirror = dataclasses.replace(audio, imbalance=-0.3, band_imbalance=(-0.3,) * 40)
    other = stem("b", "bass")
    one = mixer("console-net").decide(session(stem("a", "keys", audio), other)).stems["a"]
    turned = mixer("console-net").decide(session(stem("a", "keys", mirror), other)).stems["a"]
    assert turned.pan == pytest.approx(-one.pan, abs=1e-5)
    assert turned.level_lu == pytest.approx(one.level_lu, abs=1.0)
    assert one.pan != 0.0


@pytest.mark.parametrize("wanted", [-0.9, -0.3, 0.0, 0.5, 0.98])
def test_a_pan_reaches_the_wanted_imbalance(wanted: float) -> None:
    stereo = sound(channels=2, width=0.3, imbalance=0.4)
    for audio in (stereo, sound()):
        assert image.imbalance(audio, pan=pan_towards(audio, wanted)) == pytest.approx(wanted, abs=1e-6)


def test_a_stem_on_one_side_only_is_left_there() -> None:
    assert pan_towards(sound(channels=2, width=0.5, imbalance=1.0), 0.0) == 0.0


@pytest.mark.parametrize("sizes", [{"hidden": 8}, {"hidden": 0, "style": 4}, {"hidden": 10**6, "style": 4}, {}])
def test_sizes_beyond_reason_are_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(MixFailed) as caught:
        build_network("console-net", sizes)
    assert caught.value.code == "checkpoint_foreign"


def test_tensors_of_another_network_are_refused() -> None:
    foreign = {**outspoken("console-net"), "towers.level.head.bias": np.zeros(2, dtype=np.float32)}
    with pytest.raises(MixFailed, match=r"towers\.level\.head\.bias") as caught:
        LearnedMixer.in_memory(card(), foreign, listening)
    assert caught.value.code == "checkpoint_foreign"
