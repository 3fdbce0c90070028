"""Files whose headers tell of less or of more audio than there is: what is there is decoded, and the user is told."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio_files import RATE, assert_refused, decoded, make, music, plainly_decoded
from stemsteer.sound import audio
from stemsteer.sound.extents import extent_of
from stemsteer.sound.probing import probe

SECONDS = 2.5
OLD = 1.0
"""s of audio that a header tells of, since its recorder crashed."""

FRAME = 4
"""Bytes of a sample of 16 bits in two channels."""


@pytest.fixture(scope="module")
def signal() -> audio.Signal:
    """Of 16 bits, so that all formats here hold it exactly."""
    return (np.rint(music(SECONDS) * 2**15) / 2**15).astype(np.float32)


@pytest.fixture
def wav(tmp_path, signal) -> Path:
    """A plain wav file of 16 bits: no chunks but its format and its samples."""
    return written(tmp_path / "a.wav", signal)


def written(path: Path, signal: audio.Signal) -> Path:
    audio.write(path, signal, RATE, "PCM_16")
    return path


def patched(path: Path, place: int, number: bytes) -> str:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(number)
    return str(path)


def place_of(name: bytes, path: Path) -> int:
    """Where a chunk begins."""
    with path.open("rb") as file:
        return file.read(4096).index(name)


def with_length(path: Path, seconds: float | bytes) -> str:
    """The wav file with another length in the header of its data chunk."""
    number = seconds if isinstance(seconds, bytes) else struct.pack("<I", round(seconds * RATE) * FRAME)
    return patched(path, place_of(b"data", path) + 4, number)


def assert_all_decoded(path: str, signal: audio.Signal, told_s: float) -> None:
    """Every sample is decoded, and the warning says how many seconds the header tells of; the plan knows better."""
    facts, mixture, _ = decoded(path)
    np.testing.assert_array_equal(mixture, signal)
    there = len(signal) / RATE
    assert facts.warnings == [
        f"the header of {path!r} tells of {told_s:.3f} s of audio, and it has {there:.3f} s: all are decoded"
    ]
    assert probe(path).declared_s == pytest.approx(there, abs=0.5 / RATE)


@pytest.mark.parametrize("told_s", [OLD, 0.0])
def test_a_wav_that_tells_less_than_is_there(wav, signal, told_s):
    assert_all_decoded(with_length(wav, told_s), signal, told_s)


def test_a_wav_whose_form_is_as_old_as_its_data_chunk(wav, signal):
    patched(wav, 4, struct.pack("<I", 36 + round(OLD * RATE) * FRAME))
    assert_all_decoded(with_length(wav, OLD), signal, OLD)


@pytest.mark.parametrize("shown", ["a b.wav", "ü,:;%03d.wav", "-x.wav"])
def test_any_name_of_such_a_file(wav, signal, shown):
    path = wav.rename(wav.with_name(shown))
    assert_all_decoded(with_length(path, OLD), signal, OLD)


def test_a_name_that_ffmpeg_cannot_be_given_in_parts(wav):
    path = with_length(wav.rename(wav.with_name("a|b.wav")), OLD)
    assert_refused(path, r"has a \| in its path and a wrong length in its header; rename it")


def test_an_excerpt_behind_the_length_in_the_header(wav, signal):
    facts, mixture, _ = decoded(with_length(wav, OLD), start=1.5, duration=0.5)
    np.testing.assert_array_equal(mixture, signal[66150:88200])
    assert len(facts.warnings) == 1


@pytest.mark.parametrize(
    "behind",
    [
        b"LIST\x04\0\0\0INFO",
        b"id3 \x0a\0\0\0ID3\x03\0\0\0\0\0\0",
        b"junk\x03\0\0\0abc\0levl\x04\0\0\0abcd",
        b"abcd\x03\0\0\0abc\0efgh\0\0\0\0",
        b"LIST\xff\0\0\0INFO",  # cut off
        b"TAG" + b"x" * 125,
        b"ID3\x04\0\0\0\0\0\0",
        b"APETAGEX" + b"x" * 200,
        bytes(5000),
        b"x" * 7,
    ],
)
def test_what_is_no_audio_behind_the_samples(wav, signal, behind):
    with wav.open("ab") as file:
        file.write(behind)
    facts, mixture, _ = decoded(str(wav))
    np.testing.assert_array_equal(mixture, signal)
    assert facts.warnings == []


def test_samples_of_an_odd_number_of_bytes_with_and_without_padding(tmp_path):
    samples = bytes(range(1, 256))
    for padding in (b"", b"\0"):
        form = struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8, b"data", len(samples))
        chunks = b"WAVE" + form + samples + padding + b"LIST\x04\0\0\0INFO"
        (tmp_path / "odd.wav").write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)
        facts, mixture, _ = decoded(str(tmp_path / "odd.wav"))
        assert facts.warnings == []
        np.testing.assert_array_equal(mixture[:, 0], np.frombuffer(samples, np.uint8).astype(np.float32) / 128 - 1)


@pytest.mark.parametrize("form", [None, 0, 441044, 0xFFFF_FFFF])
@pytest.mark.parametrize("beyond", [0, -8])
def test_a_length_that_is_the_size_of_the_file_or_of_its_form(wav, signal, beyond, form):
    size = wav.stat().st_size + beyond
    if form is not None:
        patched(wav, 4, struct.pack("<I", form))
    assert_all_decoded(with_length(wav, struct.pack("<I", size)), signal, size / FRAME / RATE)


def test_a_length_beyond_a_form_that_ends_with_the_file(wav, signal):
    assert_all_decoded(with_length(wav, SECONDS + 1), signal, SECONDS + 1)


def test_a_file_that_lacks_what_both_its_lengths_promise(wav):
    wav.write_bytes(wav.read_bytes()[:-44])  # The length of its data chunk is now the size of the file.
    assert_refused(str(wav), r"is truncated: only 2\.500 s of it can be decoded")


def with_long_length(path: Path, length: int) -> str:
    """The RF64 file with another length of its samples."""
    return patched(path, 28, struct.pack("<q", length))


@pytest.mark.parametrize("told_s", [OLD, 0.0])
def test_an_rf64_file_that_tells_less_than_is_there(tmp_path, signal, told_s):
    path = Path(make(tmp_path / "a.wav", signal, options=["-rf64", "always", "-c:a", "pcm_s16le"]))
    assert_all_decoded(with_long_length(path, round(told_s * RATE) * FRAME), signal, told_s)


def test_an_rf64_file_of_open_length(tmp_path, signal):
    path = Path(make(tmp_path / "a.wav", signal, options=["-rf64", "always", "-c:a", "pcm_s16le"]))
    facts, mixture, _ = decoded(with_long_length(path, -1))
    np.testing.assert_array_equal(mixture, signal)
    assert facts.warnings == []


def with_aiff_length(path: Path, seconds: float) -> str:
    samples = round(seconds * RATE)
    patched(path, place_of(b"COMM", path) + 10, struct.pack(">I", samples))
    return patched(path, place_of(b"SSND", path) + 4, struct.pack(">I", samples * FRAME + 8 if samples else 0))


def with_w64_length(path: Path, seconds: float) -> str:
    length = round(seconds * RATE) * FRAME + 24
    return patched(path, place_of(b"data\xf3", path) + 16, struct.pack("<q", length))


def with_caf_length(path: Path, seconds: float) -> str:
    return patched(path, place_of(b"data\0", path) + 4, struct.pack(">q", round(seconds * RATE) * FRAME + 4))


def with_au_length(path: Path, seconds: float) -> str:
    return patched(path, 8, struct.pack(">I", round(seconds * RATE) * FRAME))


@pytest.mark.parametrize("told_s", [OLD, 0.0])
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("a.aiff", with_aiff_length),
        ("a.w64", with_w64_length),
        ("a.caf", with_caf_length),
        ("a.au", with_au_length),
    ],
)
def test_siblings_of_wav(tmp_path, signal, name: str, change: Callable[[Path, float], str], told_s: float):
    path = Path(make(tmp_path / name, signal, options=["-bitexact"]))
    assert_all_decoded(change(path, told_s), signal, told_s)


@pytest.mark.parametrize("behind", [b"", b"LIST\x04\0\0\0INFO"])
def test_a_wav_of_more_than_4_gib_whose_length_wrapped(tmp_path, behind):
    """It is a file with a hole, which takes no disk."""
    path, start = written(tmp_path / "long.wav", music(0.5)), 44
    size = (1 << 32) + 8000
    with path.open("r+b") as file:
        file.truncate(start + size)
        file.seek(start + size - FRAME)
        file.write(b"\x01\0\x01\0" + behind)
    extent = extent_of(with_length(path, struct.pack("<I", 8000)))
    assert (extent.start, extent.end, extent.differs, extent.missing) == (start, start + size, True, False)
    assert probe(str(path)).declared_s == pytest.approx(size / FRAME / RATE)
    facts, mixture, _ = decoded(str(path), duration=0.25)
    np.testing.assert_allclose(mixture, music(0.5)[:11025], atol=2**-15)
    assert f"tells of {2000 / RATE:.3f} s of audio, and it has 24347.933 s" in facts.warnings[0]


def test_a_wav_between_2_and_4_gib(tmp_path):
    path = written(tmp_path / "long.wav", music(0.5))
    size = (1 << 31) + (1 << 30)
    with path.open("r+b") as file:
        file.truncate(44 + size)
    extent = extent_of(with_length(path, struct.pack("<I", size)))
    assert (extent.end, extent.differs) == (44 + size, False)


def test_compressed_samples_in_a_wav(tmp_path, signal):
    path = Path(make(tmp_path / "a.wav", signal, options=["-c:a", "adpcm_ima_wav"]))
    whole = plainly_decoded(path)
    length = path.stat().st_size - place_of(b"data", path) - 8
    facts, mixture, _ = decoded(with_length(path, struct.pack("<I", length // 2)))
    np.testing.assert_array_equal(mixture, whole)
    assert f"tells of {length // 2} bytes of audio, and it has {length} bytes: all" in facts.warnings[0]


def with_xing(path: Path, frames: float, size: float = 1.0) -> str:
    """The mp3 file whose header tells of so many times its frames and bytes."""
    content = path.read_bytes()
    place = next(content.index(name) for name in (b"Xing", b"Info") if name in content[:2000])
    counts = struct.unpack_from(">II", content, place + 8)
    return patched(path, place + 8, struct.pack(">II", round(counts[0] * frames), round(counts[1] * size)))


@pytest.mark.parametrize("options", [[], ["-q:a", "4"]])
def test_an_mp3_whose_header_counts_twice_its_frames(tmp_path, signal, options):
    path = with_xing(Path(make(tmp_path / "a.mp3", signal, options=options)), 2)
    facts, mixture, _ = decoded(path)
    np.testing.assert_array_equal(mixture, plainly_decoded(path))
    assert len(mixture) >= len(signal)
    assert len(facts.warnings) == 1
    assert "tells of 5.0" in facts.warnings[0]
    assert f"it has {len(mixture) / RATE:.3f} s: all are decoded" in facts.warnings[0]


def test_an_mp3_whose_header_counts_half_its_frames(tmp_path, signal):
    path = with_xing(Path(make(tmp_path / "a.mp3", signal)), 0.5)
    facts, mixture, _ = decoded(path)
    np.testing.assert_array_equal(mixture, plainly_decoded(path))
    assert "s of audio, and it has" in facts.warnings[0]


def test_an_mp3_that_lacks_bytes_that_its_header_counts(tmp_path, signal):
    assert_refused(with_xing(Path(make(tmp_path / "a.mp3", signal)), 2, 2), "is truncated")
    path = Path(with_xing(Path(make(tmp_path / "a.mp3", signal)), 2))
    path.write_bytes(path.read_bytes()[:-2000])
    assert_refused(str(path), "is truncated")


def with_total(path: Path, samples: int) -> str:
    """The flac file whose header tells of so many samples."""
    number = int.from_bytes(path.read_bytes()[18:26], "big")
    return patched(path, 18, (number >> 36 << 36 | samples).to_bytes(8, "big"))


@pytest.mark.parametrize("depth", [16, 24])
@pytest.mark.parametrize("told_s", [5, 1, 36000])
def test_a_flac_whose_header_counts_other_samples(tmp_path, signal, depth, told_s):
    options = ["-sample_fmt", "s32", "-bits_per_raw_sample", "24"] if depth == 24 else ["-sample_fmt", "s16"]
    path = with_total(Path(make(tmp_path / "a.flac", signal, options=options)), told_s * RATE)
    facts, mixture, _ = decoded(path)
    np.testing.assert_array_equal(mixture, signal)
    assert facts.warnings == [
        f"the header of {path!r} tells of {told_s:.3f} s of audio, and it has 2.500 s: all are decoded"
    ]


def test_a_flac_that_lacks_samples_that_its_md5_is_of(tmp_path, signal):
    path = Path(with_total(Path(make(tmp_path / "a.flac", signal)), 5 * RATE))
    path.write_bytes(path.read_bytes()[:-3000])
    assert_refused(str(path), "is truncated")


def test_a_flac_of_unknown_length(tmp_path, signal):
    path = with_total(Path(make(tmp_path / "a.flac", signal, options=["-sample_fmt", "s16"])), 0)
    facts, mixture, _ = decoded(path)
    np.testing.assert_array_equal(mixture, signal)
    assert facts.warnings == []
