from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mixing.engine.mixers.features_matrix import (
    COLUMNS,
    IMBALANCE_COLUMN,
    LISTENS_TO,
    OWN,
    columns_for,
    feature_matrix,
    mirrored,
    normalised_spectrum_db,
)
from mixing.engine.mixers.interface import BANDS, SessionFeatures
from mixing.engine.roles import ROLES
from tests.mixing.engine.mixers.sessions import SILENCE, random_session, session, sound, stem


def louder(of: SessionFeatures, names: set[str], by_db: float) -> SessionFeatures:
    """The same recordings, some of them with another gain."""

    def moved(each):  # type: ignore[no-untyped-def]
        audio = each.audio
        if each.name not in names or audio.loudness_lufs is None:
            return each
        return dataclasses.replace(
            each,
            audio=dataclasses.replace(
                audio,
                loudness_lufs=audio.loudness_lufs + by_db,
                true_peak_dbtp=audio.true_peak_dbtp + by_db,
                short_term_max_lufs=None if audio.short_term_max_lufs is None else audio.short_term_max_lufs + by_db,
                peak_percentiles_dbfs=tuple(level + by_db for level in audio.peak_percentiles_dbfs),
            ),
        )

    return dataclasses.replace(of, stems=tuple(moved(each) for each in of.stems))


def test_the_whole_songs_gain_is_not_seen() -> None:
    of = random_session(9, 5)
    everywhere = {each.name for each in of.stems}
    before, after = feature_matrix(of).values, feature_matrix(louder(of, everywhere, 7.0)).values
    assert after == pytest.approx(before, abs=1e-3)


def test_one_stems_gain_is_seen_in_one_column_and_its_twin_only() -> None:
    of = session(stem("a"), stem("b", loudness_lufs=-20.0), stem("c"))
    before, after = feature_matrix(of).values, feature_matrix(louder(of, {"b"}, 3.0)).values
    changed = {int(column) for column in np.argwhere(np.abs(after - before) > 1e-4)[:, 1]}
    assert changed == {OWN - 1, COLUMNS - 1}
    assert after[1, OWN - 1] - before[1, OWN - 1] == pytest.approx(2.0)  # 3 dB less a third of it in the mean


def test_spectra_are_told_at_equal_loudness() -> None:
    flat = sound(spectrum_db=(-16.0,) * BANDS)
    assert normalised_spectrum_db(flat) == pytest.approx(normalised_spectrum_db(sound(spectrum_db=(-3.0,) * BANDS)))


def test_silence_has_no_row_and_rows_follow_the_names() -> None:
    matrix = feature_matrix(session(stem("z", "kick"), stem("m", audio=SILENCE), stem("a", "bass")))
    assert matrix.names == ("a", "z")
    assert [ROLES[place] for place in matrix.roles] == ["bass", "kick"]
    assert feature_matrix(session(stem("m", audio=SILENCE))).values.shape == (0, COLUMNS)


def test_every_number_is_finite_however_odd_the_stems() -> None:
    for seed in range(20):
        assert np.isfinite(feature_matrix(random_session(6, seed)).values).all()


def test_a_mirror_turns_imbalances_and_nothing_else() -> None:
    signs = mirrored()
    assert signs[IMBALANCE_COLUMN] == signs[OWN + IMBALANCE_COLUMN] == -1.0
    assert int((signs < 0).sum()) == 2 * (BANDS + 1)


def test_each_decision_listens_to_columns_that_there_are_and_only_levels_to_the_gain() -> None:
    for decision in LISTENS_TO:
        columns = columns_for(decision)
        assert len(set(columns)) == len(columns)
        assert max(columns) < COLUMNS
    assert {decision for decision in LISTENS_TO if OWN - 1 in LISTENS_TO[decision]} == {"level"}
