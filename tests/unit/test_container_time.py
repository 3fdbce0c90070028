"""Samples lie where a file's container says that they are to be heard."""

import json
import struct
from pathlib import Path

import mutagen.mp4
import numpy as np
import pytest

from audio_files import RATE, decoded, make, music, plainly_decoded, run_ffmpeg
from stemsteer.sound import audio
from stemsteer.sound.messages import Lead
from stemsteer.sound.probing import Header
from stemsteer.sound.references import decode_reference
from stemsteer.sound.timeline import Timeline

VIDEO = ["-f", "lavfi", "-i", "testsrc=size=32x32:rate=10:duration=3"]
LOSSLESS = {"mkv": "pcm_s16le", "mov": "pcm_s16le", "nut": "pcm_s16le"}
LOSSY = {"mkv": "aac", "mp4": "aac", "mov": "aac", "flv": "libmp3lame", "ts": "mp2", "mpg": "mp2", "wmv": "wmav2"}
PICTURES = {"flv": "flv", "ts": "mpeg2video", "mpg": "mpeg1video", "wmv": "wmv2"}
COARSE = 45
"""Samples of 1 ms, the precision of time stamps in most containers."""


@pytest.fixture(scope="module")
def signal() -> audio.Signal:
    """A signal of 16 bits, that is never 0."""
    found = np.rint(music(2.0) * 2**15)
    return (np.where(found == 0, 1, found) / 2**15).astype(np.float32)


def recording(path: Path, signal: audio.Signal, codec: str, late_s: float = 0.0, sound: str = "anull") -> str:
    """A video whose sound begins so late, and goes through a filter of ffmpeg's."""
    plain = path.with_name("sound.wav")
    audio.write(plain, signal, RATE)
    picture = ["-c:v", PICTURES.get(path.suffix[1:], "mpeg4"), "-r", "25"]
    streams = [*VIDEO, "-itsoffset", str(late_s), "-i", str(plain), "-map", "0:v", "-map", "1:a"]
    run_ffmpeg(*streams, *picture, "-c:a", codec, "-af", sound, str(path))
    return str(path)


def without(first: int, last: int) -> str:
    """A filter that takes out samples from `first` up to `last`, which are whole frames of its input."""
    return f"asetnsamples=441:p=0,aselect='not(between(n,{first // 441},{last // 441 - 1}))'"


def lag(late: audio.Signal, early: audio.Signal) -> int:
    """By how many samples a signal is behind another one."""
    size = len(late) + len(early)
    product = np.fft.rfft(late[:, 0], size) * np.fft.rfft(early[:, 0], size).conj()
    found = int(np.fft.irfft(product, size).argmax())
    return found if found < size // 2 else found - size


@pytest.mark.parametrize("kind", LOSSLESS)
def test_sound_that_begins_after_the_video(tmp_path, signal, kind):
    path = recording(tmp_path / f"a.{kind}", signal, LOSSLESS[kind], late_s=0.5)
    facts, mixture, _ = decoded(path)
    silence = RATE // 2
    assert not mixture[:silence].any()
    np.testing.assert_array_equal(mixture[silence:], signal)
    assert [found.model_dump() for found in facts.silences] == [{"start_s": 0.0, "duration_s": 0.5}]
    assert facts.warnings == [
        f"by its time stamps {path!r} has no audio from 0.000 s to 0.500 s: 0.500 s of silence are put in"
    ]


