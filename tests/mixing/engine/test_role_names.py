"""File names as musicians write them, and the role that an engineer would read in each."""

from __future__ import annotations

import json

import pytest

from mixing.engine.role_names import guess_role
from mixing.engine.roles import ROLES
from tests.mixing.engine.real_songs import real_songs

NAMES = """
kick: Kick In.wav|BD.wav|kick_out.aif|01_Kick.wav|KickDrum.wav|Bass Drum.wav|Kik.flac|Kick Sub 47.wav
kick: BassDrum_01.wav|sub kick.wav|909 Kick.wav
snare: SNR top.wav|Snare Bottom.wav|SN_Bot.wav|SD.wav|Rimshot.wav|Side Stick.wav|03 Snare Up.wav|Claps.wav
snare: snare_02.mp3
hihat: HH.wav|HiHat.wav|Hi-Hat.wav|hi hat closed.wav|Open Hat.wav|08_Hats_L.wav
toms: Rack Tom 1.wav|FloorTom.wav|Toms L.wav|tomTwo.flac|Tom Hi.wav
cymbals: OH L.wav|Overheads.wav|OHR.wav|Crash.wav|Ride Cymbal.wav|Overhead_Left.wav|China Cym.wav
percussion: Perc Loop.wav|Shaker.wav|Tambourine.wav|Congas 2.wav|Cowbell.wav|Percussion_03.wav|Bongos.wav
percussion: Tamb.wav|Timpani.wav
drums: Drums.wav|Drum Loop.wav|DrumRoom.wav|Room.wav|Drum Bus.wav|BREAKBEAT.ogg|Beat 1.wav|Drum Kit Stereo.wav
bass: Bass DI.wav|Synth Bass.wav|808.wav|Sub.wav|Bass Gtr.wav|Upright Bass.wav|BassAmp.wav|bassguitar.ogg
bass: Double Bass.wav|808 Glide.wav
lead_vocal: Vox Lead.wav|LeadVox.wav|Lead Vocal.wav|Main Vox.wav|Vocals.wav|LD VOX.wav|vocal_comp_final.wav
lead_vocal: Verse Voc.wav|Vox_01.wav|Rap Verse 2.wav
backing_vocal: BGV 2.wav|Backing Vocals.wav|BVs.wav|Back Vox.wav|Vox Dbl.wav|Harmony Vox.wav|Choir.wav
backing_vocal: Oohs.wav|Lead Vocal Double.wav|BGVox Hi.wav|Gang Vox.wav|Adlibs.wav
electric_guitar: EGTR L.wav|Gtr 1.wav|Electric Guitar.wav|ElecGtr2.wav|Lead Gtr.wav|Dist Guitar R.wav
electric_guitar: GuitarSolo.wav|Rhythm Gtr L.wav|Tele Clean.wav|leadguitar.ogg|Pedal Steel.wav
acoustic_guitar: Ac Gtr.wav|Acoustic.wav|AcousticGuitar_L.wav|AGTR.wav|Acoustic Gtr Mic.wav|12 String.wav
acoustic_guitar: Ukulele.wav|Banjo.wav|Nylon Guitar.wav
piano: Piano.wav|Grand Piano L.wav|Pno.wav|piano_room.wav|Acoustic Piano.wav|UprightPiano.wav
keys: Rhodes.wav|Nord.wav|Organ.wav|Wurli.wav|Keys.wav|E Piano.wav|ElectricPiano.wav|Hammond B3.wav|Clav.wav
keys: Mellotron Flute Keys.wav
synth: Synth.wav|SynthLead.wav|Arp.wav|Pluck 2.wav|Moog.wav|SuperSaw.wav|Synth_03.wav|Lead Synth.wav
pad: Pad.wav|Synth Pad.wav|WarmPad.wav|Vox Pad.wav|String Pad.wav|Drone.wav
strings: Strings.wav|Violin 1.wav|Cello.wav|VLN.wav|Viola.wav|String Quartet.wav|Harp.wav|SynthStrings.wav
brass: Trumpet.wav|Horns.wav|Brass.wav|Trombone 2.wav|French Horn.wav|Bass Trombone.wav
woodwind: Sax.wav|Flute.wav|Alto Sax.wav|Bass Clarinet.wav|Oboe.wav|Woodwinds.wav
fx: FX riser.wav|SFX.wav|Impact.wav|White Noise.wav|Sweep Up.wav|Reverse Cymbal.wav|Vox Reverb.wav
fx: Glitch FX.wav
other: Audio 1.wav|Track_07.wav|stem.wav|Click.wav|untitled.wav|Print 3.wav|Bounce.wav
"""  # fmt: skip
EXPECTED = [
    (name, role)
    for role, _, names in (line.partition(": ") for line in NAMES.strip().splitlines())
    for name in names.split("|")
]


def test_the_list_is_long_and_knows_every_role() -> None:
    assert len(EXPECTED) >= 150
    assert {role for _, role in EXPECTED} == set(ROLES)


def test_at_least_ninety_five_of_a_hundred_names_are_read_as_an_engineer_reads_them() -> None:
    wrong = [(name, role, guess_role(name)) for name, role in EXPECTED if guess_role(name) != role]
    assert len(wrong) <= 0.05 * len(EXPECTED), wrong


@pytest.mark.parametrize(("name", "role"), EXPECTED[::6])
def test_a_leading_number_a_folder_and_case_change_nothing(name: str, role: str) -> None:
    bare = name.rpartition(".")[0]
    assert guess_role(f"stems/{name}") == role
    assert guess_role(f"C:\\songs\\{name}") == role
    assert guess_role(bare.replace(" ", "_") + ".WAV") == guess_role(name)


def test_a_named_instrument_overrules_a_family_and_a_family_overrules_a_hint() -> None:
    assert guess_role("Drums Snare Loop.wav") == "snare"
    assert guess_role("Synth Loop.wav") == "synth"
    assert guess_role("Loop.wav") == "drums"


def test_two_pieces_of_the_kit_on_one_track_are_drums() -> None:
    assert guess_role("Kick + Snare.wav") == "drums"
    assert guess_role("Snare Snare.wav") == "snare"


@pytest.mark.parametrize(
    "name", ["", ".", "_", "...wav", "日本語.wav", "💥", "\x00", "a" * 5_000 + ".wav", "hat" * 2_000]
)
def test_any_text_at_all_gets_one_of_the_roles(name: str) -> None:
    assert guess_role(name) in ROLES


@pytest.mark.real_audio
def test_the_names_of_real_multitracks_agree_with_their_song_files() -> None:
    """Many of these names tell nothing (zynaddsubfx, inst04); their roles were given by other means."""
    stems = [stem for song in real_songs() for stem in json.loads((song / "song.json").read_text())["stems"]]
    agreeing = sum(guess_role(stem["file"]) == stem["role"] for stem in stems)
    assert agreeing / len(stems) >= 0.85
