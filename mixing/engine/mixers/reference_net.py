"""The family reference-net: a net that gives a session the sound of a reference mix."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.mixers.assemble import assemble
from mixing.engine.mixers.checkpoint import Card, Tensors
from mixing.engine.mixers.decisions import Decisions
from mixing.engine.mixers.interface import Intent, SessionFeatures
from mixing.engine.mixers.learned import LearnedMixer, Network, from_cards

if TYPE_CHECKING:
    from mixing.engine.mixers.networks.reference_net import Player

FAMILY: Final = "reference-net"


def mixers(models: Path) -> Sequence[LearnedMixer]:
    """One for each checkpoint of this family in ``models``."""
    return [ReferenceMixer(each.card, each._path, listening) for each in from_cards(models, FAMILY, listening)]


def listening(card: Card, tensors: Tensors) -> Network:
    """The network of a card, in memory; torch is loaded here and not before."""
    from mixing.engine.mixers.networks.reference_net import Player

    return Player(card, tensors)


class ReferenceMixer(LearnedMixer):
    """Listens to the intent's reference as well; without one it sets the rough mix, which it corrects otherwise."""

    needs_reference: bool = True

    def predict(self, session: SessionFeatures, intent: Intent) -> ConsoleParameters:
        """The console that brings the session near the reference's bands, width, dynamics and loudness."""
        return assemble(session, intent, self.decide_towards(session, intent))

    def decide_towards(self, session: SessionFeatures, intent: Intent) -> Decisions:
        """What the network decides, before any style; stems are taken by name, so that their order changes no bit."""
        session = dataclasses.replace(session, stems=tuple(sorted(session.stems, key=lambda stem: stem.name)))
        return cast("Player", self._network()[0]).decide_towards(session, intent)

    def variant(self, sha256: str) -> ReferenceMixer | None:
        """The same mixer in the precision whose file has this hash; None if it has none."""
        found = super().variant(sha256)
        if found is None or found is self:
            return self if found is self else None
        return ReferenceMixer(found.card, found._path, listening)
