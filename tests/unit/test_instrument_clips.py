"""Clips of single instruments: what plays, and what becomes of it on its way into a recording."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from stemsteer.datasets.instruments import clips
from stemsteer.datasets.instruments.clips import CLIP_SECONDS, COMPONENTS, ClipMaker
from stemsteer.datasets.instruments.colouring import coloured
from stemsteer.datasets.instruments.players import (
    RATE,
    TAIL_SECONDS,
    Player,
    RecordingPlayer,
    SamplePlayer,
    SoundFontPlayer,
)
from stemsteer.datasets.instruments.programs import DRUM_KIT, VOICE, range_of
from stemsteer.datasets.instruments.scores import ScorePart, save_parts
from stemsteer.errors import UserError
from stemsteer.stages.tagger_clips import make_clips
from tiny_soundfont import write_soundfont

pytestmark = pytest.mark.usefixtures("one_thread")


def hertz(sound: NDArray[np.float32]) -> float:
    """Of the loudest tone."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(spectrum.argmax() * RATE / len(sound))


def tone(frequency: float, seconds: float, rate: int = RATE) -> NDArray[np.float64]:
    return 0.3 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def notes(*rows: tuple[float, float, float, float]) -> NDArray[np.float64]:
    return np.array(rows, np.float64)


def between(sound: NDArray[np.float32], start: float, end: float) -> NDArray[np.float32]:
    return sound[round(start * RATE) : round(end * RATE)]


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.fixture
def sampled(tmp_path: Path) -> SamplePlayer:
    """Recorded at 440 and, in stereo and at another rate, at 880 Hz, for 3 s."""
    soundfile.write(tmp_path / "A4.wav", tone(440, 3), RATE)
    soundfile.write(tmp_path / "A5.wav", np.stack(2 * [tone(880, 3, 22050)], axis=1), 22050)
    return SamplePlayer(40, {69: tmp_path / "A4.wav", 81: tmp_path / "A5.wav"})


def soundfont(path: Path) -> SoundFontPlayer:
    write_soundfont(path)
    return SoundFontPlayer(path)


@pytest.mark.parametrize("kind", ["samples", "soundfont"])
def test_notes_have_their_pitch_time_and_loudness(
    tmp_path: Path, sampled: SamplePlayer, random: np.random.Generator, kind: str
) -> None:
    player: Player = sampled if kind == "samples" else soundfont(tmp_path / "tiny.sf2")
    program = player.programs[0]
    for _ in range(2):  # Nothing is left of what it played before.
        sound = player.play(program, notes((0.5, 0.6, 72, 120), (2, 0.6, 79, 30), (2.5, 0.5, 62, 120)), random)
        assert sound.dtype == np.float32
        assert len(sound) == pytest.approx((3 + TAIL_SECONDS) * RATE, abs=2)
        assert hertz(between(sound, 0.6, 1.0)) == pytest.approx(523.25, rel=0.005)
        assert hertz(between(sound, 2.1, 2.5)) == pytest.approx(783.99, rel=0.005)
        assert hertz(between(sound, 2.7, 3.0)) == pytest.approx(293.66, rel=0.01)
        loud, soft = (np.abs(between(sound, *seconds)).max() for seconds in [(0.6, 1.0), (2.1, 2.4)])
        assert soft < 0.6 * loud
        assert np.abs(between(sound, 0, 0.49)).max() < 1e-3 * loud
        assert np.abs(between(sound, 1.4, 1.99)).max() < 1e-2 * loud


def test_a_soundfont_plays_its_instruments_and_its_drums(tmp_path: Path, random: np.random.Generator) -> None:
    player = soundfont(tmp_path / "tiny.sf2")
    assert player.programs == [0, 73, DRUM_KIT]
    sound = player.play(DRUM_KIT, notes((0, 1, 69, 100)), random)
    spectrum = np.abs(np.fft.rfft(between(sound, 0, 0.1)))
    assert np.median(spectrum) > 0.1 * spectrum.max()  # noise
    assert np.abs(between(sound, 0.2, 1)).max() < 1e-3


