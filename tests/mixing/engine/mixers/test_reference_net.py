"""The reference net: bounded, orderless, obedient, and nearer to its reference than where it began."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.errors import MixFailed
from mixing.engine.mixers import checkpoint
from mixing.engine.mixers.interface import BANDS, AudioFeatures, Intent, SessionFeatures, StemIntent
from mixing.engine.mixers.networks.reference_net import SIZES, build, mixed_cost, task_of
from mixing.engine.mixers.reference_net import FAMILY, ReferenceMixer, listening, mixers
from mixing.engine.mixers.registry import mixer
from mixing.engine.mixers.rules import RoughMix, rough_decisions
from mixing.engine.training.desk_inputs import settings_of, sounds_of
from mixing.engine.training.likeness import differences, heard_as, unlikeness
from mixing.engine.training.mel_desk import mix
from mixing.engine.training.reference import draft_card, lesson_loss, tensors_of
from tests.mixing.engine.mixers.sessions import FLAT, SILENCE, random_session, session, sound, stem


def untrained() -> ReferenceMixer:
    """Only what it is born with: steps down the desk's gradient."""
    torch.manual_seed(0)
    card = dataclasses.replace(draft_card([], seed=0, steps=0, metrics={}), sha256="0" * 64)
    found = ReferenceMixer.in_memory(card, tensors_of(build(SIZES)), listening)
    assert isinstance(found, ReferenceMixer)
    return found


def reference(**changes: object) -> AudioFeatures:
    """A dark, wide mix whose hits stand out as those of the band do."""
    slope = tuple(-4.0 - 0.6 * band for band in range(BANDS))
    dark = {
        "channels": 2,
        "loudness_lufs": -18.0,
        "spectrum_db": slope,
        "side_db": tuple(level - 6.0 for level in slope),
        "width": 0.25,
        "crest_db": 8.0,
        "peak_percentiles_dbfs": (-26.0, -19.0, -14.5, -9.5, -5.0, -3.0),
    }
    return sound(**{**dark, **changes})


def band() -> SessionFeatures:
    return session(
        stem("Voice", "lead_vocal", centroid_hz=1_800.0, spectrum_db=(-4.0, *FLAT[1:])),
        stem("Bass", "bass", centroid_hz=150.0, spectrum_db=tuple(-3.0 - 1.2 * b for b in range(BANDS))),
        stem("Keys", "keys", channels=2, width=0.1, side_db=(-20.0,) * BANDS, spectrum_db=(-16.0,) * BANDS),
        stem("Drums", "drums", spectrum_db=tuple(-25.0 + 0.3 * b for b in range(BANDS))),
    )


def apart(song: SessionFeatures, console: ConsoleParameters, wanted: AudioFeatures) -> float:
    heard = mix(sounds_of([song]), settings_of(song, [console]))
    return float(unlikeness(differences(heard, heard_as([wanted]))))


def test_it_comes_nearer_to_the_reference_than_the_rough_mix_at_the_same_loudness() -> None:
    song, wanted = band(), reference()
    rough = RoughMix().predict(song, Intent(reference=wanted))
    assert apart(song, untrained().predict(song, Intent(reference=wanted)), wanted) < 0.7 * apart(song, rough, wanted)


def test_the_loudness_of_the_reference_is_the_target_unless_the_musician_names_one() -> None:
    net, wanted = untrained(), reference()
    assert net.predict(band(), Intent(reference=wanted)).master.target_lufs == -18.0
    assert net.predict(band(), Intent(reference=wanted, target_lufs=-16.0)).master.target_lufs == -16.0


def test_without_a_reference_and_with_a_silent_one_it_sets_the_rough_mix() -> None:
    net, rough = untrained(), RoughMix().predict(band(), Intent())
    assert net.predict(band(), Intent()) == rough
    assert net.predict(band(), Intent(reference=SILENCE)) == rough


def test_the_order_of_the_stems_does_not_matter() -> None:
    song, net, wanted = band(), untrained(), Intent(reference=reference())
    turned = session(*reversed(song.stems))
    strips = {strip.stem: strip for strip in net.predict(song, wanted).strips}
    for strip in net.predict(turned, wanted).strips:
        assert strip.fader_db == pytest.approx(strips[strip.stem].fader_db, abs=0.05)
        assert strip.pan == pytest.approx(strips[strip.stem].pan, abs=0.01)
        assert strip.eq.high_shelf.gain_db == pytest.approx(strips[strip.stem].eq.high_shelf.gain_db, abs=0.05)


