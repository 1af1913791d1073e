"""The family search: no weights; a bounded evolution strategy over the console towards a reference's features.

CMA-ES (Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv 1604.00772) with a diagonal covariance, since the knobs
are some hundred, asks the mel desk what each console of a generation would sound like. The seed and the number of
generations are fixed, so that the same session and reference give the same console.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.assemble import assemble
from mixing.engine.mixers.interface import Intent, Mixer, SessionFeatures
from mixing.engine.mixers.rules import rough_decisions

FAMILY: Final = "search"


def mixers(models: Path) -> Sequence[Mixer]:
    """The one search; it needs no checkpoint."""
    return (Search(),)


class Search:
    """Tries some thousand consoles on paper and sets the best; see :class:`~mixing.engine.mixers.interface.Mixer`."""

    key: str = "search"
    family: str = FAMILY
    version: str = "2"
    title: str = "Search"
    needs_reference: bool = True
    summary: str = "Tries thousands of consoles by calculation until the mix measures like the reference."

    def predict(self, session: SessionFeatures, intent: Intent) -> ConsoleParameters:
        """The console nearest to the reference's features.

        Raises
        ------
        MixFailed
            ``needs_reference`` where the intent has none that sounds: there is nothing to search for.
        """
        reference = intent.reference
        if reference is None or not reference.spectrum_db:
            sentence = (
                "The search needs a reference to come near: add a mix whose sound you like, or take another mixer."
            )
            raise MixFailed("needs_reference", sentence, field="reference")
        from mixing.engine.mixers.networks.evolution import nearest

        return assemble(session, intent, nearest(session, intent, reference, rough_decisions(session)))
