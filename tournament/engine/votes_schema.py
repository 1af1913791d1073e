"""The JSON Schema of an export of votes and boards, as :mod:`tournament.engine.recompute` writes it."""

from __future__ import annotations

from typing import Any, Final

from tournament.engine.board import SCHEMA_VERSION

_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_NUMBER: Final = {"type": "number"}
_POINTS: Final = {"type": "number", "description": "400 are ten to one, 1000 is the reference."}
_SHARE: Final = {"type": "number", "minimum": 0, "maximum": 1}
_SHA256: Final = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_CONTENDER: Final = {"type": "string", "description": "A mixer as it mixed: key@version."}


def schema() -> dict[str, Any]:
    """A JSON Schema (2020-12) of the whole file."""
    boards = _closed({"rules": _rules(), "result": _result()})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "AI Mixer votes and boards",
        **_closed(
            {
                "schema_version": {"const": SCHEMA_VERSION},
                "boards": {"type": "array", "items": boards},
                "votes": {"type": "array", "items": _vote()},
            }
        ),
    }


def _vote() -> dict[str, Any]:
    same = "A pseudonym that stays the same from export to export."
    return _closed(
        {
            "battle": {**_TEXT, "description": same},
            "song": {**_TEXT, "description": same},
            "voter": {**_TEXT, "description": f"{same} Each vote of somebody who has left has one of its own."},
            "genre": {**_TEXT, "description": "Of the song, or empty."},
            "a": _CONTENDER,
            "b": _CONTENDER,
            "choice": {"enum": ["a", "b", "tie", "both_bad", "cant_tell"]},
            "gap_lu": {**_NUMBER, "description": "Loudness of A minus B as played, in LU."},
            "unrated": {
                "enum": ["", "trial", "own_song", "opened_mix", "cant_tell"],
                "description": "Why the vote is kept and not rated, or empty.",
            },
            "weight": {**_SHARE, "description": "0 where the voter's votes are held back."},
            "day": {"type": "string", "format": "date"},
        }
    )


def _rules() -> dict[str, Any]:
    return _closed(
        {
            "board": {**_TEXT, "description": "public, artist, expert, or genre:NAME."},
            "reference": {**_TEXT, "description": "The mixer that stands at 1000, in its version of most votes."},
            "admit_unrated": {"type": "array", "items": _TEXT},
            "only_voters": {"type": ["array", "null"], "items": _TEXT, "description": "Null where everyone counts."},
            "unranked_under": _COUNT,
            "preliminary_under": _COUNT,
            "schema_version": {"const": SCHEMA_VERSION},
        }
    )


def _result() -> dict[str, Any]:
    effect = {"anyOf": [{"type": "null"}, _closed(dict.fromkeys(("logits", "low", "high"), _NUMBER))]}
    return _closed(
        {
            "board": _TEXT,
            "votes": {**_COUNT, "description": "That the board counts."},
            "votes_sha256": {**_SHA256, "description": "Of the counted votes as sorted lines of JSON, keys sorted."},
            "reference": {"anyOf": [{"type": "null"}, _CONTENDER]},
            "rows": {"type": "array", "items": _row()},
            "win_matrix": {
                "type": "array",
                "items": {"type": "array", "items": _COUNT},
                "description": "How often the row's contender won against the column's, in the order of the rows.",
            },
            "side": {**effect, "description": "What standing on side A is worth, in logits of a decisive vote."},
            "loudness": {**effect, "description": "What one LU is worth, in logits."},
            "tie": {"anyOf": [{"type": "null"}, _SHARE], "description": "How probable a tie of two equals is."},
            "effective_voters": {"type": "number", "minimum": 0},
            "votes_to_flip": {
                "type": ["integer", "null"],
                "description": "The most telling votes that would have to turn round until the second leads.",
            },
        }
    )


def _row() -> dict[str, Any]:
    bad = {"anyOf": [{"type": "null"}, _SHARE]}
    return _closed(
        {
            "contender": _CONTENDER,
            "status": {"enum": ["ranked", "preliminary", "unranked"]},
            **dict.fromkeys(("rating", "low", "high"), _POINTS),
            **dict.fromkeys(("votes", "wins", "losses", "ties", "both_bad"), _COUNT),
            "both_bad_share": bad,
            "both_bad_low": _SHARE,
            "both_bad_high": _SHARE,
        }
    )


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
