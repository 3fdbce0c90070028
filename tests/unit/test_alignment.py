"""A reference is found where it lies in its mixture: in signals whose lag, polarity and speed are known."""

import tracemalloc

import numpy as np
import pytest
import soxr
import stempeg
from hypothesis import given, settings
from hypothesis import strategies as st

from stemsteer.sound import audio
from stemsteer.sound.alignment import Placement, Verdict, place
from stemsteer.sound.audio import Signal
from stemsteer.sound.codec_delays import Coded, explain
from stemsteer.sound.correlation import Read
from stemsteer.stages.falcon69 import STREAMS, unpack_falcon69

RATE = 44_100
MIXTURE = "mixture"
WAV = Coded("pcm_f32le", RATE)


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Signal]:
    """Six seconds of a real song in stereo, and its four stems."""
    folder = tmp_path_factory.mktemp("falcon69")
    files = {name: folder / f"{name}.wav" for name in (MIXTURE, *STREAMS)}
    unpack_falcon69(mixture_out=files[MIXTURE], sources_out={name: files[name] for name in STREAMS})
    return {name: audio.read(path)[0] for name, path in files.items()}


def reading(signal: Signal) -> Read:
    def read(start: int, stop: int) -> Signal:
        padded = np.pad(signal, ((max(0, -start), max(0, stop - len(signal))), (0, 0)))
        return padded[max(0, start) :][: stop - start]

    return read


def found(mixture: Signal, reference: Signal, rate: int = RATE) -> Placement:
    """Where the reference is found, cut or filled to the length of its mixture."""
    return place(reading(mixture), reading(reference), len(mixture), rate)


def late(signal: Signal, samples: int) -> Signal:
    """So many samples later, or earlier where they are less than 0."""
    return np.pad(signal, ((samples, 0), (0, 0))) if samples >= 0 else signal[-samples:]


def noise(seconds: float = 3.0, channels: int = 1, seed: int = 0, rate: int = RATE) -> Signal:
    random = np.random.default_rng(seed)
    return (0.1 * random.standard_normal((round(seconds * rate), channels))).astype(np.float32)


