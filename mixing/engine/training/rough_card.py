"""The card of the rough mix: the fit, prior and data apart, and how it does on songs and makers that it never heard."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mixing.engine.mixers.interface import ANALYSIS_VERSION
from mixing.engine.mixers.rough_fit import FORMAT_VERSION, PRIOR, PRIOR_SONGS, to_card
from mixing.engine.mixers.rules import FAMILY, RoughMix
from mixing.engine.training.bootstrap import bootstrap_mean, paired_difference
from mixing.engine.training.examples import Example
from mixing.engine.training.fit_rules import (
    PRIOR_LEFT_LU,
    Errors,
    Fitted,
    artist_of,
    equal_loudness_errors,
    errors_of,
    song_of,
    songs_of,
)

COMMAND: Final = "manage.py fit_rules --data {data} --output models/rough-mix.json"
HOW: Final = (
    "Predicted from features of degraded songs (gain ±12 dB, shelves ±9 dB, a peak ±6 dB, pan ±0.6) by fits that did "
    "not know the song, or any song of its maker; mean over songs, 95 % bootstrap over makers. evaluate_mixer measures "
    "true audio."
)


def card_of(fitted: Fitted, examples: Sequence[Example], *, data: str, seeds: Sequence[int]) -> dict[str, Any]:
    """The card as plain JSON values; :func:`mixing.engine.mixers.rough_fit.from_card` reads the fit from it."""
    prior = PRIOR.levels
    return {
        "format_version": FORMAT_VERSION,
        "key": RoughMix.key,
        "family": FAMILY,
        "title": RoughMix.title,
        "summary": RoughMix.summary,
        "engine_version": ANALYSIS_VERSION,
        "recipe": {"command": COMMAND.format(data=data), "seeds": list(seeds), **dataclasses.asdict(fitted.choices)},
        "prior": {
            "what": "ridge regression (song-centred) over the balances of 60 public multitracks of many makers",
            "songs": PRIOR_SONGS,
            "offsets_lu": dict(prior.offsets_lu),
            "centroid_lu_per_octave": prior.centroid_lu_per_octave,
            "crest_lu_per_db": prior.crest_lu_per_db,
            "flux_lu_per_db": prior.flux_lu_per_db,
            "left_lu": PRIOR_LEFT_LU,
        },
        "data": {"songs": songs_of(examples), "examples": len(examples)},
        "metrics": metrics_of(fitted, examples),
        **to_card(fitted.fit),
    }


def metrics_of(fitted: Fitted, examples: Sequence[Example]) -> dict[str, Any]:
    """Errors of the fit and of what it has to beat, each with its interval, and paired differences to both."""
    makers = {song_of(example): artist_of(example) for example in examples}
    songs = sorted(makers)
    clusters = [makers[song] for song in songs]
    faders_up, prior = errors_of(None, examples), errors_of(PRIOR, examples)
    equal: Errors = {"level_lu": equal_loudness_errors(examples)}
    rows = {
        "faders_up": faders_up,
        "equal_loudness": equal,
        "prior_alone": prior,
        "left_out_by_song": fitted.by_song,
        "left_out_by_maker": fitted.by_artist,
    }

    def interval(values: Mapping[str, float]) -> dict[str, float]:
        return bootstrap_mean([values[song] for song in songs], clusters=clusters).to_dict()

    def apart(others: Errors) -> dict[str, dict[str, float]]:
        return {
            measure: paired_difference(
                [fitted.by_artist[measure][song] for song in songs],
                [others[measure][song] for song in songs],
                clusters=clusters,
            ).to_dict()
            for measure in others
        }

    return {
        "how": HOW,
        "songs": len(songs),
        "makers": len(set(clusters)),
        **{name: {measure: interval(values) for measure, values in errors.items()} for name, errors in rows.items()},
        "left_out_by_maker_minus_prior_alone": apart(prior),
        "left_out_by_maker_minus_equal_loudness": apart(equal),
    }
