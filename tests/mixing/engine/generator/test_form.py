from __future__ import annotations

import numpy as np
import pytest

from mixing.engine.generator.form import Clock, plan_sections, plan_song


@pytest.mark.parametrize("bars", range(1, 80))
def test_sections_cover_every_bar_once(bars):
    covered = [bar for section in plan_sections(bars) for bar in range(section.first_bar, section.last_bar + 1)]
    assert covered == list(range(bars))


def test_a_minute_has_the_whole_arch_and_a_few_bars_the_whole_band():
    names = [section.name for section in plan_sections(28)]
    assert names == ["intro", "verse", "chorus", "break", "final chorus", "outro"]
    assert [section.name for section in plan_sections(2)] == ["chorus"]


def test_swing_delays_every_second_sixteenth():
    clock = Clock(120, 0.2)
    assert clock.at(1, 0) == pytest.approx(2.0)
    assert clock.at(0, 1) == pytest.approx(0.125 + 0.2 * 0.125)
    assert clock.at(0, 2) == pytest.approx(0.25)


def test_players_are_human_but_never_far_off():
    clock, rng = Clock(100, 0.0), np.random.default_rng(1)
    slips_ms = [1000 * (clock.played(4, 0, rng, late_ms=5.0, spread_ms=4.0) - clock.at(4, 0)) for _ in range(400)]
    assert np.mean(slips_ms) == pytest.approx(5.0, abs=0.8)
    assert 3.0 < np.std(slips_ms) < 5.0
    assert max(np.abs(np.array(slips_ms) - 5.0)) <= 10.001


@pytest.mark.parametrize("duration_s", [3.0, 20.0, 75.0])
def test_the_music_ends_before_the_file_does(duration_s):
    for seed in range(20):
        plan = plan_song(seed, duration_s)
        assert plan.bars * plan.clock.bar_s <= duration_s - min(2.0, 0.1 * duration_s) or plan.bars == 1


def test_a_long_song_comes_home():
    for seed in range(20):
        assert plan_song(seed, 70.0).chords[-1][0].degree == 1
