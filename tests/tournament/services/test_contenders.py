"""Who is entered in the arena."""

import pytest

from tests.tournament import factories
from tournament.services.contenders import NOT_ENTERED, contenders

pytestmark = pytest.mark.django_db


def test_what_has_not_earned_its_place_is_offered_on_the_desk_alone() -> None:
    rows = factories.mixers()

    entered = set(contenders())
    left_out = {row.family for row in rows if row not in entered}

    assert left_out == {*NOT_ENTERED, "reference-net", "search"}
    assert {"rough-mix", "faders-up", "equal-loudness", "console-net"} <= {row.key for row in entered}