def test_wished_pans_and_locked_knobs_stay() -> None:
    wishes = Intent(
        reference=reference(), stems={"Voice": StemIntent(pan=-0.4)}, locks={"master.eq.high_shelf.gain_db": 1.25}
    )
    console = untrained().predict(band(), wishes)
    assert console.strips[0].pan == -0.4
    assert console.master.eq.high_shelf.gain_db == 1.25


def test_what_carries_the_song_stays_near_the_middle() -> None:
    shipped = mixer("reference-net")
    sides = [reference(imbalance=side, band_imbalance=(side,) * BANDS) for side in (0.6, -0.6)]
    right, left = (shipped.predict(band(), Intent(reference=wanted)) for wanted in sides)
    assert all(abs(strip.pan) <= 0.13 for console in (right, left) for strip in console.strips if strip.stem != "Keys")
    assert right.strips[2].pan - left.strips[2].pan > 0.1


@pytest.mark.parametrize("count", [1, 2, 17, 64])
def test_any_session_gets_a_valid_console_and_always_the_same(count: int) -> None:
    song, wanted = random_session(count, count), Intent(reference=reference())
    net = untrained()
    console = net.predict(song, wanted)
    assert ConsoleParameters.from_dict(console.to_dict()) == console
    assert net.predict(song, wanted) == console


def test_a_silent_session_is_left_alone() -> None:
    silent = session(stem("a", "fx", SILENCE))
    assert untrained().predict(silent, Intent(reference=reference())) == RoughMix().predict(
        silent, Intent(reference=reference())
    )


def test_learning_from_one_batch_brings_it_nearer_and_the_gradient_reaches_everything() -> None:
    torch.manual_seed(1)
    song = band()
    task = task_of([song] * 2, [reference(), reference(width=0.05)], [rough_decisions(song)] * 2)
    net = build({"hidden": 24, "rounds": 2})
    optimiser = torch.optim.Adam(net.parameters(), lr=5e-3)
    first = lesson_loss(net, task)
    for _ in range(30):
        optimiser.zero_grad()
        loss = lesson_loss(net, task)
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.9 * first.item()
    reached = {name: float(value.grad.abs().max()) for name, value in net.named_parameters() if value.grad is not None}
    assert set(reached) == {name for name, _ in net.named_parameters()}
    assert all(value > 0.0 for value in reached.values())


def test_each_round_lowers_the_cost_of_a_far_reference() -> None:
    song, wanted = band(), reference()
    net, task = build(SIZES), task_of([song], [wanted], [rough_decisions(song)])
    with torch.no_grad():
        costs = [float(mixed_cost(*task, knobs)) for knobs in net(*task)]
    assert costs[-1] < 0.75 * costs[0]


def test_sizes_beyond_reason_and_foreign_tensors_are_refused() -> None:
    with pytest.raises(MixFailed, match="no sizes"):
        build({"hidden": 100_000, "rounds": 5})
    card = draft_card([], seed=0, steps=0, metrics={})
    with pytest.raises(MixFailed) as refused:
        listening(card, {"foreign": next(iter(tensors_of(build(SIZES)).values()))})
    assert refused.value.code == "checkpoint_foreign"


def test_a_checkpoint_on_disk_becomes_a_mixer_that_asks_for_a_reference(tmp_path: Path) -> None:
    torch.manual_seed(0)
    card = checkpoint.save(tmp_path, draft_card([], seed=0, steps=0, metrics={}), tensors_of(build(SIZES)))
    (found,) = mixers(tmp_path)
    assert (found.key, found.family, found.sha256) == (FAMILY, FAMILY, card.sha256)
    assert getattr(found, "needs_reference", False)
    assert found.predict(band(), Intent(reference=reference())) == untrained().predict(
        band(), Intent(reference=reference())
    )


def test_its_variant_in_another_precision_listens_to_the_reference_too(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tensors = tensors_of(build(SIZES))
    draft = draft_card([], seed=0, steps=0, metrics={})
    half = checkpoint.save(tmp_path, draft, tensors, precision="float16", name=f"{FAMILY}.float16")
    row = {"file": f"{FAMILY}.float16.safetensors", "sha256": half.sha256}
    checkpoint.save(tmp_path, dataclasses.replace(draft, quantisation={"float16": row}), tensors)
    (found,) = mixers(tmp_path)
    variant = found.variant(half.sha256)
    assert variant is not None
    console = variant.predict(band(), Intent(reference=reference()))
    assert console.master.target_lufs == -18.0
    assert apart(band(), console, reference()) < 0.7 * apart(
        band(), RoughMix().predict(band(), Intent(reference=reference())), reference()
    )
    assert found.variant("f" * 64) is None