def test_a_note_that_goes_on_ends_with_its_phrase(tmp_path: Path, random: np.random.Generator) -> None:
    player = soundfont(tmp_path / "tiny.sf2")
    player.play(0, notes((0, 1, 69, 120), (0, 2, 69, 120)), random)
    player.play(0, notes((0, 0, 72, 120)), random)
    assert not between(player.play(0, notes((1, 1, 69, 120)), random), 0, 0.99).any()


def test_a_soundfont_of_one_drum_kit_may_have_it_as_an_instrument(tmp_path: Path, random: np.random.Generator) -> None:
    write_soundfont(tmp_path / "tiny.sf2", {(0, 0): 1})
    sound = SoundFontPlayer(tmp_path / "tiny.sf2", [DRUM_KIT]).play(DRUM_KIT, notes((0, 1, 69, 100)), random)
    assert np.abs(between(sound, 0, 0.1)).max() > 0.01


def test_recordings_are_played_as_they_are(tmp_path: Path, random: np.random.Generator) -> None:
    soundfile.write(tmp_path / "long.wav", tone(300, 5), RATE)
    soundfile.write(tmp_path / "short.wav", tone(500, 0.5), RATE)
    player = RecordingPlayer(VOICE, [tmp_path / "long.wav", tmp_path / "short.wav"])
    sounds = [player.play(VOICE, notes((0, 1, 60, 1), (1, 1.25, 90, 1)), random) for _ in range(8)]
    assert {len(sound) for sound in sounds} == {round(2.25 * RATE)}
    assert {round(hertz(sound), -1) for sound in sounds} == {300, 500}
    assert max(np.abs(sound).max() for sound in sounds) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("driven", [False, True])
