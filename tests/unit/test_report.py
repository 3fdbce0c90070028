"""The listening page: what it finds, what it says is missing, its pictures, its listening copies, its HTML."""

import os
import shutil
import subprocess
import sys
import tracemalloc
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import ShortTimeFFT

from report_results import DECODE_ERROR, ODD_NAME, SILENCE_WARNING, make_results
from stemsteer.errors import UserError
from stemsteer.metrics import COLUMNS as WRITTEN
from stemsteer.report import write_report
from stemsteer.report.collect import Collection, Plan
from stemsteer.report.copies import downmix_matrix, write_copies
from stemsteer.report.page import COLUMNS as SHOWN
from stemsteer.report.page import format_number, format_value, sort_key
from stemsteer.report.pictures import TrackSpectrograms, band_levels, band_weights, draw_curves, time_axis
from stemsteer.report.views import TrackView, format_length

ROOT = Path(__file__).resolve().parents[2]
RATE = 44_100
VOID = {"meta", "link", "img", "input"}
LSB = 2**-15


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """Results of two runs on two tracks and a broken one, with their report; tests only read them."""
    folder = tmp_path_factory.mktemp("finished")
    plan = make_results(folder, seconds=1.0, runs=("one", "two"))
    write_report(plan, folder / "results/report/index.html")
    return folder


@pytest.fixture
def results(tmp_path) -> Path:
    """Results of one run that a test may damage."""
    make_results(tmp_path, seconds=0.5, tracks=("Song",))
    return tmp_path


def collect(folder: Path) -> Collection:
    return Collection(Plan.read(folder / "results/plan.json"))


def remove_stem(folder: Path, source: str) -> None:
    for path in (folder / "results/runs/demo").glob(f"*/Song/{source}.*"):
        path.unlink()


# What exists and what is missing


def test_everything_made_is_found(finished):
    collection = collect(finished)
    made = [stem for stem in collection.stems if stem.stem]
    assert [(stem.run, stem.track, stem.source) for stem in made[:4]] == [
        ("one", "Falcon 69", "drums"),
        ("two", "Falcon 69", "drums"),
        ("one", "Falcon 69", "vocals"),
        ("two", "Falcon 69", "vocals"),
    ]
    assert len(made) == 8
    assert all(stem.other and stem.history and stem.record["ascent"]["device"] == "cpu" for stem in made)
    assert len(collection.scores) == 2 * 2 * 4
    assert {row["track"] for row in collection.scores} == {"Falcon 69", ODD_NAME}
    assert collection.tracks[0].codecs["embedded"]["snr_db"] == 17.04


def test_a_failed_track_is_one_failure_that_names_its_stems(finished):
    (failure,) = collect(finished).failures
    assert (failure.headline, failure.sentence) == ("decode failed", DECODE_ERROR)
    assert failure.stems == [(run, "Broken song", source) for source in ("drums", "vocals") for run in ("one", "two")]
    broken = [stem for stem in collect(finished).stems if stem.track == "Broken song"]
    assert {stem.trouble for stem in broken} == {f"Not made because decode failed: {DECODE_ERROR}"}


def test_the_failed_job_is_blamed_not_those_that_waited_for_it(results):
    remove_stem(results, "drums")
    (results / "results/codes/embedded/Song.json").unlink()
    log = results / "logs/ascend/demo/Song/drums.log"
    log.parent.mkdir(parents=True)
    log.write_text("step 3\nerror: the loss is not finite; lower learning_rate.\n\n")
    drums = next(stem for stem in collect(results).stems if stem.source == "drums")
    assert drums.trouble == "Not made because ascend failed: the loss is not finite; lower learning_rate."


def test_a_killed_job_and_one_that_never_started_are_told_apart(results):
    remove_stem(results, "drums")
    remove_stem(results, "vocals")
    log = results / "logs/ascend/demo/Song/drums.log"
    log.parent.mkdir(parents=True)
    log.write_text("step 17 of 40\n")
    troubles = {stem.source: stem.trouble for stem in collect(results).stems if stem.track == "Song"}
    assert troubles["drums"].startswith("Not made because ascend did not finish: it still runs, or was interrupted")
    assert troubles["drums"].endswith("its log ends with: step 17 of 40")
    assert troubles["vocals"].startswith("Not made because ascend did not run: the workflow stopped")


