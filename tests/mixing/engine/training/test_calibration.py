"""The towers that correct formulas: what they learn from, that they learn it, and that a tower that loses says rule."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from mixing.engine.audio.analysis import analyse_array
from mixing.engine.errors import MixFailed
from mixing.engine.mixers import checkpoint
from mixing.engine.mixers.card_schema import schema
from mixing.engine.mixers.interface import Intent, SessionFeatures, StemFeatures
from mixing.engine.mixers.learned import LearnedMixer, listening
from mixing.engine.mixers.networks.outcome_towers import OUTCOMES, OutcomeTowers
from mixing.engine.roles import Role
from mixing.engine.training import calibration_targets, outcome_shipping
from mixing.engine.training.calibration import OutcomeRecipe, TowerRecipe, judged, loss_of, parts_of, trained, verdict
from mixing.engine.training.calibration_targets import Targets, of_sounds, targets_of
from mixing.engine.training.outcome_lessons import WISHES_DB, Lessons, lessons_of
from mixing.engine.training.outcome_measures import UNDER_DB
from mixing.engine.training.outcome_shipping import calibrated
from mixing.engine.training.shipping import with_outcomes
from tests.mixing.engine.mixers.checkpoints import card, outspoken
from tests.mixing.engine.mixers.sessions import random_session
from tests.mixing.engine.training.lessons import entry

torch.set_num_threads(1)
RATE = 44_100
ROLES: tuple[Role, ...] = ("kick", "bass", "lead_vocal", "synth")


def sounds(seed: int) -> list[np.ndarray]:
    """Bursts of noise, of a length and loudness of their own."""
    rng = np.random.default_rng(seed)
    made = []
    for place in range(len(ROLES)):
        wave = rng.standard_normal((1 + place % 2, 2 * RATE)) * 0.2
        wave *= (np.arange(2 * RATE) % (RATE // 2)) < RATE * rng.uniform(0.15, 0.5)
        made.append(wave.astype(np.float32))
    return made


@pytest.fixture(scope="module")
def measured() -> list[Targets]:
    found = []
    for seed in range(3):
        heard = sounds(seed)
        stems = [
            StemFeatures(name=f"{place}", role=role, audio=analyse_array(sound, RATE)[0])
            for place, (role, sound) in enumerate(zip(ROLES, heard, strict=True))
        ]
        session = SessionFeatures(sample_rate=RATE, stems=tuple(stems))
        found.append(of_sounds(heard, session, np.random.default_rng(seed)))
    return found


@pytest.fixture(scope="module")
def lessons(measured: list[Targets]) -> Lessons:
    return lessons_of([f"song{place}" for place in range(len(measured))], measured)


def recipe(count: int = 2, *, noise: float = 0.0, alone: str | None = None, **changes: object) -> OutcomeRecipe:
    """Small towers, all of them trained for some steps, or one alone."""
    towers = {
        name: TowerRecipe(steps=count if alone in (None, name) else 0, noise=noise, decay=0.0) for name in OUTCOMES
    }
    return dataclasses.replace(OutcomeRecipe(towers=towers, hidden=8, consoles=3, rate=1e-2), **changes)  # type: ignore[arg-type]


def test_what_compressors_do_grows_as_their_threshold_falls(measured: list[Targets]) -> None:
    for targets in measured:
        thresholds, reductions, losses = targets.stem_curves.transpose(1, 0, 2)
        assert (np.diff(thresholds, axis=-1) < 0.0).all()
        assert (np.diff(reductions, axis=-1) > -0.05).all()
        assert (losses[:, -1] > 3.0).all()
        assert targets.bus_curves.shape == (5, 3, len(UNDER_DB))
        assert np.isfinite(targets.returns_lu).all()


def test_the_same_song_and_dice_give_the_same_targets() -> None:
    heard = sounds(1)[:2]
    stems = [
        StemFeatures(name=name, role="synth", audio=analyse_array(sound, RATE)[0])
        for name, sound in zip("ab", heard, strict=True)
    ]
    session = SessionFeatures(sample_rate=RATE, stems=tuple(stems))
    one, other = (of_sounds(heard, session, np.random.default_rng(3)) for _ in range(2))
    for item in dataclasses.fields(Targets):
        np.testing.assert_array_equal(getattr(one, item.name), getattr(other, item.name))


def test_what_was_measured_is_kept_and_a_broken_file_measured_again(
    tmp_path: Path, measured: list[Targets], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(calibration_targets, "measured", lambda entry, seed: calls.append(seed) or measured[seed])
    song = entry(1)
    first = targets_of(song, range(2), cache=tmp_path)
    again = targets_of(song, range(2), cache=tmp_path)
    assert calls == [0, 1]
    np.testing.assert_array_equal(first[1].stem_curves, again[1].stem_curves)
    broken = next((tmp_path / "calibration").rglob("001.npz"))
    broken.write_bytes(b"PK\3\4")
    np.testing.assert_array_equal(targets_of(song, range(2), cache=tmp_path)[1].sound, measured[1].sound)
    assert calls == [0, 1, 1]


def test_the_gradient_reaches_every_tower(lessons: Lessons) -> None:
    towers = trained(lessons, recipe(2)).train()
    wishes = torch.full(lessons.heard.shape, 4, dtype=torch.int64)
    total = sum(
        (loss_of(name, towers, lessons, sound=lessons.sound, wishes=wishes) for name in OUTCOMES), torch.zeros(())
    )
    total.backward()  # type: ignore[no-untyped-call]
    silent = [name for name, weights in towers.named_parameters() if weights.grad is None or not weights.grad.any()]
    assert silent == []


@pytest.mark.parametrize("name", OUTCOMES)
def test_each_tower_learns_a_few_consoles_by_heart(name: str, lessons: Lessons) -> None:
    def error(towers: OutcomeTowers) -> float:
        return float(np.mean([np.mean(parts) for parts in parts_of(towers, lessons)[name].values()]))

    assert error(trained(lessons, recipe(60, alone=name, rate=2e-2))) < 0.7 * error(OutcomeTowers(hidden=8).eval())


def test_the_same_seed_gives_the_same_towers_and_another_seed_others(lessons: Lessons) -> None:
    def weights(seed: int) -> torch.Tensor:
        return torch.cat([each.flatten() for each in trained(lessons, recipe(3, seed=seed, noise=0.2)).parameters()])

    assert torch.equal(weights(0), weights(0))
    assert not torch.equal(weights(0), weights(1))


def test_the_formula_is_judged_by_what_it_would_have_got(lessons: Lessons, measured: list[Targets]) -> None:
    """The reduction at the formula's threshold, read off the measured curve by hand."""
    errors = []
    wanted = lessons.stems.threshold_db[0].numpy()
    for place, curve in enumerate(measured[0].stem_curves):
        got = np.interp(curve[0, 0] - wanted[place], np.array(UNDER_DB), curve[1])
        errors.append(np.abs(got - np.array(WISHES_DB)))
    reduction, _ = parts_of(OutcomeTowers(hidden=8).eval(), lessons)["dynamics"]["song0"]
    assert reduction == pytest.approx(float(np.mean(errors)), abs=0.02)


