"""Of several audio streams in a file, the one that players choose is decoded, or the one that the table names."""

import logging
from pathlib import Path

import numpy as np
import pytest

from audio_files import RATE, assert_refused, decoded, music, plainly_decoded, run_ffmpeg
from stemsteer.errors import UserError
from stemsteer.files import read_json
from stemsteer.sound import audio
from stemsteer.sound.decoding import decode
from stemsteer.sound.probing import probe
from stemsteer.stages.decode import decode_mixture

VIDEO = ["-f", "lavfi", "-i", "testsrc=size=32x32:rate=10:duration=1"]
SECOND = ["-disposition:a:0", "0", "-disposition:a:1", "default"]


def several(path: Path, *options: str, streams: int = 2, codec: str = "pcm_s16le") -> str:
    """A file with audio streams, the first of which is the quietest one."""
    inputs, maps = [], []
    for number in range(1, streams + 1):
        plain = path.with_name(f"{number}.wav")
        audio.write(plain, (np.rint(number * music(0.5) * 2**14) / 2**15 / streams).astype(np.float32), RATE)
        inputs += ["-i", str(plain)]
        maps += ["-map", f"{number}:a"]
    run_ffmpeg(*VIDEO, *inputs, "-map", "0:v", *maps, "-c:v", "mpeg4", "-c:a", codec, *options, str(path))
    return str(path)


def loudness(signal: audio.Signal) -> float:
    return float(np.square(signal).mean() ** 0.5)


@pytest.mark.parametrize("kind", ["mkv", "mov"])
def test_the_default_stream_is_taken(tmp_path, kind):
    path = several(tmp_path / f"a.{kind}", *SECOND)
    facts, mixture, _ = decoded(path)
    assert (facts.stream, facts.streams) == (2, 2)
    np.testing.assert_array_equal(mixture, plainly_decoded(path, stream=2))
    assert loudness(mixture) > 1.5 * loudness(plainly_decoded(path, stream=1))


def test_without_a_default_the_first_stream_is_taken(tmp_path):
    path = several(tmp_path / "a.mkv", "-disposition:a:0", "0", "-disposition:a:1", "0")
    facts, mixture, _ = decoded(path)
    assert facts.stream == 1
    np.testing.assert_array_equal(mixture, plainly_decoded(path, stream=1))


def test_of_two_defaults_the_first_one_is_taken(tmp_path):
    path = several(tmp_path / "a.mkv", "-disposition:a:0", "default", "-disposition:a:1", "default")
    assert probe(path).stream == 1


@pytest.mark.parametrize("stream", [1, 2, 3])
def test_the_table_names_a_stream(tmp_path, stream):
    path = several(tmp_path / "a.mkv", *SECOND, streams=3)
    facts, mixture, _ = decoded(path, stream=stream)
    assert (facts.stream, facts.streams) == (stream, 3)
    np.testing.assert_array_equal(mixture, plainly_decoded(path, stream=stream))


def test_a_stream_that_is_not_there(tmp_path):
    sentence = r"has 2 audio streams, so there is no stream 3; correct the column stream"
    assert_refused(several(tmp_path / "a.mkv"), sentence, stream=3)
    audio.write(tmp_path / "a.wav", music(0.1), RATE)
    assert_refused(str(tmp_path / "a.wav"), r"has 1 audio stream, so there is no stream 2", stream=2)


@pytest.mark.parametrize("name", ["song.stem.mp4", "SONG.STEM.MP4", "song.stem.m4a"])
def test_the_mixture_of_a_file_of_stems_is_its_first_stream(tmp_path, name):
    """Whatever the file says is its default one."""
    path = several(tmp_path / "song.mp4", *SECOND, streams=5, codec="aac")
    assert probe(path).stream == 2
    song = Path(path).rename(tmp_path / name)
    facts, mixture, _ = decoded(str(song))
    assert (facts.stream, facts.streams) == (1, 5)
    np.testing.assert_array_equal(mixture, plainly_decoded(song, stream=1))


def test_rates_and_channels_are_those_of_the_stream(tmp_path):
    path = several(tmp_path / "a.mkv", *SECOND, "-ar:a:1", "48000", "-ac:a:1", "1")
    header = probe(path)
    assert (header.sample_rate, header.channels) == (48000, 1)
    assert decoded(path)[0].channels == 1
    assert decoded(path, stream=1)[0].sample_rate == RATE


def test_the_log_tells_which_stream_was_taken(tmp_path, caplog):
    outputs = {"mixture_out": tmp_path / "mixture.wav", "mono_out": tmp_path / "mono.wav"}
    facts = tmp_path / "facts.json"
    path = several(tmp_path / "a.mkv", *SECOND)
    with caplog.at_level(logging.INFO):
        decode_mixture(path, 0, None, **outputs, facts_out=facts)
        assert "audio stream 2 of 2, which players choose; the column stream of a table takes another" in caplog.text
        assert read_json(facts)["stream"] == 2
        decode_mixture(path, 0, None, **outputs, facts_out=facts, stream=1)
        assert "audio stream 1 of 2, as the table says" in caplog.text
        caplog.clear()
        decode_mixture(str(tmp_path / "1.wav"), 0, None, **outputs, facts_out=facts)
        assert "audio stream" not in caplog.text


def test_a_file_with_sound_that_ffmpeg_does_not_know_is_refused(tmp_path):
    path = Path(several(tmp_path / "a.mkv", streams=1))
    path.write_bytes(path.read_bytes().replace(b"A_PCM/INT/LIT", b"A_XYZ/INT/LIT"))
    with pytest.raises(UserError, match=r"a\.mkv' (is broken|holds no audio samples)"):
        decode(str(path), 0, None, tmp_path / "mixture.wav", tmp_path / "mono.wav")