def test_a_failed_job_for_all_sources_is_one_failure_with_its_own_log(tmp_path):
    make_results(tmp_path, seconds=0.2, tracks=("Song",), sources_together=True)
    for source in ("drums", "vocals"):
        remove_stem(tmp_path, source)
    log = tmp_path / "logs/ascend/demo/Song/all.log"
    log.parent.mkdir(parents=True)
    log.write_text("error: stopped by SIGTERM after step 17 of 40 of drums.0.\n")
    failure = next(failure for failure in collect(tmp_path).failures if failure.stage.rule == "ascend")
    assert (failure.headline, failure.stage.log) == ("ascend failed", log)
    assert failure.sentence == "stopped by SIGTERM after step 17 of 40 of drums.0."
    assert failure.stems == [("demo", "Song", "drums"), ("demo", "Song", "vocals")]


def test_a_failed_reference_leaves_the_stem_unscored(results):
    (results / "results/audio/Song/references/drums.wav").unlink()
    (results / "results/runs/demo/scores/Song/drums.tsv").unlink()
    log = results / "logs/decode_reference/Song/drums.log"
    log.parent.mkdir(parents=True)
    log.write_text("error: drums.wav is 3 samples shorter than its mixture.\n")
    drums = next(stem for stem in collect(results).stems if stem.source == "drums")
    assert drums.stem
    assert (
        drums.trouble == "Not scored because decode reference failed: drums.wav is 3 samples shorter than its mixture."
    )
    assert drums.failure.scores == [("demo", "Song", "drums")]


def test_a_stem_without_reference_is_not_missing_scores(results):
    vocals = next(stem for stem in collect(results).stems if (stem.track, stem.source) == ("Song", "vocals"))
    assert vocals.trouble is None
    assert vocals.scores == []


@pytest.mark.parametrize("content", [b"", b"RIFF of nothing"])
def test_unreadable_audio_counts_as_missing(results, content):
    (results / "results/runs/demo/stems/Song/drums.wav").write_bytes(content)
    drums = next(stem for stem in collect(results).stems if stem.source == "drums")
    assert drums.stem is None
    assert drums.trouble.startswith("Not made because stem did not run")


@pytest.mark.parametrize(
    ("text", "message"), [(None, "no such plan"), ("{", "not JSON"), ('{"results": "r"}', "lacks the key 'logs'")]
)
def test_a_damaged_plan_is_told_in_a_sentence(tmp_path, text, message):
    plan = tmp_path / "plan.json"
    if text is not None:
        plan.write_text(text)
    with pytest.raises(UserError, match=message):
        write_report(plan, tmp_path / "index.html")


# The page


