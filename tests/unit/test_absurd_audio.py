"""Headers and files that no music has take no more memory and disk than others, and are told in a sentence."""

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_files import RATE, assert_refused, decoded, make, music
from stemsteer.errors import UserError
from stemsteer.jobs.forecast import excerpt_of
from stemsteer.settings.tracks import Track
from stemsteer.sound.decoder import decoding
from stemsteer.sound.probing import probe
from stemsteer.sound.samples import as_rate
from stemsteer.sound.watch import Watch


def wav(path: Path, rate: int, channels: int, samples: bytes, claimed: int | None = None) -> str:
    """A wav file of 16 bits with these samples, whose header may claim another number of bytes."""
    frame = 2 * channels
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, rate * frame & 0xFFFF_FFFF, frame & 0xFFFF, 16)
    size = len(samples) if claimed is None else claimed
    content = b"WAVE" + form + b"data" + struct.pack("<I", size) + samples
    path.write_bytes(b"RIFF" + struct.pack("<I", len(content) - len(samples) + size) + content)
    return str(path)


@pytest.mark.parametrize("rate", [1, 999, 768_001, 4_000_000_000, 0xFFFF_FFFF])
def test_rates_that_no_music_has(tmp_path, rate):
    path = wav(tmp_path / "a.wav", rate, 1, bytes(4000))
    assert_refused(path, r"has a sample rate of -?\d+ Hz, and music has 1000 to 768000 Hz|cannot be read as audio")


@pytest.mark.parametrize("rate", [1000, 4000, 384_000, 768_000])
def test_rates_at_the_bounds_of_music(tmp_path, rate):
    facts, mixture, _ = decoded(wav(tmp_path / "a.wav", rate, 1, b"\0\x10" * 2000))
    assert (facts.sample_rate, len(mixture)) == (rate, 2000)


@pytest.mark.parametrize("channels", [65, 255, 1000, 65_535])
def test_channels_that_no_music_has(tmp_path, channels):
    path = wav(tmp_path / "a.wav", RATE, channels, bytes(2 * channels * 100))
    assert_refused(path, rf"has {channels} channels, and at most 64 are read; mix it down|cannot be read as audio")


def test_64_channels_are_read(tmp_path):
    facts, mixture, _ = decoded(wav(tmp_path / "a.wav", 192_000, 64, b"\0\x10" * 64 * 500))
    assert facts.channels == 64
    np.testing.assert_array_equal(mixture, np.full((500, 64), 0.125, np.float32))


def test_a_rate_of_0(tmp_path):
    assert_refused(wav(tmp_path / "a.wav", 0, 1, bytes(4000)), "cannot be read|holds no audio|is broken")


def test_a_header_that_claims_two_hours_of_192_khz_in_64_channels(tmp_path):
    """It would be 177 GB of samples; the header has no more than 32 bits for them."""
    path = wav(tmp_path / "a.wav", 192_000, 64, bytes(12_800), claimed=0x7000_0000)
    assert_refused(path, "is truncated: only 0.001 s of it can be decoded")
    assert excerpt_of(Track("a", path, ())).seconds == pytest.approx(0.001, abs=0.001)


def test_an_rf64_header_that_claims_them(tmp_path):
    claimed = 2 * 3600 * 192_000 * 128
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 64, 192_000, 192_000 * 128, 128, 16)
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, claimed + 72, claimed, claimed // 128, 0)
    path = tmp_path / "a.wav"
    samples = form + b"data" + bytes([255] * 4) + bytes(12_800)
    path.write_bytes(b"RF64" + bytes([255] * 4) + b"WAVE" + sizes + samples)
    assert_refused(str(path), "is truncated")
    assert excerpt_of(Track("a", str(path), ())).seconds == pytest.approx(0.001, abs=0.001)


def test_a_header_that_claims_ten_hours_for_one_sample(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, np.full(1, 0.5), RATE, "PCM_16")
    content = bytearray(path.read_bytes())
    number = int.from_bytes(content[18:26], "big") >> 36 << 36 | 36_000 * RATE
    path.write_bytes(content[:18] + number.to_bytes(8, "big") + content[26:])
    assert excerpt_of(Track("a", str(path), ())).seconds < 1000
    facts, mixture, _ = decoded(str(path))
    np.testing.assert_array_equal(mixture, [[0.5]])
    assert "tells of 36000.000 s of audio, and it has 0.000 s" in facts.warnings[0]
    # Without the MD5 of its sample, nothing says that it is whole.
    (tmp_path / "untold").mkdir()
    untold = tmp_path / "untold" / "a.flac"
    untold.write_bytes(path.read_bytes()[:26] + bytes(16) + path.read_bytes()[42:])
    assert_refused(str(untold), "is truncated")


