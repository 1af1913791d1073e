"""How much loudness a high-pass takes from a stem, predicted from its measured spectrum."""

from __future__ import annotations

from collections.abc import Sequence

from mixing.engine.console.parameters import Eq, HighPass
from mixing.engine.mixers.eq_response import loudness_change_lu


def high_pass_loss_lu(spectrum_db: Sequence[float], high_pass: HighPass) -> float:
    """Loudness that a stem loses in a high-pass, in LU, zero or more.

    Parameters
    ----------
    spectrum_db : Sequence[float]
        ``AudioFeatures.spectrum_db``; empty for silence, which loses nothing.
    high_pass : HighPass
        The filter; one that is off loses nothing.
    """
    return max(0.0, -loudness_change_lu(spectrum_db, Eq(high_pass=high_pass)))