def test_nobody_is_judged_by_towers_that_knew_their_maker(lessons: Lessons, monkeypatch: pytest.MonkeyPatch) -> None:
    from mixing.engine.training import calibration

    known: list[set[str]] = []

    def remembered(given: Lessons, _: OutcomeRecipe) -> OutcomeTowers:
        known.append(set(given.songs))
        return OutcomeTowers(hidden=8).eval()

    monkeypatch.setattr(calibration, "trained", remembered)
    songs = [entry(place) for place in range(3)]
    found = judged(lessons, songs, recipe(1))
    assert sorted(map(sorted, known)) == [["song0", "song1"], ["song0", "song2"], ["song1", "song2"]]
    assert set(found["dynamics"]) == {"song0", "song1", "song2"}
    with pytest.raises(MixFailed, match="3 artists"):
        judged(lessons, songs[:2], recipe(1))


def test_a_tower_that_loses_says_rule() -> None:
    loses = {f"{song}": {"base": (1.0, 1.0), "trained": (1.5 + 0.1 * song, 1.0)} for song in range(4)}
    wins = {song: {"base": each["trained"], "trained": each["base"]} for song, each in loses.items()}
    assert verdict(loses)[0] == "rule"
    how, figures = verdict(wins)
    assert how == "trained"
    assert figures["base"]["mean"] == pytest.approx((1.25 + 1.3 + 1.35 + 1.4) / 4)
    assert figures["difference"]["high"] < 0.0


def test_a_checkpoint_takes_the_towers_and_its_card_tells_of_them(
    tmp_path: Path, measured: list[Targets], monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    import jsonschema

    monkeypatch.setattr(outcome_shipping, "generated_corpus", lambda *_: [])
    monkeypatch.setattr(outcome_shipping, "RECIPE", recipe(3))
    monkeypatch.setattr(outcome_shipping, "targets_of", lambda song, *_, **__: [measured[int(song.id[-1])]])
    found = calibrated([entry(place) for place in range(3)], cache=tmp_path)
    plain = card(bytes=1, metrics={"left_out_artists": {"level": {}}})
    written, tensors = with_outcomes(plain, outspoken("console-net"), found)
    written = checkpoint.save(tmp_path, written, tensors)
    jsonschema.validate(json.loads(written.to_json()), schema())
    assert set(OUTCOMES) < set(written.towers)
    for name in OUTCOMES:
        figures = written.metrics["left_out_artists"][name]
        assert (figures["difference"]["mean"] < 0.0) == (written.towers[name] == "trained")
    loaded = checkpoint.load(tmp_path / "console-net.safetensors")
    assert all(np.array_equal(loaded.tensors[name], tensor) for name, tensor in found.tensors.items())
    mixer = LearnedMixer(loaded.card, tmp_path / "console-net.safetensors", listening)
    assert len(mixer.predict(random_session(5, 1), Intent(style="dense")).strips) == 5
    again, _ = with_outcomes(loaded.card, loaded.tensors, found)
    assert cast(dict[str, int], again.architecture) == {"hidden": 8, "style": 4, "outcomes": 8}
