"""Rounds as a worker prepares them: real mixers, children that are bred, a real recording, real files."""

import uuid

import numpy as np
import pytest
import soundfile as sf

from mixing import jobs as mixing_jobs
from mixing.engine.audio.encode import WavWriter
from mixing.engine.console.parameters import ConsoleParameters
from mixing.models import Job, Mixer, Reference
from mixing.services import storage
from tests.tournament import factories
from tests.tournament import tournaments as made
from tournament import jobs
from tournament.models import Competitor
from tournament.services import challengers, clip_files, tournaments

pytestmark = pytest.mark.django_db

Kind = Competitor.Kind


@pytest.fixture
def alice(media):
    factories.mixers()
    return factories.person()


def rough_mix(song, rate=48_000):
    """A recording of the musician's own, at a rate that is not the session's."""
    key = uuid.uuid4()
    path = storage.reference_file(song.uuid, key, 1, ".wav")
    t = np.arange(round(3.0 * rate)) / rate
    sound = 0.3 * np.sin(2 * np.pi * 220 * t) + 0.2 * np.sin(2 * np.pi * 3_000 * t)
    with WavWriter(path, sample_rate=rate, channels=1, subtype="PCM_16") as wav:
        wav.write(sound[np.newaxis].astype(np.float32))
    return Reference.objects.create(
        uuid=key,
        song=song,
        kind=Reference.Kind.ROUGH_MIX,
        name="mine.wav",
        state=Reference.State.READY,
        audio_path=storage.relative(path),
        sample_rate=rate,
        sha256="ab" * 32,
    )


def prepared(tournament):
    """The current round, by a worker's own way in."""
    row = tournaments.current_round(tournament)
    jobs.prepare(job_uuid=str(row.battle.job.uuid), attempt=row.battle.job.attempt, request_id="r")
    row = tournaments.current_round(tournament)
    assert row.battle.job.state == Job.State.DONE, row.battle.job.error_message
    return row


def test_a_whole_tournament_from_stems_to_the_final_mix(alice):
    song = factories.sounding_song(alice)
    tournament = tournaments.create(song=song, owner=alice, count=4, seed=3)
    kinds = []
    for _ in range(4):
        row = prepared(tournament)
        kinds.append(row.kind)
        a, b = (clip_files.clip_path(row.battle, side) for side in "ab")
        assert a.stat().st_size == b.stat().st_size
        assert abs(row.battle.loudness_gap_lu) <= 0.05
        assert row.on_a.parameters == row.battle.parameters_a != row.battle.parameters_b == row.on_b.parameters
        made.vote(tournament, "b")
    assert kinds == ["opening", "challenge", "hybrid", "finale"]
    tournament.refresh_from_db()
    hybrid = tournament.competitors.get(kind=Kind.HYBRID)
    assert len(hybrid.recipe["sha256"]) == 64
    mix = tournament.final_mix
    mixing_jobs.mix(job_uuid=str(mix.job.uuid), attempt=1)
    mix.refresh_from_db()
    champion = tournaments.champion_of(tournament)
    assert mix.is_ready
    assert ConsoleParameters.from_dict(mix.parameters) == ConsoleParameters.from_dict(champion.parameters)
    assert mix.mixer_sha256 == challengers.sha256_of(champion)


def test_a_child_of_a_child_is_bred_again_from_recipes_to_the_same_weights(alice):
    song = factories.sounding_song(alice)
    tournament = tournaments.create(song=song, owner=alice, count=5, seed=5)
    row = tournaments.current_round(tournament)
    wide, dark = (
        challengers.as_it_is(tournament, Mixer.objects.get(key=key)) for key in ("console-net-wide", "console-net-dark")
    )
    hybrid = challengers._child(tournament, Kind.HYBRID, "H", [wide, dark], "average", {"share": 0.5})
    row.on_a, row.on_b = wide, hybrid
    row.save()
    prepared(tournament)
    hybrid.refresh_from_db()
    mutant = challengers._child(tournament, Kind.MUTANT, "M", [hybrid], "mutation", {"size": 0.09}, 11)
    first = tournaments.current_round(tournament)
    made.vote(tournament, "b")
    assert tournaments.champion_of(tournament) == hybrid == first.on_b
    row = tournaments.current_round(tournament)
    row.on_a, row.on_b = hybrid, mutant
    row.save()
    prepared(tournament)
    mutant.refresh_from_db()
    before = hybrid.recipe["sha256"]
    hybrid.refresh_from_db()
    assert hybrid.recipe["sha256"] == before != mutant.recipe["sha256"]
    assert mutant.recipe["parents"] == [before]
    assert mutant.parameters != hybrid.parameters


def test_the_own_rough_mix_is_heard_as_it_is_at_the_sessions_rate(alice):
    song = factories.sounding_song(alice)
    rough_mix(song)
    tournament = tournaments.create(song=song, owner=alice, count=3, with_rough_mix=True, seed=3)
    row = prepared(tournament)
    side = "a" if row.on_a.kind == Kind.ROUGH_MIX else "b"
    assert getattr(row.battle, f"version_{side}") == "own:abababababab"
    assert getattr(row.battle, f"parameters_{side}") == {}
    sound, rate = sf.read(clip_files.clip_path(row.battle, side), always_2d=True)
    assert rate == factories.RATE
    spectrum = np.abs(np.fft.rfft(sound[:rate, 0] * np.hanning(rate)))
    loudest = np.argsort(spectrum)[-1]
    assert abs(loudest - 220) <= 1
    assert spectrum[3_000] == pytest.approx(spectrum[220] * 2 / 3, rel=0.05)


def test_a_rough_mix_that_was_removed_is_told_and_tried_again_with_the_same_two(alice):
    song = factories.sounding_song(alice)
    reference = rough_mix(song)
    tournament = tournaments.create(song=song, owner=alice, count=3, with_rough_mix=True, seed=3)
    row = tournaments.current_round(tournament)
    reference.delete()
    jobs.prepare(job_uuid=str(row.battle.job.uuid), attempt=1, request_id="r")
    row.battle.job.refresh_from_db()
    assert (row.battle.job.state, row.battle.job.error_code) == (Job.State.FAILED, "rough_mix_gone")
    tournaments.go_on(tournament)
    again = tournaments.current_round(tournament)
    assert (again.on_a, again.on_b) == (row.on_a, row.on_b)
