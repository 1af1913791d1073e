"""Guess a stem's role from its file name, as an engineer reads a tape box: words, abbreviations, camel case, digits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from mixing.engine.roles import Role, group_of

STRONG: Final = 3
"""The instrument itself: it decides whatever else the name says."""
FAMILY: Final = 2
"""A family of instruments, which a named instrument overrules."""
HINT: Final = 1
"""Decides only where the name says nothing better."""


@dataclass(frozen=True, slots=True)
class _Reading:
    role: Role
    weight: int


_VOCABULARY: Final[tuple[tuple[Role, int, str], ...]] = (
    ("kick", STRONG, "kick kik kck kd bd bassdrum kickdrum bombo grosscaisse"),
    ("snare", STRONG, "snare snr sn sd sidestick rim rimshot rimclick clap claps handclap snaredrum brush brushes"),
    ("kick", HINT, "k"),
    ("hihat", STRONG, "hihat hat hats hh hihats charleston"),
    ("toms", STRONG, "tom toms rototom racktom floortom"),
    ("toms", FAMILY, "ft"),
    ("cymbals", STRONG, "cymbal cym ride crash splash china oh ohs ovh ovhd overhead overheads overh"),
    ("percussion", STRONG, """shaker shkr tamb tambo tambourine conga bongo cowbell timbale cabasa guiro maraca claves
     woodblock djembe cajon tabla udu agogo timpani timp marimba xylophone xylo vibraphone vibes glock
     glockenspiel bell chime mallet snap snaps fingersnap tambor pandeiro surdo taiko gong castanet beatbox"""),
    ("percussion", FAMILY, "perc percs prc percussion percus percussive triangle wood"),
    ("drums", FAMILY, "drum drums drm drms drumset drumkit kit drumloop breakbeat drumbus schlagzeug bateria dr"),
    ("drums", HINT, "beat beats break breaks loop loops groove room rooms rm 909 707 606 tops top fill fills amen"),
    ("bass", STRONG, "bass bas bss bassgtr bassguitar bassgit contrabass kontrabass basse bajo subbass lb302 reese"),
    ("bass", FAMILY, "sub 808 808s"),
    ("lead_vocal", STRONG, """vocal voc vox vx vocals voice voices ldvox leadvox lvox singer sing gesang voz voix
     chant rap rapper vo voxs"""),
    ("lead_vocal", HINT, "male female topline"),
    ("backing_vocal", STRONG, """bgv bgvs bgvox bv bvs bvox bvx bvoc backingvox choir choirs chorale coro ooh oohs ooo
     aah aahs aahh ahs oohaah bkgvox gangvox adlib adlibs"""),
    ("backing_vocal", HINT, "backing backup background harmony harmonies harm harms gang"),
    ("electric_guitar", STRONG, """guitar gtr guit git gt gitarre guitarra guitare chitarra gtrs egtr egt eguitar elgtr
     elecgtr dgtr stratocaster strat telecaster tele dobro lapsteel banjitar"""),
    ("electric_guitar", HINT, "electric elec amp marshall powerchord powerchords chug chugs riff"),
    ("acoustic_guitar", STRONG, """agtr agt acgtr acgt aguitar acousticguitar ukulele uke banjo mandolin mando nylon
     bouzouki lute charango"""),
    ("acoustic_guitar", HINT, "acoustic acous acou ac acc strum strumming"),
    ("piano", STRONG, "piano pianos pno grandpiano steinway klavier yamahagrand"),
    ("piano", HINT, "grand"),
    ("keys", STRONG, """rhodes wurli wurlitzer wurly organ hammond b3 nord clav clavi clavinet mellotron harpsichord
     cembalo celesta celeste accordion epiano epno leslie farfisa melodica harmonium cp70 dx7"""),
    ("keys", FAMILY, "ep key keys keyboard keyboards kbd kbds teclado teclados tasten"),
    ("synth", FAMILY, """synth syn synths synthesizer synthesiser moog juno prophet minilogue serum sylenth arp arps
     arpeggio arpeggiator pluck plucks plk saw saws supersaw zynaddsubfx tripleoscillator bitinvader sid jupiter
     microkorg korg virus minimoog sequence sequencer seq"""),
    ("synth", HINT, "lead ld stab stabs chord chords poly bleep square tri pulse unison monster vst fm"),
    ("pad", FAMILY, "pad pads drone drones"),
    ("pad", HINT, "atmosphere atmos atmo"),
    ("strings", STRONG, """violin violins vln vlns viola violas vla cello celli cellos vcl vc fiddle quartet harp
     violine geige pizzicato pizz spiccato"""),
    ("strings", FAMILY, "string strings strgs strs str streicher cuerdas cordes orchestra"),
    ("strings", HINT, "staccato legato tremolo orch"),
    ("brass", STRONG, "trumpet trumpets tpt trpt trombone trombones tbn trb tuba flugelhorn flugel cornet euphonium"),
    ("brass", FAMILY, "brass horn horns hrn hns blaeser metales"),
    ("woodwind", STRONG, """sax saxes saxophone saxophon saxo flute flutes clarinet oboe bassoon piccolo recorder
     whistle panpipe duduk bari harmonica tenorsax altosax"""),
    ("woodwind", FAMILY, "woodwind woodwinds winds ww reeds"),
    ("fx", STRONG, "sfx foley riser uplifter downlifter whoosh swoosh sfxr subdrop verb reverb rvb revb return rtn"),
    ("fx", HINT, """fx efx effect effects sweep sweeps impact impacts boom noise glitch glitches reverse rev rise
     transition ambience ambient amb crowd applause vinyl scratch scratches build builds buildup beep beeps blip
     swell laser siren hit hits drop echo nature rain thunder"""),
)  # fmt: skip

_PHRASES: Final[tuple[tuple[Role, str], ...]] = (
    ("kick", "bass drum, kick drum, sub kick, b drum, gran cassa, kick sub"),
    ("snare", "side stick, hand clap, rim shot, rim click, snare drum, cross stick, s drum"),
    ("hihat", "hi hat, high hat, h hat, closed hat, open hat"),
    ("toms", "rack tom, floor tom, tom tom, floor t, rack t"),
    ("cymbals", "over head, over heads, drum overheads, drums overheads, drum oh, drums oh, o h"),
    ("percussion", """steel drum, steel drums, steel pan, steel pans, hand drum, hand drums, frame drum, wood block,
     finger snap, tubular bell, tubular bells, music box, steel tongue drum, hand perc, rain stick, log drum"""),
    ("drums", "drum kit, drum loop, drum machine, drum room, break beat, drum bus, full kit, top loop, drum n bass"),
    ("bass", """bass guitar, bass gtr, double bass, upright bass, string bass, synth bass, bass synth, sub bass,
     acoustic bass, bass di, bass amp"""),
    ("lead_vocal", "lead vocal, main vocal, spoken word, voice over"),
    ("backing_vocal", """back vocal, back vox, back voc, back vocals, b vox, bg vox, bk vox, bg vocal, b g v, bg vocals,
     ad lib, ad libs, vocal double, vox double, vocal dbl, vox dbl, voc dbl, vocal dub, bk vocal, bck vox, bg"""),
    ("electric_guitar", "e gtr, el gtr, e guitar, el guitar, pedal steel, lap steel, slide guitar, les paul"),
    ("acoustic_guitar", """a gtr, a guitar, ac gtr, ac guitar, ac gt, steel string, twelve string, 12 string,
     nylon string, spanish guitar, classical guitar"""),
    ("piano", "grand piano, upright piano, ac piano, acoustic piano"),
    ("keys", """electric piano, elec piano, e piano, el piano, elec pno, e pno, electric pno, b 3, fender rhodes, dx 7,
     cp 70"""),
    ("synth", "lead synth, guitar synth, synth lead"),
    ("pad", "vox pad, vocal pad, voice pad, choir pad, string pad, strings pad, synth voice, synth choir"),
    ("brass", "french horn, french horns, horn section, bass trombone, synth brass"),
    ("woodwind", """bass clarinet, bass flute, english horn, cor anglais, tin whistle, pan pipes, pan flute, bari sax,
     wood wind, wood winds, bass sax"""),
    ("fx", """sub drop, reverse cymbal, rev cymbal, reverse crash, noise sweep, sound effect, sound effects,
     down lifter, up lifter, white noise"""),
)  # fmt: skip

_WORDS: Final[dict[str, _Reading]] = {
    word: _Reading(role, weight) for role, weight, words in _VOCABULARY for word in words.split()
}
_PHRASE_ROLES: Final[dict[tuple[str, ...], Role]] = {
    tuple(phrase.split()): role for role, phrases in _PHRASES for phrase in phrases.split(",")
}
_LONGEST_PHRASE: Final = max(map(len, _PHRASE_ROLES))

_EXTENSIONS: Final = frozenset(
    {".wav", ".wave", ".aif", ".aiff", ".aifc", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a"}
)
_TOKEN: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-zß-öø-ÿ]+|[0-9]+")
_SPLITTABLE: Final = frozenset(word for word in _WORDS if len(word) >= 3 and word.isalpha())
_CARRYING: Final = frozenset(word for word in _SPLITTABLE if len(word) >= 4 and _WORDS[word].weight >= FAMILY)
_NEUTRAL: Final = frozenset(
    ("open", "closed", "close", "light", "main", "alt", "old", "new", "clean", "dist", "live", "big", "left", "right")
)
_LONGEST_TOKEN: Final = 40
_DOUBLING: Final = frozenset({"double", "doubles", "dbl", "dub", "dubs", "dt"})
_EFFECT_RETURNS: Final = frozenset({"verb", "reverb", "rvb", "revb", "return", "rtn"})
_NEVER_THE_BASS: Final = frozenset({"kick", "brass", "woodwind", "lead_vocal", "backing_vocal"})


def guess_role(filename: str) -> Role:
    """The role that a file name tells, ``other`` where it tells none.

    Parameters
    ----------
    filename : str
        A file name, with or without folder and extension: ``"03_Kick In.wav"``, ``"BGV 2"``, ``"EGtrL"``.
    """
    words = _words(filename)
    readings = _readings(words)
    if not readings:
        return "other"
    role = _decide(readings)
    if _EFFECT_RETURNS & set(words):
        return "fx"
    if role == "lead_vocal" and (_DOUBLING & set(words) or any(r.role == "backing_vocal" for r in readings)):
        return "backing_vocal"
    if role == "electric_guitar" and any(r.role == "acoustic_guitar" for r in readings):
        return "acoustic_guitar"
    return role


def _words(filename: str) -> list[str]:
    """Lower-case words: camel case, digits and separators split, glued words taken apart."""
    path = PurePath(filename.replace("\\", "/"))
    stem = path.stem if path.suffix.lower() in _EXTENSIONS else path.name
    words: list[str] = []
    for token in _TOKEN.findall(stem):
        words.extend(_unglued(token.lower()))
    return words


def _unglued(token: str) -> list[str]:
    """``leadguitar`` is lead and guitar, ``ohr`` the right overhead; one long known word at an end is enough."""
    if token in _WORDS:
        return [token]
    if token[-1] in "lr" and token[:-1] in _WORDS:
        return [token[:-1]]
    if not 5 <= len(token) <= _LONGEST_TOKEN:
        return [token]
    parts = _parts(token)
    if parts:
        return parts
    if token.endswith("s") and token[:-1] in _WORDS:
        return [token[:-1]]
    known = [word for word in _CARRYING if token.startswith(word) or token.endswith(word)]
    return [max(known, key=lambda word: (len(word), word))] if known else [token]


def _parts(token: str) -> list[str]:
    """The token as a row of known words, the longest first word first; empty where it is not one."""
    for cut in range(len(token), 2, -1):
        head, tail = token[:cut], token[cut:]
        if head in _SPLITTABLE or head in _NEUTRAL:
            rest = _parts(tail) if tail else []
            if rest or not tail:
                return [head, *rest]
    return []


def _at(words: list[str], at: int) -> tuple[_Reading | None, int]:
    """What is said from one word on, and by how many words: phrases and split words (*hi hat*) before single ones."""
    for length in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
        part = tuple(words[at : at + length])
        if part in _PHRASE_ROLES:
            return _Reading(_PHRASE_ROLES[part], STRONG), length
        joined = "".join(part)
        reading = _WORDS.get(joined) or _WORDS.get(joined.removesuffix("s"))
        if reading is not None:
            return reading, length
    return None, 1


def _readings(words: list[str]) -> list[_Reading]:
    """What the name says, in its order."""
    readings: list[_Reading] = []
    at = 0
    while at < len(words):
        reading, length = _at(words, at)
        if reading is not None:
            readings.append(reading)
        at += length
    return readings


def _decide(readings: list[_Reading]) -> Role:
    """One role of those that weigh most; in English the last word is the thing: *string pad*, *pad strings*."""
    weight = max(reading.weight for reading in readings)
    roles = [reading.role for reading in readings if reading.weight == weight]
    drums = [role for role in roles if group_of(role) == "drums"]
    if weight > HINT and drums and (len(drums) == len(roles) or weight == FAMILY):
        return _of_the_kit(drums)
    if "bass" in roles:
        blown_or_sung = [role for role in roles if role in _NEVER_THE_BASS]
        return blown_or_sung[-1] if blown_or_sung else "bass"
    return roles[-1]


def _of_the_kit(roles: list[Role]) -> Role:
    """One piece stays that piece; two pieces on one track are a kit."""
    pieces = {role for role in roles if role != "drums"}
    if len(pieces - {"percussion"}) > 1:
        return "drums"
    return next((role for role in roles if role in pieces - {"percussion"}), "percussion" if pieces else "drums")