def test_colours_keep_length_and_peak_and_only_an_amplifier_distorts(driven: bool) -> None:
    rate = 16000
    signal = np.sin(2 * np.pi * 500 * np.arange(rate) / rate).astype(np.float32)
    thirds = []
    for seed in range(40):
        changed = coloured(signal, rate, np.random.default_rng(seed), driven)
        assert changed.dtype == np.float32
        assert changed.shape == signal.shape
        assert np.isfinite(changed).all()
        assert np.abs(changed).max() == pytest.approx(1)
        spectrum = np.abs(np.fft.rfft(changed[rate // 2 :] * np.hanning(rate // 2)))
        thirds.append(spectrum[750] / spectrum[250])
    assert (max(thirds) > 0.1) == driven
    again = coloured(signal, rate, np.random.default_rng(39), driven)
    np.testing.assert_array_equal(again, changed)


def test_silence_stays_silent(random: np.random.Generator) -> None:
    changed = [coloured(np.zeros(8000, np.float32), 16000, random, driven=True) for _ in range(20)]
    assert np.isfinite(changed).all()


class Listening(Player):
    """Plays a short tone, and remembers what it was asked to play."""

    def __init__(self, *programs: int) -> None:
        self.programs = programs
        self.asked: list[tuple[int, NDArray[np.float64]]] = []

    def play(self, program: int, notes: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float32]:
        self.asked.append((program, notes))
        return tone(440, 0.5).astype(np.float32)


def parts(*programs: int | None) -> list[ScorePart]:
    """Tunes of 40 notes around key 60, of 10 to 20 s."""
    random = np.random.default_rng(2)

    def tune() -> NDArray[np.float64]:
        starts = np.sort(random.uniform(0, random.uniform(10, 20), 40))
        return np.stack([starts, random.uniform(0.1, 6, 40), random.integers(50, 70, 40), np.full(40, 90)], axis=1)

    return [ScorePart(program, tune()) for program in programs]


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that do not look at the components."""
    monkeypatch.setattr(clips, "ITERATIONS", 1)


def asked_of(programs: Sequence[int], number: int, scores: list[ScorePart]) -> list[tuple[int, NDArray[np.float64]]]:
    player = Listening(*programs)
    ClipMaker(player, scores, np.random.default_rng(3)).make(number)
    return player.asked


@pytest.mark.parametrize("program", [33, 40, 11, 80, VOICE])
@pytest.mark.usefixtures("hasty")
def test_phrases_lie_where_an_instrument_plays(program: int) -> None:
    low, high = range_of(program)
    asked = asked_of([program], 12, parts(program, 0, None, DRUM_KIT))
    assert {played for played, _ in asked} == {program}
    for _, phrase in asked:
        starts, lengths, keys, velocities = phrase.T
        # Parts move by octaves, which come within half an octave of where they are to lie.
        assert low - 6 <= np.median(keys) <= high + 6
        assert starts[0] == 0
        assert (starts + lengths).max() <= CLIP_SECONDS + 1e-9
        assert lengths.min() > 0
        assert velocities.min() >= 20
        assert velocities.max() <= 127


@pytest.mark.usefixtures("hasty")
def test_drums_play_the_parts_of_drums_as_they_are() -> None:
    scores = parts(0, DRUM_KIT, None)
    scores[1].notes[:, 2] = 100
    assert all((phrase[:, 2] == 100).all() for _, phrase in asked_of([DRUM_KIT], 8, scores))
    assert not any((phrase[:, 2] == 100).any() for _, phrase in asked_of([80], 8, scores))


@pytest.mark.usefixtures("hasty")
def test_frequent_instruments_are_drawn_more_often() -> None:
    drawn = [program for program, _ in asked_of([0, 73], 60, parts(0))]
    assert drawn.count(0) > 3 * drawn.count(73) > 0


def test_clips_have_their_shapes_and_come_again_with_their_seed(sampled: SamplePlayer) -> None:
    def made(seed: int) -> dict[str, NDArray[np.generic]]:
        return vars(ClipMaker(sampled, parts(40, None), np.random.default_rng(seed)).make(3))

    first = made(7)
    assert {name: (array.shape, array.dtype.name) for name, array in first.items()} == {
        "programs": ((3,), "int16"),
        "magnitudes": ((3, 96, 200), "float16"),
        "spectra": ((3, 96, COMPONENTS), "float16"),
        "activations": ((3, COMPONENTS, 200), "float16"),
    }
    assert (first["programs"] == 40).all()
    magnitudes, spectra, activations = (first[name].astype(float) for name in ("magnitudes", "spectra", "activations"))
    assert magnitudes.min() >= 0
    np.testing.assert_array_less(np.abs(spectra @ activations - magnitudes).sum((1, 2)), 0.5 * magnitudes.sum((1, 2)))
    for name, again in made(7).items():
        np.testing.assert_array_equal(again, first[name])
    assert (made(8)["magnitudes"] != first["magnitudes"]).any()


PLAYERS = """player\tkind\tpackage\tfiles\tprogram\tclips
tiny\tsoundfont\tsounds\t*.sf2\t\t4
fiddle\tsamples\tsounds\tnotes/*.wav\t40\t2
speech\trecordings\tsounds\tnotes/*.wav\t129\t2
odd\tsamples\tsounds\todd/*.wav\t40\t2
gone\tsamples\tsounds\tgone/*.wav\t40\t2
"""


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    for name in ("notes/As3.wav", "notes/C5 v2.wav", "odd/chord.wav"):
        (tmp_path / "sounds" / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / "sounds" / name, tone(233.08 if "As3" in name else 523.25, 2), RATE)
    write_soundfont(tmp_path / "sounds" / "tiny.sf2")
    save_parts(parts(40, None), tmp_path / "parts.npz")
    (tmp_path / "players.tsv").write_text(PLAYERS, encoding="utf-8")
    return tmp_path


def made_by(player: str, folder: Path) -> dict[str, NDArray[np.generic]]:
    path = folder / "clips" / f"{player}.npz"
    make_clips(folder / "parts.npz", folder / "players.tsv", player, folder, 1, clips_out=path)
    with np.load(path) as saved:
        return dict(saved)


@pytest.mark.parametrize(("player", "programs"), [("tiny", {0, 73}), ("fiddle", {40}), ("speech", {VOICE})])
def test_a_player_of_the_table_makes_its_clips(packages: Path, player: str, programs: set[int]) -> None:
    made = made_by(player, packages)
    assert set(made["programs"].tolist()) <= {*programs, DRUM_KIT if player == "tiny" else VOICE}
    assert len(made["magnitudes"]) == (4 if player == "tiny" else 2)
    assert made["magnitudes"].max() > 0.01


@pytest.mark.parametrize(
    ("player", "sentence"),
    [("odd", r"chord\.wav: its name is not that of a note, as C4 or As3"), ("gone", "the package sounds holds no")],
)
def test_a_player_that_the_table_gets_wrong_is_told(packages: Path, player: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        made_by(player, packages)