def test_time_stamps_that_ask_for_hours_of_silence(tmp_path):
    later = "asetnsamples=4410:p=0,asetpts='PTS+gte(N,11025)*7200/TB'"
    path = make(tmp_path / "a.mka", music(0.5), options=["-c:a", "flac", "-sample_fmt", "s16", "-af", later])
    facts, mixture, _ = decoded(path)
    np.testing.assert_allclose(mixture, music(0.5), atol=2**-15)
    assert facts.silences == []
    assert facts.warnings == [f"the time stamps of {path!r} leave 7200.000 s without audio, too much to be put in"]


MEMORY = """
import resource
import sys
from pathlib import Path
from stemsteer.stages.decode import decode_mixture
folder = Path(sys.argv[1])
outputs = {name: folder / name for name in ("mixture.wav", "mono.wav", "facts.json", "tags.json")}
mixture, mono, facts, tags = outputs.values()
decode_mixture(str(folder / "a.mp3"), 0, None, mixture_out=mixture, mono_out=mono, facts_out=facts, tags_out=tags)
for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
    print(resource.getrusage(who).ru_maxrss // 1024)
"""


def test_a_tag_of_100_mb(tmp_path):
    def spread(number: int) -> bytes:
        """In seven bits a byte, as ID3 writes it."""
        return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))

    length = 100_000_000
    song = Path(make(tmp_path / "song.mp3", options=["-id3v2_version", "0"])).read_bytes()
    text = b"TIT2" + spread(length + 1) + b"\0\0\3" + b"A" * length
    (tmp_path / "a.mp3").write_bytes(b"ID3\4\0\0" + spread(len(text)) + text + song)
    measured = subprocess.run([sys.executable, "-c", MEMORY, tmp_path], capture_output=True, text=True, check=True)
    assert max(map(int, measured.stdout.split())) < 1000  # MB, which rules/audio.smk asks for
    assert (tmp_path / "facts.json").stat().st_size < 10_000
    assert (tmp_path / "tags.json").stat().st_size < 10_000


def test_a_decoder_that_gives_nothing_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("stemsteer.sound.watch.STALLED_S", 0.2)
    monkeypatch.setattr("stemsteer.sound.watch.INTERVAL_S", 0.05)
    monkeypatch.setattr("stemsteer.sound.decoder._command", lambda address, stream: ["sleep", "60"])
    with (
        pytest.raises(UserError, match=r"is broken after 0.000 s \(ffmpeg makes nothing of it for 0.2 s\); replace it"),
        decoding(probe(make(tmp_path / "a.wav", music(0.1)))) as stream,
    ):
        list(stream.blocks())


def test_a_decoder_that_says_too_much_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("stemsteer.sound.watch.MOST_MESSAGES", 10_000)
    monkeypatch.setattr("stemsteer.sound.watch.INTERVAL_S", 0.05)
    talk = "import sys\nwhile True: print('[error] x', file=sys.stderr)"
    monkeypatch.setattr("stemsteer.sound.decoder._command", lambda address, stream: [sys.executable, "-c", talk])
    with (
        pytest.raises(UserError, match=r"is broken after 0.000 s \(ffmpeg finds too many defects in it\); replace it"),
        decoding(probe(make(tmp_path / "a.wav", music(0.1)))) as stream,
    ):
        list(stream.blocks())


def test_one_who_takes_long_between_blocks_is_not_the_decoders_fault(tmp_path, monkeypatch):
    monkeypatch.setattr("stemsteer.sound.watch.STALLED_S", 0.2)
    watch = Watch()
    (tmp_path / "messages").touch()
    with watch.waiting():
        pass
    watch.judge(tmp_path / "messages")
    assert watch.verdict is None


@pytest.mark.parametrize("rate", [0, 44.1, 768_001, 4e9])
def test_arrays_have_rates_of_music_too(rate):
    with pytest.raises(UserError, match="is no rate in Hz"):
        as_rate(rate)
