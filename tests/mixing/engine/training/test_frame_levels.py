"""Frames of the same moments: aligned, brought to one loudness, and never those of pauses."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from mixing.engine.mixers.interface import BANDS, FRAME_BANDS, WINDOW_FRAMES, MelWindows, SessionFeatures, StemFeatures
from mixing.engine.training.desk_frames import MOMENTS
from mixing.engine.training.desk_inputs import sounds_of
from mixing.engine.training.frame_levels import FLOOR_DB, together
from tests.mixing.engine.mixers.sessions import SILENCE, session, stem

NOTHING = np.zeros((0, WINDOW_FRAMES, BANDS), dtype=np.float32)


def with_frames(one: StemFeatures, level_db: NDArray[np.float64], peak_db: NDArray[np.float64]) -> StemFeatures:
    return dataclasses.replace(one, mel=MelWindows(NOTHING, NOTHING, np.stack((level_db, peak_db)).astype(np.float32)))


def band(*, apart: bool) -> SessionFeatures:
    """Two stems at -23 LUFS that hit together, or in turn."""
    first = np.tile([-15.0, -40.0], 400)
    second = np.tile([-40.0, -15.0] if apart else [-15.0, -40.0], 400)
    return session(with_frames(stem("a"), first, first + 9.0), with_frames(stem("b"), second, second + 9.0))


def test_stems_are_heard_at_the_same_moments_and_at_one_loudness() -> None:
    found = together(band(apart=True), 64)
    assert found is not None
    loud = found.levels_db > 0.0
    assert (loud[0] != loud[1]).all()
    assert 0.3 < loud[0].mean() < 0.7
    np.testing.assert_allclose(found.levels_db[0][loud[0]], -15.0 + 23.0)
    np.testing.assert_allclose(found.peaks_db - found.levels_db, 9.0)


def test_the_channels_of_a_stereo_stem_are_added() -> None:
    level = np.full(100, -23.0)
    found = together(session(with_frames(stem("a", channels=2), level, level)), 10)
    assert found is not None
    np.testing.assert_allclose(found.levels_db, 10 * np.log10(2))


def test_pauses_of_the_whole_band_are_left_out_and_shorter_stems_rest_at_the_end() -> None:
    long = np.concatenate((np.full(300, -20.0), np.full(600, -110.0)))
    song = session(
        with_frames(stem("a"), long, long), with_frames(stem("b"), long[:150], long[:150]), stem("c", "fx", SILENCE)
    )
    found = together(song, 100)
    assert found is not None
    np.testing.assert_allclose(found.levels_db[0], 3.0)
    assert 45 <= int((found.levels_db[1] == FLOOR_DB).sum()) <= 55
    assert (found.levels_db[2] == FLOOR_DB).all()


def test_where_frames_were_not_kept_they_are_drawn_from_what_is_known() -> None:
    kept = band(apart=True)
    half = session(kept.stems[0], dataclasses.replace(kept.stems[1], mel=None))
    assert together(half, 64) is None
    assert sounds_of([half]).levels_db.shape == (1, 2, MOMENTS)


def test_hits_that_fall_together_are_told_from_hits_in_turn() -> None:
    both, turns = (sounds_of([band(apart=apart)]).levels_db[0] for apart in (False, True))
    sums = [10.0 * np.log10((10.0 ** (levels.numpy() / 10.0)).sum(axis=0)) for levels in (both, turns)]
    assert np.ptp(sums[0]) > 20.0
    assert np.ptp(sums[1]) < 0.1


def test_the_loudest_moments_come_behind_the_others() -> None:
    level = np.full(400, -30.0)
    peak = np.full(400, -20.0)
    peak[[7, 101, 333]] = -2.0
    found = together(session(with_frames(stem("a"), level, peak)), 20, hits=3)
    assert found is not None
    assert found.peaks_db.shape == (1, 23)
    np.testing.assert_allclose(found.peaks_db[0, 20:], -2.0 + 23.0)


def test_wide_bands_divide_the_level_and_stand_in_as_the_stems_own_where_they_were_not_kept() -> None:
    level = np.full(40, -20.0)
    one = stem("a", spectrum_db=(0.0,) + (-100.0,) * (BANDS - 2) + (-3.0103,))
    old = together(session(with_frames(one, level, level)), 5)
    assert old is not None
    np.testing.assert_allclose(old.bands.sum(axis=-1), 10.0 ** (old.levels_db / 10.0), rtol=1e-6)
    np.testing.assert_allclose(old.bands[0, :, 0] / old.bands[0, :, -1], 2.0, rtol=1e-3)
    rows = np.full((2 + len(FRAME_BANDS), 40), -120.0)
    rows[:3] = -20.0
    kept = dataclasses.replace(one, mel=dataclasses.replace(MelWindows(NOTHING, NOTHING), frames_db=rows))
    new = together(session(kept), 5)
    assert new is not None
    np.testing.assert_allclose(10.0 * np.log10(new.bands[0, :, 0]), 3.0)
    assert new.bands[0, :, 1:].max() < 1e-9