class Outline(HTMLParser):
    """The links, ids and text of a page; fails on tags that are not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        self.attributes.append(values)
        self.links += [values[key] for key in ("src", "href") if values.get(key)]
        self.ids += [values["id"]] if "id" in values else []
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("path",):
            assert self.open.pop() == tag, f"line {self.getpos()[0]}: </{tag}>"

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.text.append(data)


def outline(folder: Path) -> Outline:
    return Outline((folder / "results/report/index.html").read_text(encoding="utf-8"))


def test_all_links_lead_to_files_beside_the_page_or_places_on_it(finished):
    page = outline(finished)
    files = [link for link in page.links if not link.startswith(("#", "data:"))]
    assert len(files) == len([tag for tag in page.tags if tag in ("img", "audio")]) > 40
    report = finished / "results/report"
    for link in files:
        assert (report / unquote(link)).is_file(), link
        assert (report / unquote(link)).resolve().is_relative_to(report.resolve())
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_names_and_messages_are_text_never_markup(finished):
    page = outline(finished)
    assert ODD_NAME in [text.strip() for text in page.text]
    assert DECODE_ERROR in [text.strip() for text in page.text]
    assert "song" not in page.tags
    assert page.tags.count("b") == 2 * 2 * 2 * 2  # the four figures of each scored stem


def test_undefined_figures_carry_the_warning(finished):
    dashes = [values for values in outline(finished).attributes if values.get("data-key") == ""]
    assert len(dashes) == 4 * 4  # of each row of silence
    assert {values["title"] for values in dashes} == {SILENCE_WARNING}


def test_every_picture_has_words(finished):
    words = [values["alt"] for values in outline(finished).attributes if "alt" in values]
    assert "Spectrogram: Reference" in words
    assert any(text.startswith("Loss by step, mean of 3 chunks: 0.1") and "at step 40" in text for text in words)


def test_the_report_is_written_when_nothing_exists(tmp_path):
    plan = make_results(tmp_path, seconds=0.2)
    content = plan.read_text()
    shutil.rmtree(tmp_path / "results")
    shutil.rmtree(tmp_path / "logs")
    plan.parent.mkdir()
    plan.write_text(content)
    write_report(plan, tmp_path / "results/report/index.html")
    text = " ".join(" ".join(outline(tmp_path).text).split())
    assert "0 of 6 stems from 3 tracks" in text
    assert "3 jobs did not finish" in text
    assert "No scores" in text


def test_by_hand_as_after_a_failure(results):
    script = [sys.executable, str(ROOT / "scripts/report.py")]
    page = results / "results/report/index.html"
    subprocess.run([*script, str(results / "results/plan.json"), str(page)], check=True)
    assert page.is_file()
    wrong = subprocess.run([*script, "nowhere.json", str(page)], check=False, capture_output=True, text=True)
    assert wrong.returncode == 1
    assert wrong.stderr == "error: nowhere.json: there is no such plan; the workflow writes it before its first job.\n"


@pytest.mark.parametrize(
    ("cell", "signed", "text", "key"),
    [
        ("-1.234", False, "−1.23", "-1.234"),
        ("1.5", True, "+1.50", "1.5"),
        ("-0.001", True, "0.00", "-0.001"),
        ("-inf", False, "−∞", "-Infinity"),
        ("inf", True, "+∞", "Infinity"),
        ("nan", False, "–", ""),
        ("", True, "–", ""),
        (None, False, "–", ""),
    ],
)
def test_figures_in_cells(cell, signed, text, key):
    assert format_number(cell, signed=signed) == text
    assert sort_key(cell) == key


def test_facts_in_words():
    assert [format_value(value) for value in (True, None, 0.5, 1e-7, 3, "a")] == ["yes", "–", "0.5", "1e-07", "3", "a"]
    assert [format_length(seconds) for seconds in (0.2, 59.94, 204.9)] == ["0.2 s", "59.9 s", "3:24 min"]


def test_facts_of_a_track_are_listed_as_far_as_known(finished):
    track = collect(finished).tracks[0]
    assert TrackView(track, "", 1.0, []).described == ["1.0 s", "44.1 kHz", "stereo", "16 bit", "pcm_s16le"]
    track.facts = {"channels": 6, "start_s": 12.0, "silent": True}
    assert TrackView(track, "", 1.0, []).described == ["from 12.0 s", "6 channels", "silent"]


def test_all_figures_of_the_score_table_are_shown():
    names = ["run", "track", "source", "estimate", "warning"]
    assert sorted([*names, *(column.key for column in SHOWN)]) == sorted(WRITTEN)


# Listening copies


def write_signal(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return path


@given(peaks=st.lists(st.floats(0.01, 4.0), min_size=1, max_size=3))
def test_one_gain_keeps_all_copies_of_a_track_below_full_scale(tmp_path_factory, peaks):
    folder = tmp_path_factory.mktemp("copies")
    signal = np.sin(np.arange(500) / 9).astype(np.float32)
    sources = [write_signal(folder / f"{n}.wav", peak * signal / abs(signal).max()) for n, peak in enumerate(peaks)]
    copies = {source.with_suffix(".flac"): source for source in sources}
    gain = write_copies(copies)
    assert gain == pytest.approx(min(1, 1 / max(peaks)), rel=1e-6)
    for copy, source in copies.items():
        samples, rate = soundfile.read(copy)
        assert rate == RATE
        np.testing.assert_allclose(samples, gain * soundfile.read(source)[0], atol=1.01 * LSB)


def test_copies_of_stem_and_other_part_add_up_to_that_of_the_mixture(results):
    stems = results / "results/runs/demo/stems/Song"
    sources = [results / "results/audio/Song/mixture.wav", stems / "drums.wav", stems / "drums.other.wav"]
    copies = {results / f"{number}.flac": source for number, source in enumerate(sources)}
    write_copies(copies)
    mixture, stem, other = (soundfile.read(copy)[0] for copy in copies)
    np.testing.assert_allclose(stem + other, mixture, atol=3 * LSB)


def test_fast_rates_are_brought_down_to_48_khz(tmp_path):
    time = np.arange(96_000 * 2) / 96_000
    source = write_signal(tmp_path / "fast.wav", 0.5 * np.sin(2 * np.pi * 1000 * time), 96_000)
    assert write_copies({tmp_path / "fast.flac": source}) == 1.0
    samples, rate = soundfile.read(tmp_path / "fast.flac")
    assert (rate, len(samples)) == (48_000, 96_000)
    inner = slice(1000, -1000)
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(96_000) / 48_000)
    np.testing.assert_allclose(samples[inner], expected[inner], atol=2e-4)


def test_surround_is_mixed_down_to_stereo(tmp_path):
    channels = np.zeros((100, 6), np.float32)
    channels[:, 2] = 0.5  # centre
    channels[:, 3] = 0.9  # low-frequency effects: left out
    channels[:, 4] = 0.25  # back left
    source = write_signal(tmp_path / "surround.wav", channels)
    write_copies({tmp_path / "surround.flac": source})
    # ITU-R BS.775: the front at 1, centre and back at -3 dB; scaled by 1 / (1 + 2 sqrt(1/2)).
    scale = 0.5**0.5 / (1 + 2 * 0.5**0.5)
    samples, _ = soundfile.read(tmp_path / "surround.flac")
    np.testing.assert_allclose(samples, np.tile([0.75 * scale, 0.5 * scale], (100, 1)), atol=LSB)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6, 8])
def test_a_mixdown_never_gets_louder(channels):
    matrix = downmix_matrix(channels)
    assert matrix.shape == (channels, min(channels, 2))
    np.testing.assert_allclose(matrix.sum(axis=0), 1, rtol=1e-6)


def test_copies_are_kept_until_their_source_or_the_gain_changes(tmp_path):
    quiet = write_signal(tmp_path / "quiet.wav", np.full(50, 0.5, np.float32))
    loud = write_signal(tmp_path / "loud.wav", np.full(50, 0.9, np.float32))
    copies = {tmp_path / "quiet.flac": quiet, tmp_path / "loud.flac": loud}

    def written() -> list[int]:
        write_copies(copies)
        return [copy.stat().st_ino for copy in copies]

    first = written()
    assert written() == first
    write_signal(loud, np.full(50, 0.8, np.float32))
    os.utime(loud, ns=(0, (tmp_path / "loud.flac").stat().st_mtime_ns + 1))
    second = written()
    assert second[0] == first[0]
    assert soundfile.read(tmp_path / "loud.flac")[0][0] == pytest.approx(0.8, abs=LSB)
    write_signal(loud, np.full(50, 2.0, np.float32))
    os.utime(loud, ns=(0, (tmp_path / "loud.flac").stat().st_mtime_ns + 1))
    written()
    assert [soundfile.read(copy)[0][0] for copy in copies] == pytest.approx([0.25, 1.0], abs=LSB)


# Pictures


def tone(frequency: float, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_a_full_scale_tone_reads_about_0_db_in_its_band(tmp_path, rate):
    levels = band_levels(write_signal(tmp_path / "tone.wav", tone(1000, rate=rate), rate))
    middle = levels[:, levels.shape[1] // 2]
    # Mel of 1 kHz, 30 Hz and 16 kHz by O'Shaughnessy's formula: 999.99, 47.25, 3564.07.
    assert abs(int(middle.argmax()) - 192 * (999.99 - 47.25) / (3564.07 - 47.25)) < 1.5
    assert middle.max() == pytest.approx(0, abs=2)
    half = band_levels(write_signal(tmp_path / "half.wav", 0.5 * tone(1000, rate=rate), rate))
    assert middle.max() - half[:, half.shape[1] // 2].max() == pytest.approx(6.02, abs=0.01)


def test_bands_are_the_power_spectrum_of_scipy(tmp_path):
    noise = np.random.default_rng(0).standard_normal(800 * 128).astype(np.float32) * 0.1
    levels = band_levels(write_signal(tmp_path / "noise.wav", noise))
    window = np.hanning(2049)[:-1]
    transform = ShortTimeFFT(window * 2 / window.sum(), hop=128, fs=RATE)
    power = np.abs(transform.stft(noise.astype(float), p0=0, p1=800)) ** 2
    np.testing.assert_allclose(levels, 10 * np.log10(band_weights(2048, RATE) @ power), atol=0.02)


def test_every_bin_within_the_bands_is_shared_out_in_full():
    weights = band_weights(2048, RATE)
    frequencies = np.arange(1025) * RATE / 2048
    inside = (frequencies > 45) & (frequencies < 15_980)
    np.testing.assert_allclose(weights.sum(axis=0)[inside], 1, atol=1e-5)
    assert (weights.sum(axis=1) > 0).all()


def test_a_click_is_seen_where_it_is_heard(tmp_path):
    for seconds in (0.2, 3.0, 70.0):
        samples = np.zeros(round(seconds * RATE), np.float32)
        samples[round(0.25 * len(samples))] = 1
        levels = band_levels(write_signal(tmp_path / "click.wav", samples))
        loudest = levels.max(axis=0).argmax()
        # Within half of the analysis window of 46 ms.
        assert abs((loudest + 0.5) / levels.shape[1] - 0.25) * seconds <= 0.5 / levels.shape[1] * seconds + 0.024


def test_channels_of_opposite_phase_do_not_cancel(tmp_path):
    left = tone(440)
    same = band_levels(write_signal(tmp_path / "same.wav", np.stack([left, left], axis=1)))
    opposite = band_levels(write_signal(tmp_path / "opposite.wav", np.stack([left, -left], axis=1)))
    np.testing.assert_array_equal(same, opposite)


def test_memory_does_not_grow_with_length(tmp_path):
    def used(seconds: int) -> int:
        source = write_signal(tmp_path / f"{seconds}.wav", np.zeros((seconds * RATE, 2), np.float32))
        tracemalloc.start()
        band_levels(source)
        write_copies({source.with_suffix(".flac"): source})
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert used(80) < 1.1 * used(40)


def test_silence_is_drawn_dark(tmp_path):
    silence = write_signal(tmp_path / "silence.wav", np.zeros(4000, np.float32))
    picture = TrackSpectrograms(silence).draw(silence, tmp_path / "images/silence.webp", "Mixture")
    assert picture.path.is_file()
    assert picture.words == "Spectrogram: Mixture"


def test_pictures_are_kept_until_what_they_show_changes(tmp_path):
    mixture = write_signal(tmp_path / "mixture.wav", tone(440, 0.2))
    stem = write_signal(tmp_path / "stem.wav", tone(880, 0.2))

    def drawn() -> list[int]:
        spectrograms = TrackSpectrograms(mixture)
        pictures = [spectrograms.draw(audio, audio.with_suffix(".webp"), "") for audio in (mixture, stem)]
        return [picture.path.stat().st_ino for picture in pictures]

    first = drawn()
    assert drawn() == first
    os.utime(stem, ns=(0, stem.with_suffix(".webp").stat().st_mtime_ns + 1))
    second = drawn()
    assert second[0] == first[0]
    assert second[1] != first[1]


def test_curves_say_where_they_begin_and_end(tmp_path):
    history = tmp_path / "history.tsv"
    rows = ["chunk\tstep\tloss", "0\t0\t0.5", "0\t1\tnan", "0\t2\t0.2", "1\t0\t0.3", "1\t1\t0.2"]
    history.write_text("\n".join(rows))
    picture = draw_curves(history, "loss", "Loss", tmp_path / "loss.png", floor=0)
    assert picture.words == "Loss by step, mean of 2 chunks: 0.4 at step 0, 0.2 at step 2"
    assert picture.path.is_file()
    assert [text for _, text in picture.x.ticks] == ["0", "1", "2"]
    assert picture.y.ticks[0] == (0.0, "0")


@pytest.mark.parametrize("rows", [[], ["0\t0\tnan"]])
def test_an_empty_history_has_no_curve(tmp_path, rows):
    history = tmp_path / "history.tsv"
    history.write_text("\n".join(["chunk\tstep\tloss", *rows]))
    assert draw_curves(history, "loss", "Loss", tmp_path / "loss.png") is None


@pytest.mark.parametrize(
    ("seconds", "last", "label"), [(0.2, "0.2", "Time (s)"), (6.1, "6", "Time (s)"), (245, "4:00", "Time (min:s)")]
)
def test_time_axes_have_round_ticks(seconds, last, label):
    axis = time_axis(seconds)
    assert (axis.label, axis.ticks[-1][1]) == (label, last)
    assert 3 <= len(axis.ticks) <= 7
    assert all(0 <= place <= 1 for place, _ in axis.ticks)
