"""What sets one kind of music apart from another: tempo, swing, grooves, progressions and who plays.

Patterns are one bar in sixteenths. Drums: ``X`` accent, ``x`` normal, ``o`` soft, ``O`` an open hat, ``.`` rest.
Chords: ``X``/``x`` strike, ``P`` strike the chord of the *next* half bar early, ``-`` hold. Bass: ``R`` root,
``8`` octave, ``5`` fifth, ``3`` third, ``7`` seventh, ``a`` a step into the next root, ``-`` hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mixing.engine.generator.harmony import Mode
from mixing.engine.roles import Role


@dataclass(frozen=True, slots=True)
class Chair:
    """A seat in the band: the file's name, its role, what is played and with which instruments one may sit there."""

    name: str
    role: Role
    duty: str
    instruments: tuple[str, ...]
    channels: int = 2


@dataclass(frozen=True, slots=True)
class Groove:
    """Drum and bass patterns that belong together."""

    kick: str
    snare: str
    hats: str
    bass: str


@dataclass(frozen=True, slots=True)
class Style:
    """Everything that a band agrees on before it plays."""

    genre: str
    tempo_bpm: tuple[int, int]
    swing: tuple[float, float]
    modes: tuple[Mode, ...]
    chord_size: int
    electronic: bool
    verse: tuple[Groove, ...]
    chorus: tuple[Groove, ...]
    comping: tuple[str, ...]
    percussion: tuple[tuple[tuple[str, str], ...], ...]
    band: tuple[Chair, ...]


PROGRESSIONS: Final[dict[Mode, tuple[str, ...]]] = {
    "major": ("4 3 6 1", "1 6 4 5", "6 4 1 5", "4 5 3 6", "2 5 1 6", "1 3 4 4,5", "4 1 2 6", "4 3 2 1", "6 2 4 1,5"),
    "minor": ("1 6 3 7", "6 7 1 1", "1 4 6 7", "4 1 6 7", "1 3 7 4", "6 4 1 7", "1 7 6 4,7"),
    "dorian": ("1 4 1 4", "1 4 7 3", "1 3 4 7,4", "4 1 3 7", "1 2 3 4"),
    "mixolydian": ("1 7 4 1", "4 7 1 1", "1 5 4 7", "1 4 7 4", "6 7 1 4"),
}

_KICK, _SNARE = Chair("Kick", "kick", "kick", ("kit",), 1), Chair("Snare", "snare", "snare", ("kit",), 1)
_HATS = Chair("Hats", "hihat", "hats", ("kit",), 1)
_PERC, _TOMS = Chair("Percussion", "percussion", "percussion", ("kit",)), Chair("Toms", "toms", "toms", ("kit",))
_CYMBALS, _FX = Chair("Cymbals", "cymbals", "cymbals", ("kit",)), Chair("FX", "fx", "fx", ("transitions",))
_FINGERED, _SYNTH_BASS = ("fingered bass",), ("synth bass", "pulse bass")

