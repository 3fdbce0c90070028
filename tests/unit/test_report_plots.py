"""Plots of the report: how a steering went, and what a stem took of its mixture."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread

from stemsteer.files import write_json
from stemsteer.report.curves import draw_curves
from stemsteer.report.pictures import PLOT_SIZE, ticks
from stemsteer.report.spectrograms import TrackSpectrograms
from stemsteer.report.taken import draw_parts, draw_spectra

RATE = 44_100


def write_noise(path: Path, gain: float) -> Path:
    noise = np.random.default_rng(0).standard_normal(RATE) * 0.1
    soundfile.write(path, gain * noise, RATE, subtype="FLOAT")
    return path


def write_parts(path: Path, *chunks: list[tuple[float, float, float]]) -> Path:
    rows = [[{"hz": hz, "level_db": level, "gain": gain} for hz, level, gain in chunk] for chunk in chunks]
    write_json(path, {"chunks": [{"chunk": number, "parts": parts} for number, parts in enumerate(rows)]})
    return path


def ink(image: Path) -> np.ndarray:
    """How much each pixel of a plot is covered `[height, width]`, with the lowest line first."""
    return imread(image)[::-1, :, 3]


def place_of_ink(image: Path) -> tuple[float, float]:
    """Where the middle of all that covers more than the faint lines do lies, from left and from below, 0 to 1."""
    rows, columns = np.nonzero(ink(image) > 0.4)
    return columns.mean() / PLOT_SIZE[0], rows.mean() / PLOT_SIZE[1]


def test_curves_say_where_they_begin_and_end(tmp_path):
    history = tmp_path / "history.tsv"
    rows = ["chunk\tstep\tloss", "0\t0\t0.5", "0\t1\tnan", "0\t2\t0.2", "1\t0\t0.3", "1\t1\t0.2"]
    history.write_text("\n".join(rows))
    picture = draw_curves(history, "loss", "Loss", tmp_path / "loss.png", floor=0)
    assert picture.words == "Loss by step, mean of 2 chunks: 0.4 at step 0, 0.2 at step 2"
    assert picture.path.is_file()
    assert [text for _, text in picture.x.ticks] == ["0", "1", "2"]
    assert picture.y.ticks[0] == (0.0, "0")


@pytest.mark.parametrize("rows", [[], ["0\t0\tnan"], ["0\t0\t0.3"], ["0\t0\t0.3", "0\t48\t0.1", "1\t48\t0.2"]])
def test_fewer_than_three_steps_are_no_curve(tmp_path, rows):
    history = tmp_path / "history.tsv"
    history.write_text("\n".join(["chunk\tstep\tloss", *rows]))
    assert draw_curves(history, "loss", "Loss", tmp_path / "loss.png") is None


def test_a_part_is_drawn_where_its_frequency_and_its_gain_are(tmp_path):
    # 30 Hz to 16 kHz are 9.06 octaves; 693 Hz is in their middle.
    record = write_parts(tmp_path / "drums.json", [(693, 0.0, 0.75)])
    picture = draw_parts(record, tmp_path / "parts.png")
    assert place_of_ink(picture.path) == pytest.approx((0.5, 0.8 / 1.1), abs=0.01)
    frequencies = {text: place for place, text in picture.x.ticks}
    assert frequencies["0.5"] < 0.5 < frequencies["1"]
    assert [text for _, text in picture.y.ticks] == ["0", "0.25", "0.5", "0.75", "1"]


def test_louder_parts_have_larger_dots(tmp_path):
    covered = []
    for level in (0.0, -10.0, -20.0, -60.0):
        record = write_parts(tmp_path / "drums.json", [(693, level, 0.6)])
        image = draw_parts(record, tmp_path / f"{level}.png").path
        covered.append((ink(image) > 0.4).sum())
    assert covered == sorted(covered, reverse=True)
    assert covered[0] > 3 * covered[2] > 3 * covered[3] > 0


def test_words_tell_which_parts_were_taken(tmp_path):
    chunks = [(80, 0.0, 0.9), (1500, -3.0, 0.6), (4000, -9.0, 0.1)], [(20_000, -12.0, 0.2)]
    words = draw_parts(write_parts(tmp_path / "drums.json", *chunks), tmp_path / "parts.png").words
    assert words == "Gain of parts by mean frequency: 2 of 4 have a gain of 0.5 or more, from 80 Hz to 1.5 kHz"
    nothing = draw_parts(write_parts(tmp_path / "none.json", [(80, 0.0, 0.1)]), tmp_path / "none.png").words
    assert nothing == "Gain of parts by mean frequency: 0 of 1 have a gain of 0.5 or more"


def test_a_record_without_parts_has_no_picture(tmp_path):
    write_json(tmp_path / "drums.json", {"chunks": [{"chunk": 0, "loss_before": 0.1}]})
    assert draw_parts(tmp_path / "drums.json", tmp_path / "parts.png") is None
    assert draw_parts(tmp_path / "missing.json", tmp_path / "parts.png") is None


def test_spectra_stand_as_far_apart_as_their_levels(tmp_path):
    mixture = write_noise(tmp_path / "mixture.wav", 1.0)
    stem = write_noise(tmp_path / "stem.wav", 0.1)
    picture = draw_spectra(TrackSpectrograms(mixture), stem, tmp_path / "spectra.png")
    column = imread(picture.path)[::-1, PLOT_SIZE[0] // 2]
    blue = column[:, 2] > column[:, 0] + 0.3
    of_stem, of_mixture = (np.nonzero((column[:, 3] > 0.5) & colour)[0].mean() for colour in (blue, ~blue))
    # The plot spans 90 dB; a tenth of the amplitude is 20 dB less.
    assert (of_mixture - of_stem) / PLOT_SIZE[1] * 90 == pytest.approx(20, abs=1)
    assert [text for _, text in picture.y.ticks] == ["−80", "−60", "−40", "−20", "0"]


def test_spectra_need_a_mixture_and_may_be_of_silence(tmp_path):
    silence = write_noise(tmp_path / "silence.wav", 0.0)
    assert draw_spectra(TrackSpectrograms(None), silence, tmp_path / "spectra.png") is None
    assert draw_spectra(TrackSpectrograms(silence), silence, tmp_path / "spectra.png").path.is_file()


def test_plots_are_kept_until_what_they_show_changes(tmp_path):
    record = write_parts(tmp_path / "drums.json", [(693, 0.0, 0.75)])
    mixture, stem = (write_noise(tmp_path / f"{name}.wav", 0.5) for name in ("mixture", "stem"))

    def drawn() -> list[int]:
        parts = draw_parts(record, tmp_path / "parts.png")
        spectra = draw_spectra(TrackSpectrograms(mixture), stem, tmp_path / "spectra.png")
        return [picture.path.stat().st_mtime_ns for picture in (parts, spectra)]

    first = drawn()
    assert drawn() == first
    for source, image in ((record, "parts.png"), (stem, "spectra.png")):
        os.utime(source, ns=(0, (tmp_path / image).stat().st_mtime_ns + 1))
    assert not set(drawn()) & set(first)


def test_ticks_have_true_minus_signs():
    assert ticks([-80.0, -40.0, 0.0, 20.0], (-80.0, 0.0)) == [(0.0, "−80"), (0.5, "−40"), (1.0, "0")]
