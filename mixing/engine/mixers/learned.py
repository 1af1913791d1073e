"""A mixer that plays a checkpoint: its weights are loaded by the first prediction, once in a process."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Final, Protocol

from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.errors import MixFailed
from mixing.engine.mixers import checkpoint
from mixing.engine.mixers.assemble import assemble
from mixing.engine.mixers.checkpoint import STYLE_TABLE, Card, Tensors
from mixing.engine.mixers.decisions import Decisions
from mixing.engine.mixers.interface import BANDS, AudioFeatures, Intent, SessionFeatures, StemFeatures
from mixing.engine.mixers.outcomes import Outcomes
from mixing.engine.mixers.style_table import style_of
from mixing.engine.mixers.styles import styled

_log: Final = logging.getLogger(__name__)


class Network(Protocol):
    """Weights in memory, ready to listen; ``outcomes``, where it has them, correct what formulas make of wishes."""

    def decide(self, session: SessionFeatures) -> Decisions:
        """What it would do with a session, by itself and without a style table."""
        ...


def listening(card: Card, tensors: Tensors) -> Network:
    """The network of a card, in memory; torch is loaded here and not before."""
    from mixing.engine.mixers.networks.families import Player

    return Player(card, tensors)


Build = Callable[[Card, Tensors], Network]
"""Makes the network of a card and loads its tensors; refuses those of another shape."""


class LearnedMixer:
    """One checkpoint in the registry; see :class:`~mixing.engine.mixers.interface.Mixer`.

    Parameters
    ----------
    card : Card
    path : Path
        Of the ``.safetensors`` file.
    build : Build
        The family's.
    """

    def __init__(self, card: Card, path: Path, build: Build) -> None:
        self.card = card
        self.key = card.key
        self.family = card.family
        self.title = card.title
        self.summary = card.summary
        self.sha256 = card.sha256
        self.version = card.sha256[:12]
        self._path = path
        self._build = build
        self._ready: tuple[Network, Tensors] | None = None
        self._loading = Lock()

    @classmethod
    def in_memory(cls, card: Card, tensors: Tensors, build: Build) -> LearnedMixer:
        """A mixer of weights that lie on no disk, such as one that is being trained."""
        made = cls(card, Path(), build)
        made._ready = (build(card, tensors), tensors)
        return made

    def predict(self, session: SessionFeatures, intent: Intent) -> ConsoleParameters:
        """The console of a session, with the checkpoint's own style unless the intent names one."""
        network, tensors = self._network()
        decisions = network.decide(session)
        if intent.style is None and STYLE_TABLE in tensors and self.card.style:
            decisions = styled(session, decisions, style_of(tensors[STYLE_TABLE], title=self.title))
        outcomes: Outcomes | None = getattr(network, "outcomes", None)
        return assemble(session, intent, decisions, outcomes=outcomes)

    def decide(self, session: SessionFeatures) -> Decisions:
        """What the network decides, before any style."""
        return self._network()[0].decide(session)

    def warm(self) -> None:
        """Load the weights and run them once."""
        self.predict(_anything(), Intent())

    def variant(self, sha256: str) -> LearnedMixer | None:
        """The same mixer in the precision whose file has this hash; None if it has none.

        Raises
        ------
        MixFailed
            ``checkpoint_tampered`` if that file has become another; and what reading its card says.
        """
        if sha256 == self.card.sha256:
            return self
        for row in self.card.quantisation.values():
            if isinstance(row, Mapping) and row.get("sha256") == sha256:
                path = self._path.with_name(str(row["file"]))
                card = checkpoint.read_card(path.with_suffix(".json"))
                if card.sha256 != sha256:
                    raise MixFailed(
                        "checkpoint_tampered",
                        f"{path.name} is no longer the checkpoint that {self.key} names; quantise it again.",
                        field=self.key,
                    )
                return LearnedMixer(card, path, self._build)
        return None

    def _network(self) -> tuple[Network, Tensors]:
        with self._loading:
            if self._ready is None:
                loaded = checkpoint.load(self._path)
                if loaded.card.sha256 != self.sha256:
                    raise MixFailed(
                        "checkpoint_tampered",
                        f"The checkpoint {self.key} changed while the program ran; start it again.",
                        field=self.key,
                    )
                self._ready = (self._build(loaded.card, loaded.tensors), loaded.tensors)
            return self._ready


def from_cards(models: Path, family: str, build: Build = listening) -> Sequence[LearnedMixer]:
    """One mixer for each checkpoint of a family in ``models``, ancestors first; unusable cards are logged and left out.

    A file with two suffixes (``console-net.int8.json``) is a variant in another precision, and no mixer of its own; a
    card without weights is that of a rule.
    """
    found = []
    for path in sorted(models.glob("*.json")):
        if "." in path.stem or not path.with_suffix(checkpoint.SUFFIX).exists():
            continue
        try:
            card = checkpoint.read_card(path)
        except MixFailed as error:
            _log.error("%s is left out: %s", path.name, error.message)
            continue
        if card.family == family:
            found.append(LearnedMixer(card, path.with_suffix(checkpoint.SUFFIX), build))
    return sorted(found, key=lambda each: (bool(each.card.parents), each.key))


def _anything() -> SessionFeatures:
    """Two plain stems."""
    audio = AudioFeatures(
        channels=2,
        duration_s=10.0,
        loudness_lufs=-23.0,
        true_peak_dbtp=-6.0,
        crest_db=10.0,
        centroid_hz=1_000.0,
        flux_db=1.0,
        width=0.1,
        imbalance=0.0,
        activity=1.0,
        spectrum_db=(-16.0,) * BANDS,
        side_db=(-26.0,) * BANDS,
        band_imbalance=(0.0,) * BANDS,
        variation_db=(6.0,) * BANDS,
        peak_percentiles_dbfs=(-30.0, -22.0, -17.0, -12.0, -8.0, -6.5),
        loudness_range_lu=4.0,
        short_term_max_lufs=-21.0,
    )
    other = dataclasses.replace(audio, centroid_hz=120.0)
    return SessionFeatures(
        sample_rate=44_100,
        stems=(
            StemFeatures(name="a", role="lead_vocal", audio=audio),
            StemFeatures(name="b", role="bass", audio=other),
        ),
    )
