"""The worker's part, run here as a worker runs it: real mixers, real rendering, real files."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from django.conf import settings

from mixing.engine.audio.loudness import LoudnessMeter
from mixing.engine.audio.true_peak import TruePeakMeter
from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.mixers.interface import Intent
from mixing.engine.mixers.registry import mixer
from mixing.models import Job
from mixing.services import jobs as job_rows
from mixing.services import sessions, songs, storage
from tests.tournament import factories
from tournament import access, jobs
from tournament.models import Battle, Vote
from tournament.services import battles, clip_files, preparation

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(media):
    factories.rules()
    return factories.person()


def prepared(battle: Battle) -> Battle:
    jobs.prepare(job_uuid=str(battle.job.uuid), attempt=1, request_id="r")
    return Battle.objects.select_related("job", "song", "mixer_a", "mixer_b").get(pk=battle.pk)


def files() -> list[str]:
    root = Path(settings.MEDIA_ROOT)
    return sorted(path.name for path in root.rglob("*") if path.is_file() and "battles" in path.parts)


def measured(path: Path) -> tuple[float, float]:
    samples, rate = sf.read(path, dtype="float32", always_2d=True)
    audio = np.ascontiguousarray(samples.T)
    loudness, peak = LoudnessMeter(rate, 2), TruePeakMeter(2)
    loudness.push(audio)
    peak.push(audio)
    return loudness.integrated_lufs(), peak.dbtp()


def test_a_battle_becomes_two_clips_of_equal_loudness_and_size(alice):
    battle = prepared(battles.create_battle(user=alice, song=factories.sounding_song(alice)))
    assert (battle.job.state, battle.job.percent) == (Job.State.DONE, 100.0)
    assert battle.is_ready
    a, b = clip_files.clip_path(battle, "a"), clip_files.clip_path(battle, "b")
    assert a.stat().st_size == b.stat().st_size
    assert a.read_bytes()[:44] == b.read_bytes()[:44]
    assert a.read_bytes() != b.read_bytes()
    (lufs_a, dbtp_a), (lufs_b, dbtp_b) = measured(a), measured(b)
    assert abs(lufs_a - lufs_b) <= 0.05
    assert max(dbtp_a, dbtp_b) <= -1.0
    assert battle.loudness_gap_lu == pytest.approx(lufs_a - lufs_b)
    assert (battle.clip_start_s, battle.clip_duration_s) == (0.0, 3.0)


def test_what_is_kept_is_what_each_mixer_set(alice):
    battle = prepared(battles.create_battle(user=alice, song=factories.sounding_song(alice)))
    for card, kept, version in (
        (battle.mixer_a, battle.parameters_a, battle.version_a),
        (battle.mixer_b, battle.parameters_b, battle.version_b),
    ):
        console = ConsoleParameters.from_dict(kept)
        assert [strip.stem for strip in console.strips] == ["Bass.wav", "Vocals.wav", "Hats.wav"]
        assert console.sample_rate == factories.RATE
        assert version == mixer(card.key).version
    assert battle.parameters_a != battle.parameters_b


def test_nothing_but_the_clips_and_their_waveform_is_left(alice):
    battle = prepared(battles.create_battle(user=alice, song=factories.sounding_song(alice)))
    assert files() == ["a.wav", "b.wav", "peaks"]
    assert clip_files.peaks_path(battle).read_bytes()[:4] == b"AMPK"


def test_deleting_the_song_takes_the_sound_of_its_battles_and_leaves_the_votes(
    alice, django_capture_on_commit_callbacks
):
    song = factories.sounding_song(alice)
    battle = prepared(battles.create_battle(user=alice, song=song))
    vote = factories.rated_vote(battle, "a", factories.person("bob"))
    with django_capture_on_commit_callbacks(execute=True):
        songs.delete(song=song)
    assert files() == []
    kept = Battle.objects.get()
    assert (kept.song, kept.job, kept.song_uuid) == (None, None, song.uuid)
    assert list(Vote.objects.all()) == [vote]
    assert not access.battles_for(alice).exists()


def test_stages_name_neither_mixer_nor_side(alice, monkeypatch):
    told = set()
    monkeypatch.setattr(job_rows.events, "announce", lambda uuid: told.add(Job.objects.get(uuid=uuid).stage))
    prepared(battles.create_battle(user=alice, song=factories.sounding_song(alice)))
    assert told <= {"", preparation.LISTENING, preparation.ONE_SIDE, preparation.OTHER_SIDE, preparation.CHOOSING}
    assert preparation.ONE_SIDE in told


@pytest.mark.parametrize("coin", [0, 1])
def test_which_side_is_mixed_first_is_a_coins_word_since_a_watchers_clock_tells_mixers_apart(alice, monkeypatch, coin):
    monkeypatch.setattr(preparation.secrets, "randbelow", lambda below: coin)
    turns = []
    real = preparation._mix
    monkeypatch.setattr(preparation, "_mix", lambda card, *rest: turns.append(card) or real(card, *rest))
    battle = prepared(battles.create_battle(user=alice, song=factories.sounding_song(alice)))
    assert turns == ([battle.mixer_b, battle.mixer_a] if coin else [battle.mixer_a, battle.mixer_b])
    session = sessions.session_features(battle.song, sessions.ready_stems(battle.song), progress=lambda _: None)
    for card, kept in ((battle.mixer_a, battle.parameters_a), (battle.mixer_b, battle.parameters_b)):
        console = mixer(card.key).predict(session, Intent()).at_rate(session.sample_rate)
        assert ConsoleParameters.from_dict(kept) == console
    assert clip_files.clip_path(battle, "a").name == "a.wav"


def test_two_mixes_that_are_alike_make_no_battle_and_say_so(alice):
    song = factories.song(alice)
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(3 * factories.RATE) / factories.RATE)
    for name in ("One.wav", "Two.wav"):
        factories.stem(song, name, tone[np.newaxis].astype(np.float32), "keys")
    # Both set one level for two equal stems.
    faders_up, equal_loudness = factories.rules()[:2]
    battle = battles.create_battle(user=alice, song=song)
    Battle.objects.filter(pk=battle.pk).update(mixer_a=faders_up, mixer_b=equal_loudness)
    battle = prepared(battle)
    assert (battle.job.state, battle.job.error_code) == (Job.State.FAILED, "too_alike")
    assert "alike" in battle.job.error_message
    assert not battle.is_ready
    assert files() == []


def test_a_cancelled_battle_leaves_no_file(alice, monkeypatch):
    battle = battles.create_battle(user=alice, song=factories.sounding_song(alice))
    real = preparation.render

    def cancelled_while_rendering(*args, **kwargs):
        Job.objects.filter(pk=battle.job_id).update(cancel_requested_at=job_rows.timezone.now())
        monkeypatch.setattr("mixing.services.pace.LOOK_EVERY_S", 0.0)
        return real(*args, **kwargs)

    monkeypatch.setattr(preparation, "render", cancelled_while_rendering)
    battle = prepared(battle)
    assert battle.job.state == Job.State.CANCELLED
    assert not battle.is_ready
    assert files() == []


def test_an_attempt_that_comes_late_publishes_nothing_and_takes_only_its_own_files(alice, monkeypatch):
    battle = battles.create_battle(user=alice, song=factories.sounding_song(alice))
    later = storage.song_folder(battle.song.uuid) / "battles" / str(battle.uuid) / "2"

    def superseded(*args, **kwargs):
        Job.objects.filter(pk=battle.job_id).update(attempt=2)
        later.mkdir(parents=True)
        (later / "a.wav").write_bytes(b"the later attempt's")
        return cut(*args, **kwargs)

    cut = preparation.cut_pair
    monkeypatch.setattr(preparation, "cut_pair", superseded)
    battle = prepared(battle)
    assert battle.job.state == Job.State.RUNNING
    assert not battle.is_ready
    assert files() == ["a.wav"]
    assert (later / "a.wav").exists()


def test_what_a_dead_attempt_left_is_swept_by_the_next(alice):
    battle = battles.create_battle(user=alice, song=factories.sounding_song(alice))
    dead = clip_files.attempt_folder(battle, 0)
    (dead / "half.wav").write_bytes(b"half")
    prepared(battle)
    assert files() == ["a.wav", "b.wav", "peaks"]


def test_a_second_worker_that_gets_the_same_job_does_nothing(alice, monkeypatch):
    battle = prepared(battles.create_battle(user=alice, song=factories.sounding_song(alice)))
    monkeypatch.setattr(preparation, "prepare", lambda **_: pytest.fail("it ran twice"))
    assert prepared(battle).job.state == Job.State.DONE


# ---- hidden trials ---------------------------------------------------------------------------------------------------


def enlisted(song, purpose, *, a, b=None, **more):
    """A battle of the arena in the making."""
    battle = factories.battle(song, None, ready=False)
    b = b or a
    fields = {"mixer_a": a, "mixer_b": b, "version_a": a.version, "version_b": b.version, "purpose": purpose, **more}
    Battle.objects.filter(pk=battle.pk).update(**fields)
    return Battle.objects.get(pk=battle.pk)


def sound(battle, side):
    return sf.read(clip_files.clip_path(battle, side), dtype="int16", always_2d=True)[0].astype(int)


def test_one_mixer_twice_is_one_mix_twice_that_differs_in_its_dither_alone(alice):
    loud = factories.rules()[1]
    battle = prepared(enlisted(factories.sounding_song(), Battle.Purpose.SAME, a=loud))
    assert battle.job.state == Job.State.DONE
    assert battle.parameters_a == battle.parameters_b
    assert (battle.version_a, battle.version_b) == (mixer(loud.key).version,) * 2
    assert abs(battle.loudness_gap_lu) < 0.01
    apart = np.abs(sound(battle, "a") - sound(battle, "b"))
    assert 0 < apart.max() <= 4
    a, b = clip_files.clip_path(battle, "a"), clip_files.clip_path(battle, "b")
    assert a.stat().st_size == b.stat().st_size
    assert files() == ["a.wav", "b.wav", "peaks"]


@pytest.mark.parametrize("side", ["a", "b"])
def test_an_anchor_is_broken_on_the_side_that_was_drawn_and_sound_on_the_other(alice, side):
    rough = factories.rules()[2]
    battle = enlisted(factories.sounding_song(), Battle.Purpose.ANCHOR, a=rough, broken_side=side)
    battle = prepared(battle)
    consoles = {"a": ConsoleParameters.from_dict(battle.parameters_a).flatten()}
    consoles["b"] = ConsoleParameters.from_dict(battle.parameters_b).flatten()
    bad = consoles.pop(side)
    (good,) = consoles.values()
    assert bad["strips.Vocals.wav.fader_db"] == good["strips.Vocals.wav.fader_db"] - 18.0
    assert bad["strips.Bass.wav.eq.peak_3.gain_db"] == 12.0
    assert good["strips.Bass.wav.eq.peak_3.gain_db"] < 12.0


def test_a_repeat_mixes_nothing_again_and_looks_as_old_and_as_long_as_the_first(alice, monkeypatch):
    first = prepared(battles.create_battle(user=alice, song=factories.sounding_song()))
    sides = {"a": first.mixer_b, "b": first.mixer_a}
    repeat = enlisted(first.song, Battle.Purpose.REPEAT, **sides, repeats=first, for_voter=alice)
    monkeypatch.setattr(preparation, "render", lambda *args, **kwargs: pytest.fail("it was mixed again"))
    repeat = prepared(repeat)
    assert repeat.job.state == Job.State.DONE
    assert (repeat.parameters_a, repeat.parameters_b) == (first.parameters_b, first.parameters_a)
    assert (repeat.version_a, repeat.version_b) == (first.version_b, first.version_a)
    assert (repeat.clip_start_s, repeat.clip_duration_s) == (first.clip_start_s, first.clip_duration_s)
    assert repeat.loudness_gap_lu == pytest.approx(-first.loudness_gap_lu, abs=0.01)
    for one, other in (("a", "b"), ("b", "a")):
        assert 0 < np.abs(sound(first, one) - sound(repeat, other)).max() <= 2
        for battle, side in ((first, one), (repeat, other)):
            age_s = clip_files.clip_path(battle, side).stat().st_mtime - battle.created_at.timestamp()
            assert age_s == pytest.approx(
                clip_files.clip_path(first, "a").stat().st_mtime - first.created_at.timestamp(), abs=1e-3
            )
    assert repeat.job.sequence >= first.job.sequence


def test_a_repeat_of_what_is_gone_fails_with_a_sentence(alice):
    song = factories.sounding_song()
    first = factories.battle(song, alice)
    repeat = enlisted(song, Battle.Purpose.REPEAT, a=first.mixer_b, b=first.mixer_a, repeats=first, for_voter=alice)
    Battle.objects.filter(pk=first.pk).update(clip_a_path="", clip_b_path="")
    repeat = prepared(repeat)
    assert (repeat.job.state, repeat.job.error_code) == (Job.State.FAILED, "repeat_gone")
