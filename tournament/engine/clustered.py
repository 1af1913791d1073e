"""How sure a fit is when votes come in clusters: a sandwich covariance, clustered by voter and by song.

With the inverse information B and the summed scores S_g of each cluster g, one-way: V = c B (Σ S_g S_g') B, where
c = G / (G - 1); two-way: V = V_voter + V_song - V_(voter and song). A. C. Cameron, J. B. Gelbach and D. L. Miller,
"Robust inference with multiway clustering", Journal of Business & Economic Statistics 29 (2011), 238-249. Negative
eigenvalues, which the difference can have, are lifted to zero; and no variance is less than the plain one, since votes
of one person are never better witnesses than votes of many. Quantiles are Student's for the effective number of
clusters, (Σ n_g)² / Σ n_g² of the votes n_g in each, of the scarcer kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
import scipy.stats
from numpy.typing import NDArray

from tournament.engine.design import Design, Floats, Indices


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What each vote pulls at: derivatives by eta and by the tie term, and where they belong.

    ``columns`` picks the fitted parameters out of the design's; ``carried`` is what a unit of each song's tie score
    carries over to them once the songs' tie terms are eliminated, ``(songs, fitted)``.
    """

    design: Design
    voter: Indices
    by_eta: Floats
    by_tie: Floats
    columns: Indices
    carried: Floats


def cluster_covariance(scores: Scores, bread: Floats) -> tuple[Floats, float]:
    """The two-way clustered covariance of the shared parameters, and the quantile for 95 % intervals."""
    song = scores.design.song
    if not song.size:
        return bread, float(scipy.stats.norm.ppf(0.975))
    voters, songs = _numbered(scores.voter), _numbered(song)
    meat = _meat(scores, voters) + _meat(scores, songs) - _meat_of_both(scores, voters)
    clustered = _positive(bread @ meat @ bread)
    short = np.sqrt(np.maximum(np.diag(bread) / np.maximum(np.diag(clustered), 1e-300), 1.0))
    clustered = clustered * np.outer(short, short)
    scarce = min(effective_number(voters), effective_number(songs))
    return clustered, float(scipy.stats.t.ppf(0.975, max(1.0, scarce - 1.0)))


def effective_number(clusters: Indices) -> float:
    """(Σ n)² / Σ n² of the clusters' sizes: how many clusters of one size would be as good."""
    sizes = np.bincount(clusters).astype(np.float64)
    return float(sizes.sum() ** 2 / np.maximum(sizes @ sizes, 1e-300)) if sizes.size else 0.0


def _numbered(labels: Indices) -> Indices:
    """The same clusters, numbered from 0 without gaps."""
    return np.asarray((np.cumsum(np.bincount(labels) > 0) - 1)[labels], dtype=np.int64)


def _meat(scores: Scores, cluster: Indices) -> Floats:
    """Sum over a few thousand clusters of the outer products of their summed scores."""
    count = int(cluster.max()) + 1
    if count < 2:
        return np.zeros((scores.columns.size, scores.columns.size))
    design, width = scores.design, scores.design.contenders
    summed = np.empty((count, width + 3))
    of_a = np.bincount(cluster * width + design.a, scores.by_eta, count * width)
    of_b = np.bincount(cluster * width + design.b, scores.by_eta, count * width)
    summed[:, :width] = (of_a - of_b).reshape(count, width)
    for number, values in enumerate((scores.by_eta, scores.by_eta * design.gap_lu, scores.by_tie)):
        summed[:, width + number] = np.bincount(cluster, values, count)
    ties = scipy.sparse.csr_matrix((scores.by_tie, (cluster, design.song)), shape=(count, design.songs))
    own = summed[:, scores.columns] - ties @ scores.carried
    return np.asarray(count / (count - 1) * (own.T @ own))


def _meat_of_both(scores: Scores, voters: Indices) -> Floats:
    """The same for clusters of one voter on one song, which are many, and mostly of a single vote."""
    design = scores.design
    key = voters * design.songs + design.song
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    if starts.size < 2:
        return np.zeros((scores.columns.size, scores.columns.size))
    sizes = np.diff(starts, append=key.size)
    alone = np.zeros(key.size, dtype=bool)
    alone[order[starts[sizes == 1]]] = True
    together = np.flatnonzero(~alone)
    meat = _meat_alone(scores, alone)
    if together.size:
        cluster = np.unique(key[together], return_inverse=True)[1]
        meat += _meat_together(scores, together, np.asarray(cluster, dtype=np.int64))
    return np.asarray(starts.size / (starts.size - 1) * meat)


def _meat_alone(scores: Scores, which: NDArray[np.bool_]) -> Floats:
    """Votes that are clusters by themselves: squares and products, summed as the information is."""
    eta, tie = scores.by_eta * which, scores.by_tie * which
    shared = scores.design.products(eta * eta, eta * tie, tie * tie)[np.ix_(scores.columns, scores.columns)]
    crossed = scores.design.products_with_songs(eta * tie, tie * tie)[:, scores.columns].T @ scores.carried
    carried = scores.carried.T @ (scores.design.by_song(tie * tie)[:, None] * scores.carried)
    return np.asarray(shared - crossed - crossed.T + carried)


def _meat_together(scores: Scores, rows: Indices, cluster: Indices) -> Floats:
    """Clusters of several votes: each has one song, and few contenders."""
    design, count = scores.design, int(cluster.max()) + 1
    eta, tie = scores.by_eta[rows], scores.by_tie[rows]
    width = design.contenders
    places = [design.a[rows], design.b[rows], *(np.full(rows.size, width + number) for number in range(3))]
    values = [eta, -eta, eta, eta * design.gap_lu[rows], tie]
    cells = (np.concatenate(values), (np.tile(cluster, 5), np.concatenate(places)))
    own = scipy.sparse.csr_matrix(cells, shape=(count, width + 3))[:, scores.columns]
    ties = scipy.sparse.csr_matrix((tie, (cluster, design.song[rows])), shape=(count, design.songs))
    crossed = (ties.T @ own).T @ scores.carried
    carried = scores.carried.T @ ((ties.T @ ties) @ scores.carried)
    return np.asarray((own.T @ own).todense() - crossed - crossed.T + carried)


def _positive(covariance: Floats) -> Floats:
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2.0)
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)