def tone(hertz: float, seconds: float = 3.0) -> Signal:
    time = np.arange(round(seconds * RATE))[:, None] / RATE
    return (0.1 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def mixed(signal: Signal, rest: Signal, decibels: float) -> tuple[Signal, Signal]:
    """A mixture in which a signal is so many dB louder than the rest, and that signal as it is in there."""
    rms = [np.sqrt(np.square(one, dtype=np.float64).mean()) for one in (signal, rest)]
    scaled = (signal * (rms[1] / rms[0] * 10 ** (decibels / 20))).astype(np.float32)
    return scaled + rest, scaled


@pytest.mark.parametrize("lag", [0, 1, -1, 1105, 1024, -2048, 30_000, -30_000])
@pytest.mark.parametrize("source", STREAMS)
def test_a_stem_of_a_real_song_is_found_to_the_sample(song: dict[str, Signal], source: str, lag: int) -> None:
    placement = found(song[MIXTURE], late(song[source], lag))
    assert placement.verdict == (Verdict.SHIFTED if lag else Verdict.IN_PLACE)
    assert (placement.lag, placement.last_lag, placement.inverted) == (lag, lag, False)
    assert 0.7 < placement.gain < 1.7
    assert placement.deviations > 60


@pytest.mark.parametrize("source", STREAMS)
def test_a_mixture_that_is_coded_on_its_own_has_its_stems_in_place(song: dict[str, Signal], source: str) -> None:
    """As in MUSDB18, whose mixtures differ from the sum of their stems by -16 dB."""
    mixture, _ = stempeg.read_stems(stempeg.example_stem_path(), stem_id=0, dtype=np.float32)
    placement = found(mixture, song[source])
    assert (placement.verdict, placement.lag) == (Verdict.IN_PLACE, 0)


@pytest.mark.parametrize("lag", [0, 1105])
@pytest.mark.parametrize("source", STREAMS)
def test_a_mixture_may_be_the_one_that_is_late(song: dict[str, Signal], source: str, lag: int) -> None:
    placement = found(late(song[MIXTURE], lag), song[source])
    assert (placement.verdict, placement.lag) == (Verdict.SHIFTED if lag else Verdict.IN_PLACE, -lag)


@pytest.mark.parametrize("lag", [0, 1, 1105, -2048])
@pytest.mark.parametrize("source", ["drums", "vocals", "other"])
def test_a_stem_at_minus_20_db_is_found(song: dict[str, Signal], source: str, lag: int) -> None:
    mixture, stem = mixed(song[source], song[MIXTURE] - song[source], -20)
    placement = found(mixture, late(stem, lag))
    assert (placement.verdict, placement.lag) == (Verdict.SHIFTED if lag else Verdict.IN_PLACE, lag)


@pytest.mark.parametrize("source", STREAMS)
def test_a_stem_that_is_hardly_there_is_not_spoken_of(song: dict[str, Signal], source: str) -> None:
    mixture, stem = mixed(song[source], song[MIXTURE] - song[source], -80)
    for lag in (0, 1105):
        assert found(mixture, late(stem, lag)).verdict == Verdict.UNKNOWN


def test_silence_is_not_spoken_of() -> None:
    assert found(noise(), 0 * noise()).verdict == Verdict.UNKNOWN
    assert found(0 * noise(), noise()).verdict == Verdict.UNKNOWN
    assert found(0 * noise(), 0 * noise()).verdict == Verdict.UNKNOWN


@pytest.mark.parametrize("source", STREAMS)
def test_a_stem_that_is_not_in_the_mixture_is_nowhere(song: dict[str, Signal], source: str) -> None:
    rest = song[MIXTURE] - song[source]
    placement = found(rest, song[source])
    # What other stems have of a bass drum may be where the bass is.
    assert placement.verdict == Verdict.NOWHERE or (placement.lag == 0 and placement.gain < 0.15)
    assert found(noise(seed=1), noise(seed=2)).verdict == Verdict.NOWHERE


@pytest.mark.parametrize("lag", [0, 1105])
@pytest.mark.parametrize("source", STREAMS)
def test_inverted_polarity_is_noticed(song: dict[str, Signal], source: str, lag: int) -> None:
    placement = found(song[MIXTURE], late(-song[source], lag))
    assert (placement.verdict, placement.lag) == (Verdict.SHIFTED if lag else Verdict.IN_PLACE, lag)
    assert placement.inverted


@pytest.mark.parametrize("rate", [44_056, 44_144, 44_098])
@pytest.mark.parametrize("source", ["drums", "vocals", "other"])
def test_another_speed_is_noticed(song: dict[str, Signal], source: str, rate: int) -> None:
    """The samples of a recording at one rate are played at another, as where 44,056 Hz are taken for 44,100 Hz."""
    played = soxr.resample(song[source], RATE, rate, quality="VHQ").astype(np.float32)
    placement = found(song[MIXTURE], played)
    assert placement.verdict == Verdict.UNSTEADY
    at_the_end = round(len(song[MIXTURE]) * (rate / RATE - 1))
    assert placement.last_lag - placement.lag == pytest.approx(at_the_end, abs=max(4, 0.25 * abs(at_the_end)))


@pytest.mark.parametrize("missing", [500, 25_000])
@pytest.mark.parametrize("source", STREAMS)
def test_a_missing_piece_is_noticed(song: dict[str, Signal], source: str, missing: int) -> None:
    half = len(song[source]) // 2
    placement = found(song[MIXTURE], np.concatenate([song[source][:half], song[source][half + missing :]]))
    assert (placement.verdict, placement.lag, placement.last_lag) == (Verdict.UNSTEADY, 0, -missing)


def test_references_that_are_alike_are_not_taken_for_each_other(song: dict[str, Signal]) -> None:
    """The same guitar twice, 10 ms apart: each of them is found where the other is, too."""
    guitar = song["other"]
    double = late(guitar, 441)[: len(guitar)]
    mixture = guitar + double + song["drums"]
    for reference in (guitar, double):
        assert found(mixture, reference).verdict == Verdict.IN_PLACE
        # Where none is in place, it cannot be told which is which, and none is moved.
        moved = found(mixture, late(reference, 1105))
        assert moved.verdict == Verdict.NOWHERE or explain(moved.lag, WAV, WAV) is None


def test_music_that_repeats_is_in_place() -> None:
    bar = noise(0.5)
    loop = np.tile(bar, (8, 1))
    assert found(loop + 0.5 * noise(4.0, seed=1), loop).verdict == Verdict.IN_PLACE
    assert found(tone(110) + tone(3000), tone(110)).verdict in (Verdict.IN_PLACE, Verdict.UNKNOWN)


def test_clicks_are_found() -> None:
    clicks = np.zeros((3 * RATE, 1), np.float32)
    clicks[np.random.default_rng(0).integers(0, len(clicks), 8)] = 1
    for lag in (0, 1, -1, 1105):
        assert found(clicks + 0.1 * noise(), late(clicks, lag)).lag == lag


def test_all_channels_take_part(song: dict[str, Signal]) -> None:
    """Of a stem on one side, or of one whose channels cancel each other in their mean."""
    wide = song["other"][:, :1] * np.array([1, -1], np.float32)
    left = song["other"] * np.array([1, 0], np.float32)
    for stem in (wide, left):
        for lag in (0, 1105):
            assert found(stem + song["drums"], late(stem, lag)).lag == lag


@pytest.mark.parametrize("gain", [0.01, 0.3, 3, 10])
def test_a_reference_may_be_of_another_level(song: dict[str, Signal], gain: float) -> None:
    for lag in (0, 1105):
        placement = found(song[MIXTURE], late(np.float32(gain) * song["drums"], lag))
        assert (placement.verdict, placement.lag) == (Verdict.SHIFTED if lag else Verdict.IN_PLACE, lag)


def test_a_mixture_may_be_distorted(song: dict[str, Signal]) -> None:
    loud = np.tanh(4 * song[MIXTURE] / np.abs(song[MIXTURE]).max())
    for source in STREAMS:
        assert found(loud, song[source]).verdict == Verdict.IN_PLACE


@pytest.mark.parametrize(("rate", "seconds"), [(8000, 1.0), (8000, 0.2), (16_000, 3.0), (96_000, 1.0), (192_000, 1.0)])
def test_any_rate_and_length(rate: int, seconds: float) -> None:
    stem, rest = (noise(seconds, seed=seed, rate=rate) for seed in (1, 2))
    for lag in (0, 7, -100):
        assert found(stem + rest, late(stem, lag), rate).lag == lag


# At -20 dB three seconds stand at 24 to 26 standard deviations, on either side of `SURE`; at -18 dB well above it.
@settings(max_examples=30)
@given(lag=st.integers(-20_000, 20_000), decibels=st.floats(-18, 20), seed=st.integers(0, 1000))
def test_noise_in_noise_is_found_wherever_it_is(lag: int, decibels: float, seed: int) -> None:
    mixture, stem = mixed(noise(seed=seed), noise(seed=seed + 1), decibels)
    placement = found(mixture, late(stem, lag))
    assert placement.lag == lag
    assert placement.verdict == (Verdict.SHIFTED if lag else Verdict.IN_PLACE)


def test_an_hour_takes_no_more_memory_than_a_song() -> None:
    base = noise(20)[:, 0]

    def hour(start: int, stop: int) -> Signal:
        return base.take(np.arange(start, stop), mode="wrap")[:, None]

    tracemalloc.start()
    placement = place(hour, lambda start, stop: hour(start - 1105, stop - 1105), 3600 * RATE, RATE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (placement.verdict, placement.lag) == (Verdict.SHIFTED, 1105)
    assert peak < 200e6
