"""Files of many kinds are decoded to the sample, and broken ones are refused in one sentence."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_files import RATE, assert_refused, decoded, make, music
from stemsteer.errors import UserError
from stemsteer.sound import audio
from stemsteer.sound.decoding import Facts
from stemsteer.sound.references import decode_reference

AAC = {"codec": "aac", "rate": RATE, "channels": 2, "depth": None, "lossy": True}
VIDEO = ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=10:duration=2", "-map", "1:v", "-map", "0:a", "-c:v", "mpeg4"]
# File name: ffmpeg's options to make it, then what it must be found to be.
KINDS = {
    "16.wav": (["-c:a", "pcm_s16le"], {"codec": "pcm_s16le", "depth": 16}),
    "24.wav": (["-c:a", "pcm_s24le"], {"codec": "pcm_s24le", "depth": 24}),
    "float.wav": (["-c:a", "pcm_f32le"], {"codec": "pcm_f32le", "depth": 32}),
    "a.aiff": ([], {"codec": "pcm_s16be", "depth": 16}),
    "a.flac": (["-sample_fmt", "s32", "-bits_per_raw_sample", "24"], {"codec": "flac", "depth": 24}),
    "a.mp3": ([], {"codec": "mp3", "depth": None, "lossy": True}),
    "vbr.mp3": (["-q:a", "4"], {"codec": "mp3", "depth": None, "lossy": True}),
    "a.m4a": ([], AAC),
    "streamed.m4a": (["-movflags", "+faststart"], AAC),
    "lossless.m4a": (["-c:a", "alac", "-sample_fmt", "s32p"], {"codec": "alac", "depth": 24}),
    "a.ogg": (["-c:a", "vorbis", "-strict", "-2", "-q:a", "9"], {"codec": "vorbis", "depth": None, "lossy": True}),
    "a.opus": (["-c:a", "libopus"], {"codec": "opus", "rate": 48000, "depth": None, "lossy": True}),
    "video.mp4": ([*VIDEO, "-c:a", "aac"], AAC),
    "video.mkv": ([*VIDEO, "-c:a", "flac", "-sample_fmt", "s32"], {"codec": "flac", "depth": 24}),
}
CUT_KINDS = [name for name in KINDS if not name.startswith("video")]


@pytest.mark.parametrize("name", KINDS)
def test_kinds_of_files(tmp_path, name):
    options, expected = KINDS[name]
    signal = music()
    facts, mixture, _ = decoded(make(tmp_path / name, signal, options=options))
    assert (facts.codec, facts.bit_depth) == (expected["codec"], expected["depth"])
    assert (facts.sample_rate, facts.channels) == (expected.get("rate", RATE), 2)
    assert facts.warnings == []
    wanted = audio.resample(signal, RATE, facts.sample_rate)
    if expected.get("lossy"):
        assert abs(len(mixture) - len(wanted)) <= 2304  # the padding of some encoders and containers
        inner = slice(5000, 40000)
        similarity = np.corrcoef(mixture[inner, 0], wanted[inner, 0])[0, 1]
        assert similarity > 0.99  # in place: a shift by one sample of the noise and tones would show
    else:
        step = 2.0 ** (1 - expected["depth"]) if "f32" not in expected["codec"] else 0
        assert mixture.shape == wanted.shape
        assert np.abs(mixture - wanted).max() <= step


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", [8000, 44100, 96000])
@pytest.mark.parametrize("seconds", [0.2, 1.3])
def test_rates_channels_and_lengths(tmp_path, rate, channels, seconds):
    signal = music(seconds, rate, channels)
    audio.write(tmp_path / "a.wav", signal, rate)
    facts, mixture, model = decoded(str(tmp_path / "a.wav"))
    assert (facts.sample_rate, facts.channels, facts.samples) == (rate, channels, round(seconds * rate))
    np.testing.assert_array_equal(mixture, signal)
    mean = signal.mean(axis=1, dtype=np.float64, keepdims=True).astype(np.float32)
    np.testing.assert_array_equal(model, audio.resample(mean, rate, 44100))


def test_samples_above_full_scale_stay(tmp_path):
    signal = 4 * music()
    audio.write(tmp_path / "loud.wav", signal, RATE)
    np.testing.assert_array_equal(decoded(str(tmp_path / "loud.wav"))[1], signal)


@pytest.mark.parametrize(
    "name",
    [
        "-x.wav",
        "a b.wav",
        'it\'s "it".wav',
        "ü ñ 日本.wav",
        "%03d.wav",
        "a:b.wav",
        "http:x.wav",
        "a;b|c&d$e.wav",
        "[0].wav",
    ],
)
def test_any_file_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    audio.write(name, music(0.2), RATE)
    assert decoded(name)[0].path == name


def test_facts_are_those_of_the_contract(tmp_path):
    tags = ["-metadata", "title=Tëst", "-metadata", "artist=Nobody"]
    for name in ("a.mp3", "a.flac", "a.opus", "a.m4a"):
        facts = decoded(make(tmp_path / name, options=tags))[0]
        assert (facts.tags["title"], facts.tags["artist"]) == ("Tëst", "Nobody")
    assert json.loads(facts.model_dump_json()) == {
        "path": str(tmp_path / "a.m4a"),
        "codec": "aac",
        "container": "mov,mp4,m4a,3gp,3g2,mj2",
        "sample_rate": RATE,
        "channels": 2,
        "samples": facts.samples,
        "duration_s": facts.samples / RATE,
        "bit_depth": None,
        "tags": facts.tags,
        "start_s": 0.0,
        "silent": False,
        "warnings": [],
        "stream": 1,
        "streams": 1,
        "priming": 1024,
        "silences": [],
    }


@pytest.mark.parametrize("name", ["16.wav", "a.mp3", "a.ogg", "a.m4a"])
def test_an_excerpt_is_a_slice_of_the_whole(tmp_path, name):
    path = make(tmp_path / name, options=KINDS[name][0])
    whole = decoded(path)[1]
    facts, excerpt, _ = decoded(path, start=0.25, duration=0.5)
    assert (facts.start_s, facts.duration_s) == (0.25, 0.5)
    np.testing.assert_array_equal(excerpt, whole[11025 : 11025 + 22050])
    np.testing.assert_array_equal(decoded(path, start=0.3)[1], whole[13230:])


def test_an_excerpt_that_the_file_is_too_short_for(tmp_path):
    path = make(tmp_path / "a.wav")
    facts = decoded(path, start=0.9, duration=5)[0]
    assert facts.samples == 4410
    assert "ends 0.100 s after 0.9 s" in facts.warnings[0]
    (tmp_path / "out" / "mixture.wav").unlink()
    (tmp_path / "out" / "mono.wav").unlink()
    assert_refused(path, "is 1.000 s long and its excerpt starts at 1 s; let it start earlier", start=1.0)


def test_files_that_are_not_audio(tmp_path):
    (tmp_path / "text.mp3").write_text("This is no music.\n" * 100)
    (tmp_path / "empty.wav").touch()
    audio.write(tmp_path / "nothing.wav", music(0), RATE)
    make(tmp_path / "mute.mp4", options=[*VIDEO[:6], "-map", "1:v", "-c:v", "mpeg4"])
    (tmp_path / "folder.wav").mkdir()
    for name, sentence in {
        "missing.wav": "does not exist",
        "text.mp3": "cannot be read as audio",
        "empty.wav": r"is empty \(0 bytes\)",
        "nothing.wav": "holds no audio samples",
        "mute.mp4": "has no audio stream",
        "folder.wav": "is not a file",
    }.items():
        assert_refused(str(tmp_path / name), sentence)


@pytest.mark.parametrize("kept", [0.5, 0.9])
@pytest.mark.parametrize("name", CUT_KINDS)
def test_truncated_files(tmp_path, name, kept):
    path = Path(make(tmp_path / name, options=KINDS[name][0]))
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    assert_refused(str(path), "truncated|cannot be read as audio|holds no audio samples")


@pytest.mark.parametrize("name", ["16.wav", "a.flac", "a.ogg", "a.opus", "a.aiff"])
def test_files_that_lack_their_last_byte(tmp_path, name):
    path = Path(make(tmp_path / name, options=KINDS[name][0]))
    path.write_bytes(path.read_bytes()[:-1])
    assert_refused(str(path), "truncated")


def test_an_excerpt_before_the_cut_is_whole(tmp_path):
    path = Path(make(tmp_path / "a.flac"))
    path.write_bytes(path.read_bytes()[:-5000])
    assert decoded(str(path), duration=0.5)[0].samples == RATE // 2


def test_a_truncated_rf64_file(tmp_path):
    with audio.writing(tmp_path / "long.wav", RATE, 2) as writer:
        writer.write(music())
    content = (tmp_path / "long.wav").read_bytes()
    assert content.startswith(b"RF64")
    assert decoded(str(tmp_path / "long.wav"))[0].samples == RATE
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "long.wav").write_bytes(content[:-800])
    assert_refused(str(tmp_path / "cut" / "long.wav"), "truncated")


@pytest.mark.parametrize("length", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x00\xf0\xff\x7f"])
def test_a_streamed_wav_does_not_know_its_length(tmp_path, length):
    path = Path(make(tmp_path / "a.wav", options=["-c:a", "pcm_s16le"]))
    content = path.read_bytes()
    start = content.index(b"data") + 4
    path.write_bytes(content[:start] + length + content[start + 4 :])
    assert decoded(str(path))[0].samples == RATE


def test_the_length_of_an_mp3_without_header_is_not_held_against_it(tmp_path):
    facts = decoded(make(tmp_path / "a.mp3", options=["-q:a", "5", "-write_xing", "0"]))[0]
    assert facts.samples >= RATE


def test_damage_inside_a_file_is_told(tmp_path):
    path = Path(make(tmp_path / "a.flac", music(3)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 200] = bytes(200)
    path.write_bytes(content)
    # ffmpeg leaves the damaged frame out, so that the samples behind it would be out of place.
    assert_refused(str(path), "truncated")


def test_samples_that_are_not_finite(tmp_path):
    signal = music(3)
    signal[2 * RATE, 0] = np.nan
    signal[2 * RATE + 5] = np.inf
    soundfile.write(tmp_path / "a.wav", signal, RATE, subtype="FLOAT")
    path = str(tmp_path / "a.wav")
    assert_refused(path, r"has 3 NaN or infinite samples, the first at 2\.000 s")
    assert_refused(path, r"has 3 NaN or infinite samples, the first at 2\.000 s", start=1.5)
    assert decoded(path, duration=2.0)[0].warnings == []


@pytest.mark.parametrize("name", ["16.wav", "a.mp3", "a.ogg", "a.opus", "a.m4a"])
def test_silence_is_told(tmp_path, name):
    path = make(tmp_path / name, 0 * music(), options=KINDS[name][0])
    facts = decoded(path)[0]
    assert facts.silent
    assert facts.warnings == [f"{path!r} is silent: its stems will be silent"]


@pytest.fixture
def mixture(tmp_path) -> Facts:
    audio.write(tmp_path / "mixture.wav", music(), RATE)
    return decoded(str(tmp_path / "mixture.wav"))[0]


def reference(path: Path | str, facts: Facts, start: float = 0.0, duration: float | None = None):
    out = Path(path).parent / "reference.out.wav"
    warnings = decode_reference(str(path), start, duration, facts, out).warnings
    signal, rate = audio.read(out)
    assert rate == facts.sample_rate
    assert signal.shape == (facts.samples, facts.channels)
    return signal, warnings


def test_a_reference_like_its_mixture_is_taken_as_it_is(tmp_path, mixture):
    audio.write(tmp_path / "bass.wav", 0.5 * music(), RATE)
    signal, warnings = reference(tmp_path / "bass.wav", mixture)
    np.testing.assert_array_equal(signal, 0.5 * music())
    assert warnings == []


def test_a_mono_reference_is_in_all_channels(tmp_path, mixture):
    audio.write(tmp_path / "bass.wav", music(channels=1), RATE)
    signal, _ = reference(tmp_path / "bass.wav", mixture)
    np.testing.assert_array_equal(signal, np.repeat(music(channels=1), 2, axis=1))


def test_a_reference_of_another_rate_is_resampled_and_in_place(tmp_path):
    def tone(rate):
        return np.repeat(np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)[:, None], 2, axis=1).astype(np.float32)

    audio.write(tmp_path / "mixture.wav", tone(RATE), RATE)
    audio.write(tmp_path / "bass.wav", tone(48000), 48000)
    facts, mixture, _ = decoded(str(tmp_path / "mixture.wav"), start=0.50003, duration=1.0)
    signal, warnings = reference(tmp_path / "bass.wav", facts, start=0.50003, duration=1.0)
    np.testing.assert_allclose(signal, mixture, atol=1e-5)
    assert warnings == []


@pytest.mark.parametrize("rate", [8000, 48000])
def test_rounding_to_another_rate_is_nothing_to_warn_of(tmp_path, mixture, rate):
    facts = mixture.model_copy(update={"samples": RATE - 1})
    audio.write(tmp_path / "bass.wav", audio.resample(music()[:-1], RATE, rate), rate)
    assert reference(tmp_path / "bass.wav", facts)[1] == []


def test_padding_of_a_reference_is_trimmed_or_filled_and_told(tmp_path, mixture):
    for samples, verb in ((RATE + 2000, "trimmed"), (RATE - 2000, "filled with zeros")):
        audio.write(tmp_path / "bass.wav", music(2)[:samples], RATE)
        signal, warnings = reference(tmp_path / "bass.wav", mixture)
        kept = min(samples, RATE)
        np.testing.assert_array_equal(signal[:kept], music(2)[:kept])
        assert not signal[kept:].any()
        assert len(warnings) == 1
        assert warnings[0].endswith(f"bass.wav' has {samples} samples and its mixture {RATE}: {verb} at the end")


@pytest.mark.parametrize("seconds", [0.9, 1.1])
def test_a_reference_of_another_length_is_refused(tmp_path, mixture, seconds):
    audio.write(tmp_path / "bass.wav", music(seconds), RATE)
    sentence = f"bass.wav' is {seconds:.3f} s long and its mixture .*mixture.wav' 1.000 s; give a reference"
    with pytest.raises(UserError, match=sentence):
        reference(tmp_path / "bass.wav", mixture)
    assert not (tmp_path / "reference.out.wav").exists()


def test_a_longer_reference_fits_an_excerpt(tmp_path, mixture):
    audio.write(tmp_path / "bass.wav", music(2), RATE)
    facts = decoded(str(tmp_path / "mixture.wav"), start=0.2, duration=0.5)[0]
    np.testing.assert_array_equal(reference(tmp_path / "bass.wav", facts, 0.2, 0.5)[0], music(2)[8820:30870])


def test_references_that_cannot_be_used(tmp_path, mixture):
    audio.write(tmp_path / "quad.wav", music(channels=4), RATE)
    with pytest.raises(UserError, match=re.escape("quad.wav' has 4 channels and its mixture")):
        reference(tmp_path / "quad.wav", mixture)
    with pytest.raises(UserError, match=r"missing\.wav' does not exist"):
        reference(tmp_path / "missing.wav", mixture)


def test_channels_that_cancel_are_told(tmp_path):
    path = tmp_path / "opposite.wav"
    audio.write(path, music(channels=1) * np.array([1, -1], np.float32), RATE)
    facts, _, model = decoded(str(path))
    assert not facts.silent
    assert not model.any()
    assert "cancel each other" in facts.warnings[0]


def test_a_silent_reference_is_told(tmp_path, mixture):
    audio.write(tmp_path / "bass.wav", 0 * music(), RATE)
    assert "is silent" in reference(tmp_path / "bass.wav", mixture)[1][0]
