"""One person's strengths: the boards' model, held close to what everyone says, by the mode of its posterior.

The votes follow Davidson's model (:mod:`tournament.engine.davidson`) without its covariates and with a tie term fixed
by the share of ties between equals; every strength has a normal prior around everyone's, mu, of a small deviation s::

    log p = Σ log P(vote | theta) - Σ (theta_i - mu_i)² / (2 s²)

With the slopes g and curvatures w of each vote by eta (:mod:`tournament.engine.online`) its gradient is
Σ g (e_a - e_b) - (theta - mu) / s² and its information Σ w (e_a - e_b)(e_a - e_b)' + I / s², whose inverse is the
covariance at the mode that Newton's method finds. A person is one voter: their habits are what is asked for, and no
cluster.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tournament.engine.online import TIES, WON, Belief, Result, expected

STRAYS_SD: Final = 0.5
"""In logits, before a person's votes say more: the board of a genre strays from everyone's as far."""
_MOST_STEPS: Final = 50
_CONVERGED: Final = 1e-8


def posterior(
    results: Iterable[Result], everyone: Mapping[str, float], *, sd: float = STRAYS_SD, ties: float = TIES
) -> dict[str, Belief]:
    """What the votes of one person say of each contender that ``everyone`` names.

    Parameters
    ----------
    results : Iterable[Result]
        In any order; their contenders must be among those of ``everyone``.
    everyone : Mapping[str, float]
        Strengths in logits, to which those of the person are drawn.
    sd : float
        How far they may stray from there, in logits.
    ties : float
        The share of ties between equals, 0 to below 1.

    Raises
    ------
    KeyError
        If a vote names a contender that ``everyone`` does not.
    ArithmeticError
        If Newton's method does not converge, which the prior rules out.
    """
    counts = Counter(results)
    place = {key: number for number, key in enumerate(everyone)}
    start = np.array(list(everyone.values()), dtype=np.float64)
    theta = start.copy()
    for _ in range(_MOST_STEPS):
        gradient, information = _slopes(counts, place, theta, ties)
        gradient -= (theta - start) / sd**2
        information += np.eye(theta.size) / sd**2
        step = np.linalg.solve(information, gradient)
        theta = theta + step
        if not theta.size or np.abs(step).max() < _CONVERGED:
            break
    else:
        raise ArithmeticError("One person's board does not converge.")
    variances = np.diag(np.linalg.inv(information)) if theta.size else theta
    met = Counter(key for result, count in counts.items() for key in (result.a, result.b) for _ in range(count))
    return {
        key: Belief(mean=float(theta[at]), variance=float(variances[at]), votes=met[key]) for key, at in place.items()
    }


def _slopes(
    counts: Mapping[Result, int], place: Mapping[str, int], theta: NDArray[np.float64], ties: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The gradient and the information of the votes alone."""
    gradient, information = np.zeros(theta.size), np.zeros((theta.size, theta.size))
    for (key_a, key_b, outcome), count in counts.items():
        a, b = place[key_a], place[key_b]
        lead, decisive = expected(float(theta[a] - theta[b]), ties)
        slope, curvature = count * (WON[outcome] - lead), count * (0.25 * decisive - lead * lead)
        gradient[a] += slope
        gradient[b] -= slope
        information[[a, b], [a, b]] += curvature
        information[[a, b], [b, a]] -= curvature
    return gradient, information
