"""References of all kinds of files lie where they belong in their mixtures, or it is told that they do not."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soxr

from stemsteer.compared.oracle_mask import OracleMask
from stemsteer.errors import UserError
from stemsteer.scores.metrics import si_sdr
from stemsteer.sound import audio
from stemsteer.sound.alignment import Verdict
from stemsteer.sound.audio import Signal
from stemsteer.sound.codec_delays import Coded, explain
from stemsteer.sound.decoding import decode
from stemsteer.sound.findings import MAY_BE_LATE
from stemsteer.sound.references import Reference, decode_reference
from stemsteer.stages.falcon69 import STREAMS, unpack_falcon69

RATE = 44_100
LATE = {
    "untagged.mp3": (["-write_xing", "0", "-id3v2_version", "0"], 1105),
    "a.mp2": ([], 481),
    "a.aac": (["-f", "adts"], 1024),
    "fragmented.m4a": (["-movflags", "frag_keyframe+empty_moov"], 1024),
    "a.ts": (["-c:a", "aac"], 1024),
    "a.ac3": ([], 256),
    "a.dts": (["-c:a", "dca", "-strict", "-2"], 512),
    "a.wma": ([], -2048),
}
"""Options of ffmpeg, and how late the file comes out of it (samples), though nothing in the file says so."""
IN_PLACE = {
    "a.flac": [],
    "tagged.mp3": [],
    "a.m4a": [],
    "a.mka": ["-c:a", "aac"],
    "a.ogg": ["-c:a", "vorbis", "-strict", "-2"],
    "a.opus": ["-c:a", "libopus"],
}


@dataclass(frozen=True)
class Song:
    """A real song and its stems as wav files of float32."""

    folder: Path

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.wav"

    def signal(self, name: str) -> Signal:
        return audio.read(self.path(name))[0]


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Song:
    """Six seconds of a real song in stereo, and its four stems."""
    song = Song(tmp_path_factory.mktemp("falcon69"))
    unpack_falcon69(mixture_out=song.path("mixture"), sources_out={name: song.path(name) for name in STREAMS})
    return song


def encode(signal: Path, path: Path, options: list[str]) -> Path:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", signal, *options, path], check=True)
    return path


def written(folder: Path, name: str, signal: Signal, rate: int = RATE) -> Path:
    audio.write(folder / name, signal, rate)
    return folder / name


@dataclass(frozen=True)
class Decoded:
    """A mixture and a reference as they come out of the stages."""

    mixture: Signal
    reference: Signal
    about: Reference
    folder: Path


def decoded(
    folder: Path, mixture: Path, reference: Path, start: float = 0, duration: float | None = None, align: bool = True
) -> Decoded:
    out = folder / "decoded"
    facts = decode(str(mixture), start, duration, out / "mixture.wav", out / "mono.wav")
    mixture_file = out / "mixture.wav" if align else None
    about = decode_reference(str(reference), start, duration, facts, out / "reference.wav", mixture_file)
    return Decoded(audio.read(out / "mixture.wav")[0], audio.read(out / "reference.wav")[0], about, out)


@pytest.mark.parametrize("name", LATE)
def test_a_reference_with_the_delay_of_its_codec_is_moved_to_its_place(tmp_path: Path, song: Song, name: str) -> None:
    options, lag = LATE[name]
    file = encode(song.path("vocals"), tmp_path / name, options)
    aligned = decoded(tmp_path, song.path("mixture"), file)
    assert aligned.about.moved_samples == lag
    assert not aligned.about.doubtful
    how = f"{abs(lag):,} samples ({1000 * abs(lag) / RATE:.2g} ms) {'late' if lag > 0 else 'early'}"
    assert aligned.about.finding.startswith(f"was {how}, as ")
    assert aligned.about.finding.endswith(" is, and was moved")
    assert f"the reference {str(file)!r} {aligned.about.finding}" in aligned.about.warnings
    vocals = song.signal("vocals")
    first = max(0, -lag)  # what the decoder has cut is gone
    assert si_sdr(vocals[first:], aligned.reference[first:]) > 18
    assert not aligned.reference[:first].any()
    unaligned = decoded(tmp_path, song.path("mixture"), file, align=False)
    assert si_sdr(vocals, unaligned.reference) < 3


@pytest.mark.parametrize("name", LATE)
def test_scores_become_what_they_are_with_a_wav(tmp_path: Path, song: Song, name: str) -> None:
    right = decoded(tmp_path, song.path("mixture"), song.path("vocals"))
    oracle = OracleMask().estimate(right.folder / "mixture.wav", right.folder / "reference.wav", "vocals")
    wanted = si_sdr(right.reference, right.mixture), si_sdr(right.reference, oracle)
    aligned = decoded(tmp_path, song.path("mixture"), encode(song.path("vocals"), tmp_path / name, LATE[name][0]))
    oracle = OracleMask().estimate(aligned.folder / "mixture.wav", aligned.folder / "reference.wav", "vocals")
    found = si_sdr(aligned.reference, aligned.mixture), si_sdr(aligned.reference, oracle)
    assert found == pytest.approx(wanted, abs=0.5)


@pytest.mark.parametrize("name", LATE)
def test_a_mixture_with_the_delay_of_its_codec_moves_its_references(tmp_path: Path, song: Song, name: str) -> None:
    options, lag = LATE[name]
    mixture = encode(song.path("mixture"), tmp_path / name, options)
    for source in ("drums", "vocals"):
        aligned = decoded(tmp_path, mixture, song.path(source))
        assert aligned.about.moved_samples == -lag
        assert not aligned.about.doubtful
        assert "because its mixture is" in aligned.about.finding
        stem = song.signal(source)
        there, wanted = aligned.reference[max(0, lag) :], stem[max(0, -lag) :]
        length = min(len(there), len(wanted))
        assert length > len(stem) - 2048 - 1
        np.testing.assert_array_equal(there[:length], wanted[:length])
        assert not there[length:].any()
        assert not aligned.reference[: max(0, lag)].any()


def test_mixture_and_reference_may_both_be_late(tmp_path: Path, song: Song) -> None:
    mixture = encode(song.path("mixture"), tmp_path / "mixture.aac", LATE["a.aac"][0])
    for name, lag in (("untagged.mp3", 1105 - 1024), ("a.wma", -2048 - 1024), ("a.aac", 0)):
        reference = encode(song.path("drums"), tmp_path / name, LATE[name][0])
        about = decoded(tmp_path, mixture, reference).about
        assert (about.moved_samples, about.doubtful) == (lag, False)
        assert (about.finding is None) == (lag == 0)


@pytest.mark.parametrize("name", IN_PLACE)
def test_references_in_place_stay_as_they_are(tmp_path: Path, song: Song, name: str) -> None:
    reference = encode(song.path("vocals"), tmp_path / name, IN_PLACE[name])
    before = decoded(tmp_path, song.path("mixture"), reference, align=False)
    content = (before.folder / "reference.wav").read_bytes()
    after = decoded(tmp_path, song.path("mixture"), reference)
    assert (after.folder / "reference.wav").read_bytes() == content
    assert (after.about.finding, after.about.doubtful, after.about.moved_samples) == (None, False, 0)
    assert after.about.placement.verdict == Verdict.IN_PLACE
    assert after.about.warnings == before.about.warnings


@pytest.mark.parametrize("name", ["untagged.mp3", "a.wma"])
def test_an_excerpt_is_aligned_without_a_gap(tmp_path: Path, song: Song, name: str) -> None:
    file = encode(song.path("drums"), tmp_path / name, LATE[name][0])
    excerpt = decoded(tmp_path, song.path("mixture"), file, start=0.5, duration=3.0)
    assert excerpt.about.moved_samples == LATE[name][1]
    assert len(excerpt.about.warnings) == 1
    drums = song.signal("drums")[RATE // 2 :][: 3 * RATE]
    for part in (slice(None), slice(0, 2048), slice(-2048, None)):
        assert si_sdr(drums[part], excerpt.reference[part]) > 12


def test_another_rate_has_another_delay(tmp_path: Path, song: Song) -> None:
    """1,105 samples at 48 kHz are 1,015 at 44.1 kHz."""
    vocals = written(tmp_path, "vocals.wav", audio.resample(song.signal("vocals"), RATE, 48_000), 48_000)
    file = encode(vocals, tmp_path / "untagged.mp3", LATE["untagged.mp3"][0])
    aligned = decoded(tmp_path, song.path("mixture"), file)
    assert (aligned.about.moved_samples, aligned.about.doubtful) == (1015, False)
    assert si_sdr(song.signal("vocals"), aligned.reference) > 15


def test_what_is_not_in_place_and_of_no_codec_is_doubtful(tmp_path: Path, song: Song) -> None:
    vocals = song.signal("vocals")
    slow = soxr.resample(vocals, RATE, 44_056, quality="VHQ").astype(np.float32)
    half, end = len(vocals) // 2, np.zeros((500, 2), np.float32)
    cases = {
        "is 500 samples (11 ms) late, which is the delay of no known codec": np.concatenate([end, vocals[:-500]]),
        "has the opposite polarity of its mixture": -vocals,
        "was 1,105 samples (25 ms) late, as mp3 without LAME's tag is, and was moved and has the opposite polarity of "
        "its mixture": -np.concatenate([np.zeros((1105, 2), np.float32), vocals[:-1105]]),
        "is in place at its beginning and 500 samples (11 ms) early at its end: it runs at another speed, or a piece "
        "is missing": np.concatenate([vocals[:half], vocals[half + 500 :], end]),
        "is not found in its mixture, or in several places: it may be of another song or mix": vocals[::-1],
    }
    for finding, signal in cases.items():
        about = decoded(tmp_path, song.path("mixture"), written(tmp_path, "vocals.wav", signal)).about
        assert (about.finding, about.doubtful) == (finding, True)
    about = decoded(tmp_path, song.path("mixture"), written(tmp_path, "vocals.wav", slow)).about
    assert about.finding.endswith("early at its end: it runs at another speed, or a piece is missing")
    assert about.doubtful


def test_a_reference_that_cannot_be_heard_is_spoken_of_only_where_it_may_be_late(tmp_path: Path, song: Song) -> None:
    quiet = written(tmp_path, "quiet.wav", np.float32(1e-4) * song.signal("vocals"))
    longer = np.concatenate([np.zeros((1105, 2), np.float32), audio.read(quiet)[0]])
    rest = written(tmp_path, "rest.wav", song.signal("mixture") - song.signal("vocals"))
    untagged = LATE["untagged.mp3"][0]
    for found in (
        decoded(tmp_path, rest, encode(quiet, tmp_path / "untagged.mp3", untagged)),
        decoded(tmp_path, rest, encode(quiet, tmp_path / "a.aac", LATE["a.aac"][0])),
        decoded(tmp_path, rest, written(tmp_path, "longer.wav", longer)),
        decoded(tmp_path, encode(rest, tmp_path / "mixture.mp3", untagged), quiet),
    ):
        assert found.about.placement.verdict == Verdict.UNKNOWN
        assert (found.about.finding, found.about.doubtful, found.about.moved_samples) == (MAY_BE_LATE, True, 0)
    silent = written(tmp_path, "silent.wav", 0 * longer)
    for found in (
        decoded(tmp_path, rest, quiet),
        decoded(tmp_path, rest, encode(quiet, tmp_path / "tagged.mp3", [])),
        decoded(tmp_path, rest, encode(quiet, tmp_path / "a.m4a", [])),
        decoded(tmp_path, encode(rest, tmp_path / "tagged mixture.mp3", []), quiet),
        decoded(tmp_path, rest, silent),
    ):
        assert found.about.placement.verdict == Verdict.UNKNOWN
        assert (found.about.finding, found.about.doubtful) == (None, False)


def test_nothing_is_looked_for_where_that_is_asked(tmp_path: Path, song: Song) -> None:
    file = encode(song.path("vocals"), tmp_path / "untagged.mp3", LATE["untagged.mp3"][0])
    as_it_is = decoded(tmp_path, song.path("mixture"), file, align=False)
    assert (as_it_is.about.placement, as_it_is.about.finding, as_it_is.about.doubtful) == (None, None, False)
    assert si_sdr(song.signal("vocals")[:-1105], as_it_is.reference[1105:]) > 18


def test_a_reference_is_measured_after_it_was_moved(tmp_path: Path, song: Song) -> None:
    """One that is longer than encoders make it by what it is late is not refused; one that is longer still is."""
    vocals = song.signal("vocals")
    for more, fits in ((2304, True), (2305, False)):
        longer = np.concatenate([np.zeros((1105, 2), np.float32), vocals, np.zeros((more, 2), np.float32)])
        file = written(tmp_path, "vocals.wav", longer)
        if fits:
            aligned = decoded(tmp_path, song.path("mixture"), file)
            np.testing.assert_array_equal(aligned.reference, vocals)
            assert any(warning.endswith(": trimmed at the end") for warning in aligned.about.warnings)
        else:
            with pytest.raises(UserError, match="give a reference of the mixture's length"):
                decoded(tmp_path, song.path("mixture"), file)


@pytest.mark.parametrize(
    ("lag", "reference", "mixture", "told"),
    [
        (0, Coded("flac", 44_100), Coded("flac", 44_100), "by rounding"),
        (-1, Coded("flac", 44_100), Coded("flac", 44_100), "by rounding"),
        (2, Coded("flac", 44_100), Coded("flac", 44_100), None),
        (1104, Coded("pcm_s16le", 44_100), Coded("flac", 44_100), "as mp3 without LAME's tag is"),
        (1107, Coded("mp3", 44_100), Coded("flac", 44_100), None),
        (2210, Coded("mp3", 44_100), Coded("flac", 88_200), "as mp3 without LAME's tag is"),
        (-256, Coded("flac", 44_100), Coded("ac3", 44_100), "because its mixture is late, as AC-3 is"),
        (2048, Coded("flac", 44_100), Coded("wmav2", 44_100), "because its mixture is early, as WMA is"),
        (
            3153,
            Coded("mp3", 44_100),
            Coded("wmav2", 44_100),
            "as mp3 without LAME's tag is and because its mixture is early, as WMA is",
        ),
        (3153, Coded("flac", 44_100), Coded("flac", 44_100), None),
    ],
)
def test_known_delays(lag: int, reference: Coded, mixture: Coded, told: str | None) -> None:
    assert explain(lag, reference, mixture) == told
