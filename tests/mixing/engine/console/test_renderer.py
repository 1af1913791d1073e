"""Whole renders from files to a file, measured from outside."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyloudnorm
import pytest
import soundfile as sf
from numpy.typing import NDArray
from scipy.signal import resample_poly

from mixing.engine.audio import peaks as peak_format
from mixing.engine.console import renderer
from mixing.engine.console.eq import response_db
from mixing.engine.console.lanes import BLOCK_FRAMES
from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Eq,
    HighPass,
    HighShelf,
    Limiter,
    Master,
    Peak,
    Sends,
    Strip,
)
from mixing.engine.console.renderer import WATCH_BLOCKS, RenderReport, render, render_span
from mixing.engine.console.sources import StemSource
from mixing.engine.errors import Cancelled, MixFailed
from tests.mixing.engine.console.sessions import RATE, noise, read, write

FILE_FRAMES = WATCH_BLOCKS * BLOCK_FRAMES
Stems = dict[str, NDArray[np.float64]]
HALF_POWER = np.sqrt(0.5)


def console(*names: str, master: Master = Master(), **knobs: Any) -> ConsoleParameters:  # noqa: B008
    return ConsoleParameters(strips=tuple(Strip(stem=name, **knobs) for name in names), master=master)


@pytest.fixture
def mix(tmp_path: Path) -> Callable[..., tuple[NDArray[np.float64], RenderReport]]:
    """Write stems, render them and read the file again."""

    def run(stems: Stems, parameters: ConsoleParameters | None = None, **options: Any) -> Any:
        sources = write(tmp_path, stems, subtype=options.pop("subtype", "PCM_24"))
        output = tmp_path / "out.wav"
        chosen = console(*stems) if parameters is None else parameters
        report = render(sources, chosen, sample_rate=RATE, output=output, **options)
        return read(output), report

    return run


def residual_db(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean((a - b) ** 2) + 1e-30))


def loudness(audio: NDArray[np.float64]) -> float:
    return float(pyloudnorm.Meter(RATE).integrated_loudness(audio.T))


def true_peak_db(audio: NDArray[np.float64]) -> float:
    return float(20 * np.log10(np.abs(resample_poly(audio, 8, 1, axis=1)).max()))


def both(audio: NDArray[np.float64]) -> NDArray[np.float64]:
    """A mono stem at the centre of a stereo bus."""
    return HALF_POWER * np.vstack([audio, audio])


# ---- the sum ---------------------------------------------------------------------------------------------------------


def test_faders_up_without_a_target_is_the_sum_within_the_rounding_to_24_bit(mix: Any) -> None:
    stems = {"a": noise(2, 100_000, seed=1), "b": noise(2, 100_000, seed=2)}

    audio, report = mix(stems)

    assert residual_db(audio, stems["a"] + stems["b"]) <= -140.0
    assert np.abs(audio - stems["a"] - stems["b"]).max() <= 2.0**-23
    assert (report.gain_db, report.held_by, report.target_lufs) == (0.0, "none", None)


def test_mono_stereo_and_shorter_stems_add_up(mix: Any) -> None:
    stems = {
        "mono": noise(1, 50_000, seed=1),
        "stereo": noise(2, FILE_FRAMES, seed=2),
        "late": noise(2, 70_001, seed=3),
    }
    expected = stems["late"].copy()
    expected[:, :50_000] += both(stems["mono"])
    expected[:, :FILE_FRAMES] += stems["stereo"]

    audio, report = mix(stems)

    assert audio.shape == (2, 70_001)
    assert residual_db(audio, expected) <= -140.0
    assert report.frames == 70_001
    assert report.duration_s == pytest.approx(70_001 / RATE)


def test_sixty_four_stems_add_up(mix: Any) -> None:
    stems = {f"stem {n}": noise(1 + n % 2, 3_000 + n, seed=n, level=0.01) for n in range(64)}
    expected = np.zeros((2, 3_063))
    for audio in stems.values():
        expected[:, : audio.shape[1]] += audio if len(audio) == 2 else both(audio)

    assert residual_db(mix(stems)[0], expected) <= -140.0


@pytest.mark.parametrize("frames", [1, 2, 17_640])
def test_one_short_stem_is_a_session(mix: Any, frames: int) -> None:
    stem = noise(1, frames)

    audio, _ = mix({"a": stem})

    assert residual_db(audio, both(stem)) <= -140.0


def test_float_stems_that_pass_full_scale_are_turned_down_without_clipping(mix: Any) -> None:
    loud = 4.0 * noise(2, 30_000, level=1.0)

    audio, report = mix({"a": loud}, console("a", fader_db=-20.0), subtype="FLOAT")

    assert residual_db(audio, loud / 10.0) <= -140.0
    assert report.clipped_samples == 0


def test_a_sum_beyond_full_scale_without_a_target_is_held_there_and_counted(mix: Any) -> None:
    stem = np.full((2, 10_000), 0.75)
    stem[:, 5_000:] = -0.25

    audio, report = mix({"a": stem, "b": stem})

    assert audio[:, :5_000].min() == 1.0 - 2.0**-23
    assert (audio[:, 5_000:] == -0.5).all()
    assert report.clipped_samples == 10_000


def test_the_master_and_strip_eq_shape_the_file(mix: Any) -> None:
    impulse = np.zeros((1, 1 << 15))
    impulse[0, 0] = 0.5
    strip = Eq(high_pass=HighPass(on=True, freq_hz=200.0), peak_2=Peak(gain_db=-6.0))
    master = Eq(high_shelf=HighShelf(gain_db=3.0))

    audio, _ = mix({"a": impulse}, console("a", eq=strip, pan=-1.0, master=Master(eq=master)))

    freqs = np.fft.rfftfreq(1 << 15, 1 / RATE)
    heard = (freqs > 50) & (freqs < 20_000)
    measured = 20 * np.log10(np.abs(np.fft.rfft(audio[0] / 0.5)))[heard]
    expected = response_db(strip, freqs[heard], RATE) + response_db(master, freqs[heard], RATE)
    assert measured == pytest.approx(expected, abs=0.01)
    assert not audio[1].any()


def test_mute_and_solo_reach_the_file(mix: Any) -> None:
    stems = {"a": noise(2, 5_000, seed=1), "b": noise(2, 5_000, seed=2), "c": noise(2, 9_000, seed=3)}
    parameters = console(*stems)

    muted, report = mix(stems, parameters.with_values({"strips.c.mute": True}))
    soloed, _ = mix(stems, parameters.with_values({"strips.b.solo": True}))

    assert report.frames == 9_000
    assert residual_db(muted[:, :5_000], stems["a"] + stems["b"]) <= -140.0
    assert not muted[:, 5_000:].any()
    assert residual_db(soloed[:, :5_000], stems["b"]) <= -140.0


# ---- loudness and ceiling --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [-14.0, -23.0, -35.5])
def test_the_target_loudness_is_reached_where_peaks_allow_it(mix: Any, target: float) -> None:
    stems = {"a": noise(2, 3 * RATE, seed=1), "b": noise(1, 2 * RATE, seed=2)}

    audio, report = mix(stems, console("a", "b", master=Master(target_lufs=target)))

    assert loudness(audio) == pytest.approx(target, abs=0.05)
    assert report.loudness_lufs == pytest.approx(target, abs=0.01)
    assert report.held_by == "target"
    assert report.target_lufs == target


def test_the_report_tells_the_loudest_moments_and_the_range(mix: Any) -> None:
    """Twenty seconds, and twenty more that are 10 LU louder: the first case of Tech 3342, with noise for its tone."""
    quiet, loud = 0.1 * noise(2, 20 * RATE, seed=3), 10**-0.5 * noise(2, 20 * RATE, seed=4)

    _, report = mix({"a": np.concatenate([quiet, loud], axis=1)}, console("a", master=Master(target_lufs=-20.0)))

    assert report.loudness_range_lu == pytest.approx(10.0, abs=0.3)
    # The gate of -10 LU takes the quiet half away or leaves it; either way the loud half stands above the whole.
    assert report.loudness_lufs is not None
    assert report.loudness_lufs + 0.1 < report.short_term_max_lufs < report.loudness_lufs + 3.1
    assert report.short_term_max_lufs <= report.momentary_max_lufs < report.short_term_max_lufs + 1.0


def test_a_mix_of_a_second_has_no_range(mix: Any) -> None:
    _, report = mix({"a": noise(2, RATE, seed=1)}, console("a"))

    assert report.loudness_range_lu is None
    assert report.short_term_max_lufs is None
    assert report.momentary_max_lufs is not None


def test_the_gain_stops_where_the_true_peak_would_pass_the_ceiling(mix: Any) -> None:
    # A quarter of the rate at 45 degrees: the samples stay 3 dB below the waveform between them.
    sine = 0.05 * np.sin(np.pi / 2 * np.arange(2 * RATE) + np.pi / 4) * np.hanning(2 * RATE)
    stems = {"a": np.vstack([sine, sine])}

    audio, report = mix(stems, console("a", master=Master(target_lufs=-5.0, ceiling_dbtp=-12.0)))

    assert report.held_by == "ceiling"
    assert true_peak_db(audio) == pytest.approx(-12.0, abs=0.05)
    assert report.true_peak_dbtp == pytest.approx(-12.0, abs=0.01)
    assert 20 * np.log10(np.abs(audio).max()) == pytest.approx(-15.0, abs=0.1)
    assert report.loudness_lufs == pytest.approx(loudness(audio), abs=0.05)
    assert report.loudness_lufs < -8.0
    # 0.05 is -26.02 dB.
    assert report.gain_db == pytest.approx(14.02, abs=0.1)


def test_a_limiter_takes_six_decibels_of_the_largest_peak_and_then_the_mix_stays_quieter(mix: Any) -> None:
    ticks = np.zeros((2, 4 * RATE))
    ticks[:, :: RATE // 4] = 0.5  # -6.02 dBFS, far above their loudness
    stems = {"a": ticks + 0.002 * noise(2, 4 * RATE, seed=1)}
    master = Master(target_lufs=-14.0, limiter=Limiter(on=True))

    audio, report = mix(stems, console("a", master=master))

    assert report.held_by == "ceiling"
    # The peaks of -6.02 dBFS may be driven to 6 dB above the ceiling of -1 dBTP.
    assert report.gain_db == pytest.approx(6.02 - 1.0 + 6.0, abs=0.02)
    assert true_peak_db(audio) <= -1.0 + 0.1
    assert report.loudness_lufs < -20.0


def test_the_ceiling_also_lowers_a_mix_that_is_louder_than_it(mix: Any) -> None:
    stems = {name: noise(2, RATE, seed=seed, level=0.9) for seed, name in enumerate("abcd")}
    parameters = console(*stems, master=Master(target_lufs=-5.0))

    audio, report = mix(stems, parameters)

    assert report.held_by == "ceiling"
    assert true_peak_db(audio) <= -1.0 + 0.1
    assert report.true_peak_dbtp <= -1.0 + 0.01
    assert report.clipped_samples == 0


def test_a_mix_that_begins_below_the_absolute_gate_still_reaches_its_target(mix: Any) -> None:
    # The quiet two thirds lie below -70 LUFS at first and count once they are raised, 5 LU below the rest.
    audio = noise(2, 9 * RATE, level=3e-4)
    audio[:, : 6 * RATE] *= 10 ** (-5 / 20)

    mixed, report = mix({"a": audio}, console("a", master=Master(target_lufs=-20.0)))

    assert loudness(audio[:, : 5 * RATE]) < -70.0 < loudness(audio[:, 7 * RATE :])
    assert loudness(mixed) == pytest.approx(-20.0, abs=0.05)
    assert report.loudness_lufs == pytest.approx(-20.0, abs=0.01)


def test_silence_stays_silence_whatever_the_target(mix: Any) -> None:
    stems = {"a": np.zeros((1, 40_000)), "b": np.zeros((2, 10_000))}

    audio, report = mix(stems, console("a", "b", master=Master(target_lufs=-14.0, eq=Eq(high_pass=HighPass(on=True)))))

    assert audio.shape == (2, 40_000)
    assert not audio.any()
    assert (report.loudness_lufs, report.true_peak_dbtp, report.gain_db) == (None, None, 0.0)
    assert report.held_by == "none"


# ---- the report ------------------------------------------------------------------------------------------------------


def test_the_report_is_measured_on_what_was_written(mix: Any, tmp_path: Path) -> None:
    # Meters part ways on what lies just below half the rate, so that this noise ends at 10 kHz.
    spectrum = np.fft.rfft(noise(1, RATE, seed=2, level=0.5))
    spectrum[:, 10_000:] = 0.0
    stems = {"a": noise(2, 3 * RATE, seed=1, level=0.01), "b": np.fft.irfft(spectrum)}

    audio, report = mix(stems, console("a", "b", master=Master(target_lufs=-20.0)))

    assert report.loudness_lufs == pytest.approx(loudness(audio), abs=0.05)
    assert report.true_peak_dbtp == pytest.approx(true_peak_db(audio), abs=0.1)
    assert report.sha256 == hashlib.sha256((tmp_path / "out.wav").read_bytes()).hexdigest()
    assert residual_db(audio[:, RATE:] * 10 ** (-report.gain_db / 20), stems["a"][:, RATE:]) <= -135.0
    info = sf.info(tmp_path / "out.wav")
    assert (info.format, info.subtype, info.samplerate, info.channels) == ("WAV", "PCM_24", RATE, 2)


def test_the_peaks_are_those_of_the_file(mix: Any) -> None:
    audio, report = mix({"a": noise(2, 100_000, level=0.6)}, console("a", fader_db=-3.0))

    pyramid = peak_format.read(report.peaks)
    assert (pyramid.sample_rate, pyramid.frames) == (RATE, 100_000)
    finest = pyramid.levels[0]
    bins = audio[:, :99_840].reshape(2, -1, 256)
    assert finest.maximum[:390].astype(int) == pytest.approx(127 * bins.max(axis=(0, 2)), abs=1)
    assert finest.minimum[:390].astype(int) == pytest.approx(127 * bins.min(axis=(0, 2)), abs=1)


def test_the_report_goes_through_json_without_the_peaks(mix: Any) -> None:
    _, report = mix({"a": noise(2, RATE)}, console("a", master=Master(target_lufs=-20.0)))

    tree = json.loads(json.dumps(report.to_dict()))

    assert tree["held_by"] == "target"
    assert tree["sha256"] == report.sha256
    assert "peaks" not in tree
    assert RenderReport(**tree, peaks=report.peaks) == report


# ---- the same bytes, progress, cancel --------------------------------------------------------------------------------


def test_the_same_session_gives_the_same_bytes_in_any_order_of_its_files(tmp_path: Path) -> None:
    sources = write(tmp_path, {f"s{n}": noise(1 + n % 2, 70_000, seed=n) for n in range(4)})
    strips = console(
        *(source.name for source in sources), eq=Eq(peak_1=Peak(gain_db=5.0)), master=Master(target_lufs=-16)
    )

    reports = [
        render(order, strips, sample_rate=RATE, output=tmp_path / f"{index}.wav")
        for index, order in enumerate((sources, sources, sources[::-1]))
    ]

    assert len({(tmp_path / f"{index}.wav").read_bytes() for index in range(3)}) == 1
    assert reports[0] == reports[1] == reports[2]


@pytest.mark.parametrize("blocks", [1, 3, 1_000])
def test_how_often_it_is_asked_whether_to_stop_does_not_show_in_the_bytes(
    mix: Any, monkeypatch: pytest.MonkeyPatch, blocks: int
) -> None:
    stems = {"a": noise(2, 100_000, seed=1), "b": noise(1, 60_000, seed=2)}
    parameters = console("a", "b", eq=Eq(high_pass=HighPass(on=True)), master=Master(target_lufs=-18.0))
    _, expected = mix(stems, parameters)

    monkeypatch.setattr(renderer, "WATCH_BLOCKS", blocks)

    assert mix(stems, parameters)[1] == expected


@pytest.mark.parametrize("threads", [2, 5])
def test_the_number_of_threads_does_not_show_in_the_bytes(mix: Any, threads: int) -> None:
    stems = {f"s{n}": noise(1 + n % 2, 150_000 - 20_000 * n, seed=n, level=0.5) for n in range(6)}
    dynamics = Compressor(on=True, threshold_db=-30.0)
    parameters = console(
        *stems,
        compressor=dynamics,
        sends=Sends(reverb_db=-12.0, delay_db=-12.0),
        master=Master(compressor=dynamics, target_lufs=-9.0, limiter=Limiter(on=True)),
    )

    assert mix(stems, parameters, threads=threads)[1] == mix(stems, parameters, threads=1)[1]


def test_progress_rises_from_the_first_block_to_one_through_both_stages(mix: Any) -> None:
    told: list[float] = []
    stages: list[tuple[str, float]] = []

    mix(
        {"a": noise(2, 10 * FILE_FRAMES), "b": noise(1, 10)},
        console("a", "b", master=Master(target_lufs=-14.0)),
        progress=told.append,
        report_progress_stage=lambda stage: stages.append((stage, told[-1] if told else 0.0)),
    )

    assert told == sorted(told)
    assert 0.0 < told[0] < 0.15
    assert told[-1] == 1.0
    assert max(told[:-1]) < 1.0
    assert len(told) == 21
    assert [stage for stage, _ in stages] == ["mixing", "mastering"]
    assert 0.4 < stages[1][1] < 0.9


@pytest.mark.parametrize("blocks", [0, 3, 7])
def test_a_cancelled_render_leaves_no_file_and_the_older_mix_as_it_was(tmp_path: Path, blocks: int) -> None:
    sources = write(tmp_path, {"a": noise(2, 5 * FILE_FRAMES)})
    (tmp_path / "out.wav").write_bytes(b"the older mix")
    before = sorted(tmp_path.iterdir())
    asked = iter(range(1_000))

    with pytest.raises(Cancelled):
        render(
            sources,
            console("a", master=Master(target_lufs=-14.0)),
            sample_rate=RATE,
            output=tmp_path / "out.wav",
            cancelled=lambda: next(asked) >= blocks,
        )

    assert next(asked) == blocks + 1
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "out.wav").read_bytes() == b"the older mix"


def test_a_mix_that_cannot_be_put_in_its_place_leaves_no_file(tmp_path: Path) -> None:
    sources = write(tmp_path, {"a": noise(2, 100)})
    (tmp_path / "out.wav").mkdir()
    before = sorted(tmp_path.iterdir())

    with pytest.raises(IsADirectoryError):
        render(sources, console("a"), sample_rate=RATE, output=tmp_path / "out.wav")

    assert sorted(tmp_path.iterdir()) == before


def test_the_scratch_file_goes_where_it_is_sent_and_is_gone_afterwards(mix: Any, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    with pytest.raises(FileNotFoundError):
        mix({"a": noise(2, 100)}, scratch_dir=scratch)

    scratch.mkdir()
    mix({"a": noise(2, 100)}, scratch_dir=scratch)

    assert not list(scratch.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "out.wav", "scratch"]


# ---- a stretch from the playhead -------------------------------------------------------------------------------------


@pytest.mark.parametrize("limited", [False, True])
def test_a_stretch_is_that_of_the_whole_mix(mix: Any, tmp_path: Path, limited: bool) -> None:
    stems = {"a": noise(2, 6 * RATE, seed=1, level=0.5), "b": noise(1, 5 * RATE, seed=2)}
    parameters = console(
        "a",
        "b",
        eq=Eq(high_pass=HighPass(on=True)),
        compressor=Compressor(on=True),
        master=Master(target_lufs=-8.0, limiter=Limiter(on=limited)),
    )
    whole, report = mix(stems, parameters)

    stretch = render_span(
        [StemSource(name, tmp_path / f"{name}.wav") for name in stems],
        parameters,
        sample_rate=RATE,
        start_s=3.25,
        duration_s=0.5,
        gain_db=report.gain_db,
    )

    assert stretch.shape == (2, RATE // 2)
    first = round(3.25 * RATE)
    assert residual_db(stretch, whole[:, first : first + RATE // 2]) <= -90.0


def test_a_stretch_ends_with_the_song(tmp_path: Path) -> None:
    stem = noise(2, RATE)
    sources = write(tmp_path, {"a": stem})

    end = render_span(sources, console("a"), sample_rate=RATE, start_s=0.9, duration_s=5.0, preroll_s=0.0)
    beyond = render_span(sources, console("a"), sample_rate=RATE, start_s=2.0, duration_s=5.0)

    assert end == pytest.approx(stem[:, round(0.9 * RATE) :], abs=1e-7)
    assert beyond.shape == (2, 0)


# ---- refusals --------------------------------------------------------------------------------------------------------


def test_a_sample_that_is_no_number_names_its_stem_and_leaves_no_file(tmp_path: Path) -> None:
    bad = noise(2, 50_000)
    bad[1, 40_000] = np.nan
    sources = write(tmp_path, {"Good": noise(1, 50_000), "Bad": bad}, subtype="FLOAT")
    before = sorted(tmp_path.iterdir())

    with pytest.raises(MixFailed) as failure:
        render(sources, console("Good", "Bad"), sample_rate=RATE, output=tmp_path / "out.wav")

    assert (failure.value.code, failure.value.field) == ("stem_not_finite", "Bad")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("rate", "set_for", "code"),
    [(96_000, None, "session_rate"), (22_050, None, "session_rate"), (44_100, 48_000, "console_rate")],
)
def test_a_rate_that_does_not_fit_is_refused(tmp_path: Path, rate: int, set_for: int | None, code: str) -> None:
    sources = write(tmp_path, {"a": noise(1, 100)}, rate=rate)
    parameters = console("a") if set_for is None else console("a").at_rate(set_for)

    with pytest.raises(MixFailed) as failure:
        render(sources, parameters, sample_rate=rate, output=tmp_path / "out.wav")

    assert failure.value.code == code


def test_a_session_without_stems_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MixFailed) as failure:
        render([], ConsoleParameters(strips=()), sample_rate=RATE, output=tmp_path / "out.wav")

    assert failure.value.code == "empty_session"


def test_warming_up_leaves_nothing_to_compile(mix: Any) -> None:
    from mixing.engine.console import bus_kernels, lane_kernels, master_kernels, stored_kernels

    entries = {
        stored_kernels: ("look_through_row",),
        lane_kernels: ("play_pack",),
        bus_kernels: ("play_groups", "play_master", "reverberate", "echo"),
        master_kernels: ("limit", "to_24_bit"),
    }

    def compiled() -> dict[str, int]:
        return {name: len(getattr(room, name).signatures) for room, names in entries.items() for name in names}

    renderer.warm()
    before = compiled()
    stems = {"a": noise(1, 5_000), "b": noise(2, 100)}
    everything = Compressor(on=True)
    mix(stems, console("a", "b", eq=Eq(peak_1=Peak(gain_db=1.0)), compressor=everything, sends=Sends(delay_db=0.0)))
    mix(stems, console("a", "b", master=Master(compressor=everything, limiter=Limiter(on=True))), subtype="PCM_16")

    assert before == dict.fromkeys(before, 1)
    assert compiled() == before
