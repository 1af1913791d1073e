from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from mixing.engine import generator
from mixing.engine.console.renderer import render
from mixing.engine.mixers.interface import Intent
from mixing.engine.mixers.registry import all_mixers
from mixing.models import Mixer, Song, Stem
from mixing.services import demo, mixers, sessions, storage

pytestmark = pytest.mark.django_db


@pytest.fixture
def short(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate = generator.generate
    monkeypatch.setattr(generator, "generate", lambda seed: generate(seed, duration_s=8.0))


@pytest.mark.usefixtures("short")
def test_the_house_has_a_song_that_everyone_may_use_and_every_mixer_can_mix(tmp_path: Path) -> None:
    told: list[float] = []
    song = demo.install_demo(told.append)
    assert (song.owner, song.artist, song.licence) == (None, "AI Mixer", "CC0-1.0")
    stems = list(song.stems.all())
    assert len(stems) >= 2
    assert {stem.state for stem in stems} == {Stem.State.READY}
    assert not any(stem.role_is_guess for stem in stems)
    assert told == sorted(told)
    assert told[-1] == 1.0
    session = sessions.session_features(song)
    hit = session.stems[0].audio
    for mixer in all_mixers():
        reference = hit if getattr(mixer, "needs_reference", False) else None
        console = mixer.predict(session, Intent(reference=reference))
        report = render(
            sessions.stem_sources(song), console, sample_rate=session.sample_rate, output=tmp_path / f"{mixer.key}.wav"
        )
        assert report.loudness_lufs is not None


@pytest.mark.usefixtures("short")
def test_it_is_made_once_and_a_half_made_one_is_made_anew(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = storage.song_folder(demo.demo_uuid()) / "stems"
    folder.mkdir(parents=True)
    (folder / "half.wav").write_bytes(b"cut off")
    song = demo.install_demo()
    assert len(list(folder.iterdir())) == 3 * song.stems.count()
    monkeypatch.setattr(generator, "generate", lambda seed: pytest.fail("it was made twice"))
    assert demo.install_demo() == song
    assert Song.objects.count() == 1


def test_the_cards_follow_the_registry_and_a_mixer_that_is_gone_keeps_its_mixes(media: Path) -> None:
    rows = mixers.sync_mixers()
    assert [row.key for row in rows] == [mixer.key for mixer in all_mixers()]
    gone = Mixer.objects.create(key="old-hand", family="rules", version="0", title="Old hand")
    Mixer.objects.filter(key="faders-up").update(title="changed by hand", is_active=False)
    mixers.sync_mixers()
    gone.refresh_from_db()
    assert not gone.is_active
    fresh = Mixer.objects.get(key="faders-up")
    assert fresh.is_active
    assert fresh.title != "changed by hand"


@pytest.mark.parametrize("command", ["sync_mixers", "reap_jobs", "sweep_uploads"])
def test_the_commands_say_what_they_did(command: str, media: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command(command)
    assert capsys.readouterr().out.strip()