STYLES: Final[tuple[Style, ...]] = (
    Style(
        genre="neo soul",
        tempo_bpm=(84, 98),
        swing=(0.12, 0.26),
        modes=("major", "dorian", "minor"),
        chord_size=5,
        electronic=False,
        verse=(
            Groove("X.....x...x.....", "....X..o.o..X...", "x.xox.x.x.xox.xo", "R--...5.R-.a...."),
            Groove("X..x......x....o", "....X....o..X..o", "x.x.x.xox.x.x.x.", "R-....R-..5-..a."),
        ),
        chorus=(
            Groove("X..x..x...x..x..", "....X..o.o..X..o", "xoxoxoxOxoxoxoxo", "R--R..5-8.R-..7a"),
            Groove("X.....xx..x...x.", "....X..o....X.o.", "x.xxx.xOx.xxx.xo", "R-.R..8-R.5-.R.a"),
        ),
        comping=("X-----x---....P-", "X--x--......P---", "....X-..x---..P-", "X-....x-..X---..", "X--.x--...x-..P-"),
        percussion=(
            (("shaker", "o.x.o.x.o.x.o.x."), ("high conga", "......o..x......"), ("low conga", "..........x...o.")),
            (("tambourine", "....x.......x..."), ("shaker", "oxoooxoooxoooxoo")),
        ),
        band=(
            _KICK, _SNARE, _HATS, _PERC, Chair("Bass DI", "bass", "bass", _FINGERED, 1),
            Chair("Rhodes", "keys", "chords", ("electric piano",)),
            Chair("Warm Pad", "pad", "pad", ("warm pad", "hollow pad")),
            Chair("Lead Synth", "synth", "lead", ("soft lead", "saw lead"), 1), _CYMBALS, _FX,
        ),
    ),
    Style(
        genre="house",
        tempo_bpm=(116, 126),
        swing=(0.0, 0.14),
        modes=("minor", "dorian", "major"),
        chord_size=4,
        electronic=True,
        verse=(
            Groove("X...X...X...X...", "....X.......X...", "..X...X...X...X.", "R..R..R...8.R..."),
            Groove("X...X...X...X...", "....X.......X..o", "x.O.x.O.x.O.x.O.", "..R...R...R.8.R."),
        ),
        chorus=(
            Groove("X...X...X...X..x", "....X..o....X...", "xoOoxoOoxoOoxoOo", "R.8.R.8.R.8.R.5a"),
            Groove("X...X...X...X...", "....X.......X.o.", "x.OxxxO.x.OxxxO.", "R..R..8.R..R..8a"),
        ),
        comping=("X-.X-.X-..X-..P-", "..X-..X-..X-..X-", "X-....X-..X-....", "...X-..X-...X-.."),
        percussion=(
            (("tambourine", "....x..o....x..o"), ("high conga", "..o..x....o..x.."), ("low conga", "......x.......x.")),
            (("shaker", "xoxoxoxoxoxoxoxo"), ("rim", "...x..x....x..x.")),
        ),
        band=(
            _KICK, Chair("Clap Snare", "snare", "snare", ("kit",), 1), _HATS, _PERC,
            Chair("Bass Synth", "bass", "bass", _SYNTH_BASS, 1),
            Chair("Organ Stabs", "keys", "chords", ("organ",)), Chair("Pad", "pad", "pad", ("warm pad", "hollow pad")),
            Chair("Pluck", "synth", "arpeggio", ("pluck",)),
            Chair("Lead", "synth", "lead", ("saw lead", "square lead"), 1), _FX,
        ),
    ),
    Style(
        genre="synthwave",
        tempo_bpm=(92, 110),
        swing=(0.0, 0.04),
        modes=("minor", "major"),
        chord_size=3,
        electronic=True,
        verse=(
            Groove("X...x...X...x...", "....X.......X...", "x.x.x.x.x.x.x.x.", "R.R.R.R.R.R.R.R."),
            Groove("X.......X.x.....", "....X.......X...", "x.xox.xox.xox.xo", "RRRRRRRRRRRRRRRR"),
        ),
        chorus=(
            Groove("X...x...X...x..x", "....X.......X...", "xoxoxoxoxoxoxoxO", "R.8.R.8.R.8.R.8."),
            Groove("X..x..x.X..x....", "....X.......X..o", "x.xox.xOx.xox.xO", "R.RR8.RRR.RR8.5a"),
        ),
        comping=("X---------------", "X-------X-------", "X-----X-----X---"),
        percussion=((("tambourine", "....x.......x..."),), (("shaker", "x.o.x.o.x.o.x.o."),)),
        band=(
            _KICK, _SNARE, _HATS, _TOMS, Chair("Bass Synth", "bass", "bass", _SYNTH_BASS, 1),
            Chair("Poly Keys", "keys", "chords", ("electric piano", "piano")),
            Chair("Strings", "strings", "pad", ("strings",)),
            Chair("Arp", "synth", "arpeggio", ("pluck",)),
            Chair("Lead Synth", "synth", "lead", ("saw lead",), 1), _CYMBALS, _FX,
        ),
    ),
    Style(
        genre="lo-fi",
        tempo_bpm=(70, 84),
        swing=(0.2, 0.34),
        modes=("major", "minor", "dorian"),
        chord_size=5,
        electronic=False,
        verse=(
            Groove("X......x..x.....", "....x.......x...", "x.x.x.xox.x.x.x.", "R-----..R---..a."),
            Groove("X.........x..x..", "....x..o....x...", "x.xox.x.x.x.x.xo", "R---..5-R-....a."),
        ),
        chorus=(
            Groove("X..o...x..x.....", "....x..o.o..x...", "xoxox.xox.xoxoxO", "R---.R5-..R-..7a"),
            Groove("X......x..xx....", "....x..o....x..o", "x.xoxox.x.xox.xo", "R-..R.--5-..R-.a"),
        ),
        comping=("X-------x---..P-", "X-----......x---", "X---..x---......", "x---X-------..P-"),
        percussion=((("rim", "......o.....o..."), ("shaker", "o.x.o.x.o.x.o.x.")), (("shaker", "..x...x...x...x."),)),
        band=(
            _KICK, _SNARE, _HATS, _PERC, Chair("Sub Bass", "bass", "bass", ("sub bass", *_FINGERED), 1),
            Chair("Upright Piano", "piano", "chords", ("piano",)),
            Chair("Pad", "pad", "pad", ("hollow pad", "warm pad")),
            Chair("Flute Lead", "woodwind", "lead", ("soft lead",), 1), Chair("Vinyl FX", "fx", "fx", ("transitions",)),
        ),
    ),
    Style(
        genre="indie pop",
        tempo_bpm=(102, 122),
        swing=(0.0, 0.08),
        modes=("major", "mixolydian", "minor"),
        chord_size=4,
        electronic=False,
        verse=(
            Groove("X.....x.X.......", "....X.......X...", "x.x.x.x.x.x.x.x.", "R-R-R-R-R-R-R-a-"),
            Groove("X..x....X.x.....", "....X.......X..o", "x.xox.x.x.xox.x.", "R--R..R-R--R..5-"),
        ),
        chorus=(
            Groove("X.x...x.X.x.....", "....X.......X...", "X.x.X.x.X.x.X.xO", "R-R-R-R-5-5-8-a-"),
            Groove("X..x..x.X..x..x.", "....X..o....X.o.", "X.O.X.O.X.O.X.O.", "R-RRR-R-R-RR5-a-"),
        ),
        comping=("X---------x-----", "X-----X-----X---", "X-......X-..x---"),
        percussion=((("tambourine", "o.o.x.o.o.o.x.o."),), (("shaker", "x.o.x.o.x.o.x.o."),)),
        band=(
            _KICK, _SNARE, _HATS, _TOMS, _PERC, Chair("Bass DI", "bass", "bass", _FINGERED, 1),
            Chair("Acoustic Gtr", "acoustic_guitar", "strum", ("guitar",), 1),
            Chair("Piano", "piano", "chords", ("piano", "electric piano")),
            Chair("Strings", "strings", "pad", ("strings",)),
            Chair("Lead Synth", "synth", "lead", ("square lead", "soft lead"), 1),
            _CYMBALS, _FX,
        ),
    ),
)  # fmt: skip

STRUMS: Final = ("X-..x-x-..x-x-x-", "X---x-x-..x-x-x-", "X-x-X-xxX-x-X-x-")
MOTIF_RHYTHMS: Final = (
    "x--x--x-x-x-....",
    "..x-x-x-x-x---..",
    "x-x-x---..x-x---",
    "x---..x-x-x-x---",
    "x-xx--x---x-x-..",
    "x--x--x--x--x-x-",
    "x-x-.xx-x---x---",
    "x--xx--xx---x---",
)
ANSWER_RHYTHMS: Final = (
    "x-----x-x-......", "....x-x-x--x----", "..xx-x-.x---....", "x--x--x---......", "....x-x-x-------",
    "x-x-x-----......",
)  # fmt: skip
CADENCES: Final = ("x-x-x-----------", "x--x--x---------", "x---x-----......", "..x-x-----------")