@pytest.mark.parametrize("kind", LOSSY)
def test_lossy_sound_that_begins_after_the_video(tmp_path, signal, kind):
    """Where a container does not say that its encoder puts something before the sound, it begins as much earlier."""
    facts, mixture, _ = decoded(recording(tmp_path / f"late.{kind}", signal, LOSSY[kind], late_s=0.5))
    assert len(facts.silences) == len(facts.warnings) == 1
    assert abs(lag(mixture, signal) - RATE // 2) <= COARSE


@pytest.mark.parametrize("kind", ["mkv", "nut"])
def test_a_gap_in_the_sound(tmp_path, signal, kind):
    first, last = 44100, 44100 + 24696  # 0.56 s
    path = recording(tmp_path / f"a.{kind}", signal, LOSSLESS[kind], sound=without(first, last))
    facts, mixture, _ = decoded(path)
    expected = signal.copy()
    expected[first:last] = 0
    np.testing.assert_array_equal(mixture, expected)
    assert [found.model_dump() for found in facts.silences] == [{"start_s": 1.0, "duration_s": 0.56}]
    assert facts.warnings == [
        f"by its time stamps {path!r} has no audio from 1.000 s to 1.560 s: 0.560 s of silence are put in"
    ]


@pytest.mark.parametrize("kind", ["mkv", "mp4", "mov", "flv", "ts"])
def test_frames_that_are_not_there(tmp_path, signal, kind):
    whole = Path(recording(tmp_path / f"whole.{kind}", signal, LOSSY[kind]))
    path = str(tmp_path / f"a.{kind}")
    run_ffmpeg("-i", str(whole), "-c", "copy", "-bsf:a", "noise=drop='between(n,30,53)':amount=0", path)
    expected = decoded(str(whole))[1]
    facts, mixture, _ = decoded(path)
    assert len(facts.silences) == len(facts.warnings) == 1
    frame = 1024 if LOSSY[kind] == "aac" else 1152
    assert facts.silences[0].duration_s == pytest.approx(24 * frame / RATE, abs=0.001)
    # One frame needs its predecessor, and time stamps are rounded.
    before, after = slice(0, 28 * frame), slice(57 * frame, 70 * frame)
    np.testing.assert_array_equal(mixture[before], expected[before])
    moved = lag(mixture[after], expected[after])
    assert abs(moved) <= (0 if kind in ("mp4", "mov") else COARSE)
    # Decoders of aac draw random numbers for noise.
    assert np.corrcoef(mixture[after][:, 0], np.roll(expected, moved, axis=0)[after][:, 0])[0, 1] > 0.99


def test_several_gaps_with_a_late_start(tmp_path, signal):
    sound = "asetnsamples=441:p=0,aselect='not(between(n,50,59)+between(n,100,109))'"
    path = recording(tmp_path / "a.mkv", signal, "pcm_s16le", late_s=0.25, sound=sound)
    facts, mixture, _ = decoded(path)
    assert [silence.start_s for silence in facts.silences] == [0.0, 0.75, 1.25]
    assert facts.warnings == [
        f"by its time stamps {path!r} has no audio in 3 places, the first from 0.000 s to 0.250 s: "
        "0.450 s of silence are put in"
    ]
    expected = signal.copy()
    expected[22050:26460] = expected[44100:48510] = 0
    np.testing.assert_array_equal(mixture[11025:], expected)


def test_an_excerpt_counts_from_the_start_of_the_container(tmp_path, signal):
    path = recording(tmp_path / "a.mkv", signal, "pcm_s16le", late_s=0.5, sound=without(44100, 44100 + 24696))
    whole = decoded(path)[1]
    facts, excerpt, _ = decoded(path, start=0.25, duration=1.5)
    np.testing.assert_array_equal(excerpt, whole[11025 : 11025 + 66150])
    assert len(facts.silences) == 2
    facts, excerpt, _ = decoded(path, start=0.75, duration=0.5)
    np.testing.assert_array_equal(excerpt, signal[11025:33075])
    assert len(facts.silences) == 1


def test_a_reference_in_a_container(tmp_path, signal):
    mixture = recording(tmp_path / "mixture.mkv", signal, "pcm_s16le", late_s=0.5)
    bass = recording(tmp_path / "bass.mkv", 0.5 * signal, "pcm_f32le", late_s=0.5)
    facts = decoded(mixture)[0]
    warnings = decode_reference(bass, 0, None, facts, tmp_path / "reference.wav").warnings
    reference = audio.read(tmp_path / "reference.wav")[0]
    np.testing.assert_array_equal(reference[RATE // 2 :], 0.5 * signal)
    assert not reference[: RATE // 2].any()
    assert any("by its time stamps" in warning for warning in warnings)


WITHOUT_GAPS = {
    "a.wav": [],
    "a.flac": [],
    "a.mp3": [],
    "a.m4a": [],
    "fragmented.mp4": ["-movflags", "frag_keyframe+empty_moov"],
    "after_17_minutes.mp4": ["-movflags", "frag_keyframe+empty_moov", "-output_ts_offset", "1000"],
    "a.aac": [],
    "late.aac": ["-output_ts_offset", "0.5"],
    "a.opus": ["-c:a", "libopus"],
    "late.opus": ["-c:a", "libopus", "-output_ts_offset", "0.5"],
    "a.ogg": ["-c:a", "vorbis", "-strict", "-2"],
    "a.ts": ["-c:a", "aac"],
    "after_a_day.ts": ["-c:a", "mp2", "-output_ts_offset", "86000"],
    "a.mpg": ["-c:a", "mp2"],
    "a.mka": ["-c:a", "aac"],
    "late.mka": ["-c:a", "aac", "-output_ts_offset", "0.5"],
    "opus.mka": ["-c:a", "libopus"],
    "mp3.mka": ["-c:a", "libmp3lame"],
    "pcm.mka": ["-c:a", "pcm_s16le"],
    "late.m4a": ["-output_ts_offset", "0.5"],
    "a.wma": [],
    "late.wma": ["-output_ts_offset", "0.5"],
    "a.avi": ["-c:a", "pcm_s16le"],
    "mp3.avi": ["-c:a", "libmp3lame"],
    "a.ac3": [],
    "a.mp2": [],
    "a.flv": ["-c:a", "libmp3lame"],
    "a.caf": ["-c:a", "pcm_s16be"],
    "a.wv": [],
    "a.tta": [],
}
"""Time stamps that begin anywhere are nothing to fill: there is nothing else in the container."""


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
@pytest.mark.parametrize("name", WITHOUT_GAPS)
def test_files_without_gaps_are_as_ffmpeg_decodes_them(tmp_path, name, rate):
    if name.endswith(".flv"):
        rate = min(rate, 44100)  # the highest there
    path = make(tmp_path / name, music(1.3, rate), rate, WITHOUT_GAPS[name])
    facts, mixture, _ = decoded(path)
    np.testing.assert_array_equal(mixture, plainly_decoded(path))
    assert facts.silences == []
    assert facts.warnings == []


@pytest.mark.parametrize("kind", ["mp4", "mkv", "ts", "mpg", "mov", "wmv"])
def test_videos_without_gaps_are_as_ffmpeg_decodes_them(tmp_path, signal, kind):
    path = recording(tmp_path / f"a.{kind}", signal, LOSSY[kind])
    facts, mixture, _ = decoded(path)
    np.testing.assert_array_equal(mixture, plainly_decoded(path))
    assert facts.warnings == []


@pytest.mark.parametrize(
    ("name", "options", "priming"),
    [
        ("a.m4a", [], 1024),
        ("a.mp3", [], 1105),
        ("untold.mp3", ["-write_xing", "0", "-id3v2_version", "0"], 0),
        ("a.opus", ["-c:a", "libopus"], 312),
        ("fragmented.mp4", ["-movflags", "frag_keyframe+empty_moov"], 0),
        ("a.aac", [], 0),
        ("a.flac", [], 0),
        ("a.wav", [], 0),
    ],
)
def test_the_priming_that_was_cut_is_in_the_record(tmp_path, name, options, priming):
    path = make(tmp_path / name, options=options)
    assert json.loads(decoded(path)[0].model_dump_json())["priming"] == priming


def test_an_edit_list_of_another_encoder_is_followed(tmp_path, signal):
    """Apple's encoder puts 2,112 samples before the sound: a file that says so loses as many."""
    path = Path(make(tmp_path / "a.m4a", signal))
    plain = plainly_decoded(path)
    content = bytearray(path.read_bytes())
    # The version, the flags and the number of edits, then the only edit: its duration and its place in the media.
    place = content.index(b"elst") + 4 + 8 + 4
    assert struct.unpack_from(">i", content, place) == (1024,)
    struct.pack_into(">i", content, place, 2112)
    path.write_bytes(content)
    facts, mixture, _ = decoded(str(path))
    assert facts.priming == 2112
    np.testing.assert_array_equal(mixture, plain[2112 - 1024 :])


def test_the_priming_in_tags_of_itunes_is_cut(tmp_path, signal):
    path = make(tmp_path / "a.m4a", signal, options=["-use_editlist", "0"])
    untold = decoded(path)
    tags = mutagen.mp4.MP4(path)
    padding = len(untold[1]) - 1024 - len(signal)
    numbers = f" 00000000 {1024:08X} {padding:08X} {len(signal):016X}" + 8 * " 00000000"
    tags["----:com.apple.iTunes:iTunSMPB"] = [mutagen.mp4.MP4FreeForm(numbers.encode())]
    tags.save()
    facts, mixture, _ = decoded(path)
    assert (untold[0].priming, facts.priming) == (0, 1024)
    np.testing.assert_array_equal(mixture, untold[1][1024:])


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.ogg", ["-c:a", "vorbis", "-strict", "-2"]), ("a.oga", ["-c:a", "flac"]), ("a.opus", ["-c:a", "libopus"])],
)
def test_songs_that_were_joined_to_one_file(tmp_path, signal, name, options):
    """In a chained ogg file time begins anew with each song."""
    path = Path(make(tmp_path / name, signal, options=options))
    once = decoded(str(path))[1]
    path.write_bytes(2 * path.read_bytes())
    facts, mixture, _ = decoded(str(path))
    np.testing.assert_array_equal(mixture, plainly_decoded(path))
    assert abs(len(mixture) - 2 * len(once)) <= 1024
    # ffmpeg 5.1 takes the header of the second song of Opus for a broken packet.
    assert [warning for warning in facts.warnings if "Error parsing the packet header" not in warning] == []


def header(container: str = "matroska,webm", late_s: float = 0.0, container_s: float | None = None) -> Header:
    return Header("a", "aac", container, 1000, 1, None, {}, None, 0.001, container_s, 1, 1, late_s, None, ())


def placed(leads: list[tuple[int, int]], samples: int = 1000, **options) -> tuple[list[int], Timeline]:
    """Where samples that are called 1, 2, 3 ... come to lie at 1,000 Hz, with 0 for silence."""
    timeline = Timeline(header(**options), 1000, 1)
    for position, lead in leads:
        timeline.follow(Lead(position, lead))
    blocks = np.split(np.arange(1, samples + 1, dtype=np.float32)[:, None], [300, 301, 700])
    return [int(value) for block in blocks for piece in timeline.filled(block) for value in piece[:, 0]], timeline


def test_a_gap_is_filled_where_it_is():
    found, timeline = placed([(0, 0), (500, 560)])
    assert found == [*range(1, 501), *[0] * 560, *range(501, 1001)]
    assert timeline.span == 1560


def test_the_same_lead_from_the_start_is_no_gap():
    """It is the encoder's priming, or a frame that the decoder makes nothing of."""
    assert placed([(0, 92)])[0] == placed([(0, -23)])[0] == [*range(1, 1001)]


def test_a_late_start_is_filled_up_to_the_first_sample_that_is_heard():
    assert placed([(0, 507)], late_s=0.493)[0][:508] == [*[0] * 507, 1]
    assert placed([(0, 0)], late_s=0.493)[0][:494] == [*[0] * 493, 1]  # as in mpeg-ts
    assert placed([(0, 0)], late_s=0.049)[0] == [*range(1, 1001)]


def test_the_drift_of_a_clock_is_no_gap():
    assert placed([(0, 0), *((50 * step, 11 * step) for step in range(1, 20))])[0] == [*range(1, 1001)]


def test_time_stamps_that_are_early_or_late_are_no_gaps():
    assert placed([(0, 0), (100, 30), (200, 0), (300, 40), (400, 0), (500, -40), (600, 0)])[0] == [*range(1, 1001)]


def test_lost_frames_add_up_to_a_gap():
    found, _ = placed([(0, 0), (100, 21), (200, 42), (300, 63)])
    assert found == [*range(1, 301), *[0] * 63, *range(301, 1001)]


def test_time_that_goes_back_leaves_all_samples_and_later_gaps():
    found, _ = placed([(0, 0), (400, -400), (600, -300)])
    assert found == [*range(1, 601), *[0] * 100, *range(601, 1001)]


def test_a_mistake_of_hours_is_left_out_and_told():
    found, timeline = placed([(0, 0), (100, 3_600_001), (200, 3_600_101)])
    assert found == [*range(1, 201), *[0] * 100, *range(201, 1001)]
    assert any("leave 3600.001 s without audio, too much to be put in" in warning for warning in timeline.warnings)
    assert placed([(0, 10**300)], late_s=0.1)[0] == [*range(1, 1001)]


def test_what_ends_after_its_container_is_left_out():
    leads = [(0, 0), (500, 5000)]
    assert len(placed(leads, container_s=6.0)[0]) == 6000
    found, timeline = placed(leads, container_s=3.0)
    assert found == [*range(1, 1001)]
    assert "leave 5.000 s without audio" in timeline.warnings[0]


def test_what_ffmpeg_says_behind_the_last_sample_is_no_gap():
    found, timeline = placed([(0, 0), (1000, 35_169_736)])
    assert (found, timeline.warnings) == ([*range(1, 1001)], [])


def test_formats_without_time_have_no_gaps():
    assert placed([(0, 0), (500, 560)], container="flac")[0] == [*range(1, 1001)]


def test_a_change_of_the_rate_or_the_channels_is_told(tmp_path, signal):
    path = tmp_path / "both.oga"
    songs = [make(tmp_path / f"{count}.oga", signal[:, :count], options=["-c:a", "flac"]) for count in (2, 1)]
    path.write_bytes(b"".join(Path(song).read_bytes() for song in songs))
    facts, mixture, _ = decoded(str(path))
    assert len(mixture) == 2 * len(signal)
    np.testing.assert_array_equal(mixture[: len(signal)], signal)
    assert f"{str(path)!r} changes its sample rate or its channels" in facts.warnings[0]
