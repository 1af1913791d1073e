"""An arena whose truth is known: contenders of known strength, voters and songs with habits, some who cheat.

It asks whether the board's intervals hold what they promise. The *truth* is what a board can mean: the strengths that
describe how a random voter decides on a random song. Voters and songs differ (each has an effect of its own on each
contender), and an average over people who differ is flatter than any one of them, so that truth is not the strength
that was drawn but the model's projection of the averaged probabilities, computed by quadrature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from tournament.engine.davidson import A_WINS, B_WINS, TIED, Fit, Votes, fit

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_NODES: Final = 21


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How large the arena is and how its people are.

    Parameters
    ----------
    contenders, votes, voters, songs : int
    strength_sd : float
        Of the contenders' strengths, in logits.
    voter_effect_sd, song_effect_sd : float
        Of what each voter, and each song, adds to each contender.
    ties : float
        The share of ties, 0 to below 1.
    side : float
        What side A is worth to everyone, in logits.
    loudness : float
        What one LU is worth, in logits.
    gap_sd_lu : float
        Of the residual loudness gap between the two sides.
    activity_sd : float
        Of the logarithm of the voters' activity: 1 means that a fifth of the people cast half of the votes and more.
    """

    contenders: int = 20
    votes: int = 6_000
    voters: int = 150
    songs: int = 40
    strength_sd: float = 0.6
    voter_effect_sd: float = 0.5
    song_effect_sd: float = 0.5
    ties: float = 0.3
    side: float = 0.1
    loudness: float = 0.5
    gap_sd_lu: float = 0.05
    activity_sd: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """One drawn arena: its votes, the strengths that were drawn, and what a perfect board would show.

    ``drawn`` and ``truth`` are around the reference, contender 0, in logits.
    """

    votes: Votes
    drawn: Floats
    truth: Floats
    pushers: Indices
    pushed: int


def simulate(world: World, seed: int, *, pushing_share: float = 0.0) -> Arena:
    """Draw an arena; the same seed gives the same one, and pushing voters change their own votes alone.

    Parameters
    ----------
    pushing_share : float
        The share of voters who vote for one contender, the one of middling strength, wherever they meet it.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.normal(0.0, world.strength_sd, world.contenders)
    drawn -= drawn[0]
    tie = _tie_term(world, drawn)
    voter = rng.choice(world.voters, world.votes, p=_activity(world, rng))
    song = rng.integers(world.songs, size=world.votes)
    a = rng.integers(world.contenders, size=world.votes)
    b = (a + rng.integers(1, world.contenders, size=world.votes)) % world.contenders
    gap = rng.normal(0.0, world.gap_sd_lu, world.votes)
    taste = rng.normal(0.0, world.voter_effect_sd, (world.voters, world.contenders))
    fit_of_song = rng.normal(0.0, world.song_effect_sd, (world.songs, world.contenders))
    strength = drawn[None, :] + taste[voter] + fit_of_song[song]
    rows = np.arange(world.votes)
    eta = strength[rows, a] - strength[rows, b] + world.side + world.loudness * gap
    outcome = _outcomes(eta, tie, rng.random(world.votes))
    pushed = int(np.argsort(drawn)[world.contenders // 2])
    pushers = rng.permutation(world.voters)[: round(pushing_share * world.voters)]
    _push(outcome, a, b, np.isin(voter, pushers), pushed)
    votes = Votes(
        a=a, b=b, outcome=outcome, voter=voter, song=song, gap_lu=gap, weight=np.ones(world.votes),
        contenders=world.contenders,
    )  # fmt: skip
    return Arena(votes=votes, drawn=drawn, truth=_population(world, drawn, tie), pushers=pushers, pushed=pushed)


def covered(found: Fit, truth: Floats) -> NDArray[np.bool_]:
    """For each contender but the reference, whether the interval holds the truth."""
    return np.asarray((np.abs(found.theta - truth) <= found.half_intervals())[1:])


def scale(found: Fit, truth: Floats) -> float:
    """The slope of what was found over what is true, both around their means: 1 where distances are kept."""
    true, seen = truth - truth.mean(), found.theta - found.theta.mean()
    return float(true @ seen / (true @ true))


def _activity(world: World, rng: np.random.Generator) -> Floats:
    activity = np.exp(rng.normal(0.0, world.activity_sd, world.voters))
    return np.asarray(activity / activity.sum())


def _probabilities(eta: Floats, tie: float) -> Floats:
    """Of A, B and a tie, in the last axis."""
    weights = np.stack([np.exp(eta / 2), np.exp(-eta / 2), np.full_like(eta, np.exp(tie))], axis=-1)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def _outcomes(eta: Floats, tie: float, chance: Floats) -> Indices:
    chances = _probabilities(eta, tie)
    won_by_a = chance < chances[:, 0]
    return np.where(won_by_a, A_WINS, np.where(chance < chances[:, 0] + chances[:, 1], B_WINS, TIED)).astype(np.int64)


def _push(outcome: Indices, a: Indices, b: Indices, pushing: NDArray[np.bool_], pushed: int) -> None:
    outcome[pushing & (a == pushed)] = A_WINS
    outcome[pushing & (b == pushed)] = B_WINS


def _averaged(world: World, drawn: Floats, tie: float) -> tuple[Indices, Indices, Floats]:
    """Every ordered pair, and its outcomes' probabilities for a random voter on a random song."""
    a, b = (side.astype(np.int64) for side in np.nonzero(~np.eye(world.contenders, dtype=bool)))
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    spread = np.sqrt(2.0 * (world.voter_effect_sd**2 + world.song_effect_sd**2))
    eta = (drawn[a] - drawn[b] + world.side)[:, None] + spread * nodes
    chances = (_probabilities(eta, tie) * (weights / weights.sum())[None, :, None]).sum(axis=1)
    return a, b, np.asarray(chances)


def _tie_term(world: World, drawn: Floats) -> float:
    """The tie term that gives the wanted share of ties."""

    def short(tie: float) -> float:
        return float(_averaged(world, drawn, tie)[2][:, TIED].mean()) - world.ties

    return float(scipy.optimize.brentq(short, -20.0, 20.0)) if world.ties > 0.0 else -50.0


def _population(world: World, drawn: Floats, tie: float) -> Floats:
    """The strengths that describe the averaged probabilities best: a fit to every pair's, as if to endless votes."""
    a, b, chances = _averaged(world, drawn, tie)
    outcomes = np.repeat(np.arange(3), a.size)
    none = np.zeros(3 * a.size, dtype=np.int64)
    votes = Votes(
        a=np.tile(a, 3), b=np.tile(b, 3), outcome=outcomes.astype(np.int64), voter=none, song=none,
        gap_lu=np.zeros(3 * a.size), weight=chances.T.reshape(-1), contenders=world.contenders,
    )  # fmt: skip
    return fit(votes, reference=0, prior_sd=1e3).theta
