"""The 21 roles that a stem can have and the four groups of the console that they feed."""

from __future__ import annotations

from typing import Final, Literal, get_args

Role = Literal[
    "drums", "kick", "snare", "hihat", "toms", "cymbals", "percussion",
    "bass",
    "lead_vocal", "backing_vocal",
    "electric_guitar", "acoustic_guitar", "piano", "keys", "synth", "pad", "strings", "brass", "woodwind",
    "fx", "other",
]  # fmt: skip
Group = Literal["drums", "bass", "vocals", "music"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
GROUPS: Final[tuple[Group, ...]] = get_args(Group)

_GROUP_OF: Final[dict[Role, Group]] = {
    **dict.fromkeys(("drums", "kick", "snare", "hihat", "toms", "cymbals", "percussion"), "drums"),
    "bass": "bass",
    "lead_vocal": "vocals",
    "backing_vocal": "vocals",
}  # fmt: skip


def group_of(role: Role) -> Group:
    """The group bus that a stem of this role feeds; everything that is not drums, bass or vocals is music."""
    return _GROUP_OF.get(role, "music")
