"""Random consoles: reproducible, inside of every range, and musical where that can be said in numbers."""

from __future__ import annotations

import statistics

from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.training.random_console import CENTRED, TARGET_LUFS, random_console
from tests.mixing.engine.mixers.sessions import SILENCE, random_session, session, stem


def _band() -> ConsoleParameters:
    return random_console(session(stem("Kick", "kick"), stem("Keys", "keys"), stem("Gone", "fx", SILENCE)), 3)


def test_the_same_seed_gives_the_same_console_and_another_seed_another() -> None:
    song = random_session(6, 1)
    assert random_console(song, 4) == random_console(song, 4)
    assert random_console(song, 4) != random_console(song, 5)


def test_consoles_of_any_session_are_valid_and_belong_to_it() -> None:
    for seed in range(20):
        song = random_session(1 + seed, seed)
        console = random_console(song, seed)
        assert ConsoleParameters.from_dict(console.to_dict()) == console
        assert [strip.stem for strip in console.strips] == [each.name for each in song.stems]
        assert console.sample_rate == song.sample_rate


def test_every_continuous_knob_is_turned_by_some_console() -> None:
    song = session(*(stem(f"{index}", "keys", channels=2, width=0.2) for index in range(3)))
    consoles = [random_console(song, seed).flatten() for seed in range(30)]
    kept = ("ceiling_dbtp", "high_pass.q", "lookahead", "trim_db")
    for path, value in consoles[0].items():
        if isinstance(value, float) and not any(path.endswith(name) or name in path for name in kept):
            if ".high_pass." in path and not path.startswith("strips."):
                continue
            assert len({console[path] for console in consoles}) > 1, path


def test_what_carries_the_song_stays_near_the_middle_and_the_rest_is_spread() -> None:
    song = session(stem("Lead", "lead_vocal"), stem("Gtr", "electric_guitar"))
    pans = [[abs(strip.pan) for strip in random_console(song, seed).strips] for seed in range(40)]
    assert "lead_vocal" in CENTRED
    assert max(pan[0] for pan in pans) < 0.25
    assert statistics.mean(pan[1] for pan in pans) > 0.25


def test_targets_lie_in_the_range_of_music_and_the_limiter_holds_them() -> None:
    masters = [random_console(random_session(3, 2), seed).master for seed in range(30)]
    assert all(TARGET_LUFS[0] <= master.target_lufs <= TARGET_LUFS[1] and master.limiter.on for master in masters)
    assert max(m.target_lufs for m in masters) - min(m.target_lufs for m in masters) > 6.0


def test_a_silent_stem_is_left_at_its_level() -> None:
    assert _band().strips[2].trim_db == 0.0
