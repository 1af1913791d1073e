from __future__ import annotations

import numpy as np
import pytest

from mixing.engine.mixers.decisions import Decisions
from mixing.engine.mixers.style_table import COLUMNS, described, numbers_of, style_of
from mixing.engine.mixers.styles import STYLES, styled
from mixing.engine.roles import ROLES
from tests.mixing.engine.mixers.sessions import session, stem

EVERY_ROLE = session(*(stem(f"{role}.wav", role) for role in ROLES))


@pytest.mark.parametrize("name", STYLES)
def test_a_table_of_numbers_means_the_same_to_every_role(name: str) -> None:
    as_numbers = style_of(numbers_of(STYLES[name]))
    nothing = Decisions(stems={})
    wanted, found = styled(EVERY_ROLE, nothing, STYLES[name]), styled(EVERY_ROLE, nothing, as_numbers)
    for role in ROLES:
        one, other = wanted.stems[f"{role}.wav"], found.stems[f"{role}.wav"]
        assert other.level_lu == pytest.approx(one.level_lu)
        assert other.gain_reduction_db == pytest.approx(one.gain_reduction_db)
        assert (other.reverb_lu or -120.0) == pytest.approx(one.reverb_lu or -120.0)
        assert (other.delay_lu or -120.0) == pytest.approx(one.delay_lu or -120.0)
        assert other.width == pytest.approx(one.width)
    assert found.reverb.decay_s == pytest.approx(wanted.reverb.decay_s)
    assert found.master.gain_reduction_db == pytest.approx(wanted.master.gain_reduction_db)
    assert {group: decision.eq.high_shelf.gain_db for group, decision in found.groups.items()} == pytest.approx(
        {group: decision.eq.high_shelf.gain_db for group, decision in wanted.groups.items()}
    )


def test_no_style_is_a_table_that_changes_nothing() -> None:
    changed = styled(EVERY_ROLE, Decisions(stems={}), style_of(numbers_of(None)))
    plain = dict.fromkeys(changed.stems, (0.0, 0.0, None))
    found = {name: (each.level_lu, each.gain_reduction_db, each.reverb_lu) for name, each in changed.stems.items()}
    assert found == plain
    assert described(numbers_of(None)) == {}


def test_a_card_names_what_a_style_changes() -> None:
    assert described(numbers_of(STYLES["open"]))["offset_lu.snare"] == pytest.approx(1.5)
    assert "offset_lu.bass" not in described(numbers_of(STYLES["open"]))


def test_a_mutated_table_is_still_a_style_that_the_console_takes() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        wild = (rng.normal(size=len(COLUMNS)) * 1_000.0).astype(np.float32)
        style = style_of(wild)
        styled(EVERY_ROLE, Decisions(stems={}), style)
        assert all(abs(offset) <= 12.0 for offset in style.offsets_lu.values())


def test_a_role_that_is_dry_stays_dry_beside_a_wet_group() -> None:
    numbers = numbers_of(None)
    numbers[COLUMNS.index("reverb_lu.drums")] = -18.0
    changed = styled(EVERY_ROLE, Decisions(stems={}), style_of(numbers))
    assert changed.stems["drums.wav"].reverb_lu == pytest.approx(-18.0)
    assert (changed.stems["hihat.wav"].reverb_lu or -120.0) <= -100.0
