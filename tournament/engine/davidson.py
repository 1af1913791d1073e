"""The board's model: Bradley-Terry with Davidson's ties, side and loudness as covariates, a tie term for each song.

For a vote on a battle with contender i on side A, j on side B, on song s, with A louder than B by ``gap`` LU::

    eta     = theta_i - theta_j + side + loudness * gap
    P(A)   ∝ exp(eta / 2)      P(B) ∝ exp(-eta / 2)      P(tie) ∝ exp(tie + tie_s)

R. R. Davidson, "On extending the Bradley-Terry model to accommodate ties in paired comparison experiments", Journal of
the American Statistical Association 65 (1970), 317-328. The reference contender has theta = 0; theta is in logits of a
decisive vote. Weak normal priors keep what the votes say nothing of finite: ``PRIOR_SD`` around ``prior`` for theta,
``SONG_TIE_SD`` around zero for the songs' tie terms.

Intervals come from a covariance that is clustered by voter and by song (:mod:`tournament.engine.clustered`), since
people and songs have habits: votes of one are no independent witnesses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tournament.engine.clustered import Scores, cluster_covariance
from tournament.engine.design import COVARIATES, Design, Floats, Indices

A_WINS: Final = 0
B_WINS: Final = 1
TIED: Final = 2

PRIOR_SD: Final = 5.0
"""Five logits: a contender that never lost is put near 99 wins in 100, and not at infinity."""
SONG_TIE_SD: Final = 0.7
_MOST_STEPS: Final = 50
_CONVERGED: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """Rated votes as columns, all of one length.

    Parameters
    ----------
    a, b : np.ndarray [dtype=int64]
        The contenders on side A and B, 0 to below ``contenders``, never the same.
    outcome : np.ndarray [dtype=int64]
        A_WINS, B_WINS or TIED. "Both bad" is an axis of its own and does not belong here.
    voter, song : np.ndarray [dtype=int64]
        Any numbers from 0 on; who shares one belongs together.
    gap_lu : np.ndarray [dtype=float64]
        Loudness of A minus B as played, in LU.
    weight : np.ndarray [dtype=float64]
        0 to 1: how much the vote counts.
    contenders : int
        How many there are, with or without votes.

    Raises
    ------
    ValueError
        If columns differ in length or hold what cannot be.
    """

    a: Indices
    b: Indices
    outcome: Indices
    voter: Indices
    song: Indices
    gap_lu: Floats
    weight: Floats
    contenders: int

    def __post_init__(self) -> None:
        columns = (self.a, self.b, self.outcome, self.voter, self.song, self.gap_lu, self.weight)
        if any(column.shape != self.a.shape or column.ndim != 1 for column in columns):
            raise ValueError("The columns of votes have one length.")
        if not self.a.size:
            return
        if min(self.a.min(), self.b.min()) < 0 or max(self.a.max(), self.b.max()) >= self.contenders:
            raise ValueError(f"A vote names a contender outside of 0 to {self.contenders - 1}.")
        if (self.a == self.b).any():
            raise ValueError("A vote is between two contenders.")
        if self.outcome.min() < A_WINS or self.outcome.max() > TIED or min(self.voter.min(), self.song.min()) < 0:
            raise ValueError("A vote's outcome is 0, 1 or 2, and voters and songs count from 0.")
        if not np.isfinite(self.gap_lu).all() or not ((self.weight >= 0.0) & (self.weight <= 1.0)).all():
            raise ValueError("Gaps are finite, and weights go from 0 to 1.")

    def __len__(self) -> int:
        return int(self.a.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What the votes say.

    Parameters
    ----------
    theta : np.ndarray [shape=(contenders,), dtype=float64]
        Strengths in logits; 0 for the reference.
    covariance : np.ndarray [shape=(contenders, contenders), dtype=float64]
        Of theta, clustered by voter and song; the reference's row and column are zero.
    plain_covariance : np.ndarray [shape=(contenders, contenders), dtype=float64]
        As if every vote were a witness of its own.
    side, side_sd : float
        What standing on side A is worth, in logits, and its clustered standard deviation.
    loudness, loudness_sd : float
        What one LU is worth, in logits.
    tie : float
        The tie term of a typical song; two equals tie with probability e^tie / (2 + e^tie).
    song_tie : np.ndarray [shape=(songs,), dtype=float64]
        Each song's own part.
    log_likelihood : float
    steps : int
        Of Newton's method.
    quantile : float
        Student's 97.5th percentile for as many clusters as there effectively are: intervals are theta ± quantile * sd.
    """

    theta: Floats
    covariance: Floats
    plain_covariance: Floats
    side: float
    side_sd: float
    loudness: float
    loudness_sd: float
    tie: float
    song_tie: Floats
    log_likelihood: float
    steps: int
    quantile: float

    def half_intervals(self) -> Floats:
        """Half the 95 % interval of each theta around the reference."""
        return np.asarray(self.quantile * np.sqrt(np.maximum(np.diag(self.covariance), 0.0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the board expected of each vote.

    ``lead`` is the expected outcome, ``surprise`` the outcome minus that, ``variance`` what chance makes of it.
    """

    lead: Floats
    surprise: Floats
    variance: Floats


def expected(votes: Votes, found: Fit) -> Expected:
    """Each vote beside what a fit says of it.

    A victory of A counts one half, of B minus one half, a tie zero: the derivative of the log likelihood by eta.
    Weights are left out.
    """
    eta = found.theta[votes.a] - found.theta[votes.b] + found.side + found.loudness * votes.gap_lu
    drawn = np.exp(found.tie + found.song_tie[votes.song]) if len(votes) else np.zeros(0)
    up, down = np.exp(0.5 * eta), np.exp(-0.5 * eta)
    total = up + down + drawn
    lead = 0.5 * (up - down) / total
    return Expected(lead=lead, surprise=_won(votes) - lead, variance=0.25 * (up + down) / total - lead * lead)


def fit(
    votes: Votes,
    *,
    reference: int,
    prior: Floats | None = None,
    prior_sd: float = PRIOR_SD,
) -> Fit:
    """Maximum a posteriori strengths by Newton's method, with songs' tie terms eliminated in each step.

    Parameters
    ----------
    votes : Votes
        Any number, none included.
    reference : int
        The contender whose strength is 0.
    prior : np.ndarray [shape=(contenders,)] | None
        Where theta is drawn to: zero, or the strengths of a larger board (partial pooling).
    prior_sd : float
        How far from there it may stray, in logits.

    Raises
    ------
    ValueError
        If the reference is no contender.
    ArithmeticError
        If Newton's method does not converge, which a proper prior rules out.
    """
    if not 0 <= reference < votes.contenders:
        raise ValueError(f"The reference is a contender, 0 to {votes.contenders - 1}.")
    problem = _Problem(votes, reference, np.zeros(votes.contenders) if prior is None else prior, prior_sd)
    point, steps = problem.solved()
    return problem.fitted(point, steps)


def _won(votes: Votes) -> Floats:
    return np.asarray(np.where(votes.outcome == A_WINS, 0.5, np.where(votes.outcome == B_WINS, -0.5, 0.0)))


@dataclass(frozen=True, slots=True)
class _Point:
    """theta without the reference, then side, loudness and tie; and the songs' tie terms."""

    shared: Floats
    song_tie: Floats


@dataclass(frozen=True, slots=True)
class _Slopes:
    """First derivatives for each vote, and second ones for the whole."""

    by_eta: Floats
    by_tie: Floats
    log_posterior: float
    gradient: Floats
    song_gradient: Floats
    information: Floats
    cross: Floats
    song_information: Floats


class _Problem:
    def __init__(self, votes: Votes, reference: int, prior: Floats, prior_sd: float) -> None:
        self.votes, self.reference = votes, reference
        self.count = votes.contenders
        self.songs = int(votes.song.max()) + 1 if len(votes) else 0
        self.kept = np.delete(np.arange(self.count), reference)
        self.columns = np.concatenate([self.kept, self.count + np.arange(COVARIATES)])
        self.prior = np.concatenate([(prior - prior[reference])[self.kept], np.zeros(COVARIATES)])
        self.precision = np.full(self.columns.size, 1.0 / PRIOR_SD**2)
        self.precision[: self.kept.size] = 1.0 / prior_sd**2
        self.design = Design(votes.a, votes.b, votes.song, votes.gap_lu, contenders=votes.contenders, songs=self.songs)
        self.won = _won(votes)
        self.tied = (votes.outcome == TIED).astype(np.float64)

    def solved(self) -> tuple[_Point, int]:
        point = _Point(self.prior.copy(), np.zeros(self.songs))
        slopes = self.slopes(point)
        for step in range(1, _MOST_STEPS + 1):
            shared, song_tie = self._newton(slopes)
            size = 1.0
            while True:
                further = _Point(point.shared + size * shared, point.song_tie + size * song_tie)
                found = self.slopes(further)
                if found.log_posterior >= slopes.log_posterior - 1e-9 * abs(slopes.log_posterior) or size < 1e-6:
                    break
                size /= 2.0
            point, slopes = further, found
            if max(np.abs(shared).max(initial=0.0), np.abs(song_tie).max(initial=0.0)) * size < 1e-6:
                return point, step
            if abs(float(slopes.gradient @ shared)) < _CONVERGED:
                return point, step
        raise ArithmeticError("The board's fit does not converge.")

    def _newton(self, slopes: _Slopes) -> tuple[Floats, Floats]:
        carried = slopes.cross / slopes.song_information[:, None]
        reduced = slopes.information - slopes.cross.T @ carried
        shared: Floats = np.linalg.solve(reduced, slopes.gradient - carried.T @ slopes.song_gradient).astype(np.float64)
        return shared, slopes.song_gradient / slopes.song_information - carried @ shared

    def slopes(self, point: _Point) -> _Slopes:
        """The log posterior and its derivatives; the information is the negative second derivative."""
        votes, design, columns = self.votes, self.design, self.columns
        theta = np.zeros(self.count)
        theta[self.kept] = point.shared[:-COVARIATES]
        side, loudness, tie = point.shared[-COVARIATES:]
        eta = theta[votes.a] - theta[votes.b] + side + loudness * votes.gap_lu
        tie_term = (tie + point.song_tie)[votes.song]
        up, drawn = np.exp(0.5 * eta), np.exp(tie_term)
        down = 1.0 / up
        total = up + down + drawn
        p_tie = drawn / total
        lead = 0.5 * (up - down) / total
        by_eta = votes.weight * (self.won - lead)
        by_tie = votes.weight * (self.tied - p_tie)
        eta_eta = votes.weight * (0.25 * (1.0 - p_tie) - lead * lead)
        eta_tie = -votes.weight * p_tie * lead
        tie_tie = votes.weight * p_tie * (1.0 - p_tie)
        likelihood = float(votes.weight @ (self.won * eta + self.tied * tie_term - np.log(total)))
        astray = point.shared - self.prior
        return _Slopes(
            by_eta=by_eta,
            by_tie=by_tie,
            log_posterior=likelihood
            - 0.5 * float(self.precision @ astray**2)
            - 0.5 * float(point.song_tie @ point.song_tie) / SONG_TIE_SD**2,
            gradient=design.sums(by_eta, by_tie)[columns] - self.precision * astray,
            song_gradient=design.by_song(by_tie) - point.song_tie / SONG_TIE_SD**2,
            information=design.products(eta_eta, eta_tie, tie_tie)[np.ix_(columns, columns)] + np.diag(self.precision),
            cross=design.products_with_songs(eta_tie, tie_tie)[:, columns],
            song_information=design.by_song(tie_tie) + 1.0 / SONG_TIE_SD**2,
        )

    # ---- the fit and how sure it is ----------------------------------------------------------------------------------

    def fitted(self, point: _Point, steps: int) -> Fit:
        slopes = self.slopes(point)
        carried = slopes.cross / slopes.song_information[:, None]
        bread: Floats = np.linalg.inv(slopes.information - slopes.cross.T @ carried).astype(np.float64)
        scores = Scores(
            design=self.design,
            voter=self.votes.voter,
            by_eta=slopes.by_eta,
            by_tie=slopes.by_tie,
            columns=self.columns,
            carried=carried,
        )
        clustered, quantile = cluster_covariance(scores, bread)
        theta = np.zeros(self.count)
        theta[self.kept] = point.shared[:-COVARIATES]
        side, loudness, tie = (float(value) for value in point.shared[-COVARIATES:])
        side_sd, loudness_sd, _ = np.sqrt(np.maximum(np.diag(clustered)[-COVARIATES:], 0.0))
        return Fit(
            theta=theta,
            covariance=self._whole(clustered),
            plain_covariance=self._whole(bread),
            side=side,
            side_sd=float(side_sd),
            loudness=loudness,
            loudness_sd=float(loudness_sd),
            tie=tie,
            song_tie=point.song_tie,
            log_likelihood=slopes.log_posterior,
            steps=steps,
            quantile=quantile,
        )

    def _whole(self, covariance: Floats) -> Floats:
        """Of all contenders: zeros where the reference stands."""
        whole = np.zeros((self.count, self.count))
        strengths = self.kept.size
        whole[np.ix_(self.kept, self.kept)] = covariance[:strengths, :strengths]
        return whole
