"""An ordinary user whose files have every name, below a folder with blanks and quotes.

What may not be read fails alone, names and tags mean nothing, and stems follow the content of files, not their dates.
"""

import csv
import html
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasty_texts import NASTY_TEXTS, PWNED
from ordinary_user import Drive, without_rights
from stemsteer.exports.names import file_names
from stemsteer.names import slug
from stemsteer.sound import audio
from workdir import QUICK, REPOSITORY, Ended, Workdir, encode, music, snakemake

RATE = 16000
FUTURE, PAST = 4_102_444_800, 946_684_800  # 2100 and 2000
REPLACED = f"<script>{PWNED}</script> {{x}} $(touch pwned)"
OF_THE_FUTURE = "?" * 22
VANISHING = f"{'l' * 120} \U0001f3b5 cafe\u0301"
UNREADABLE = "Intro - - - - ..."
FILES = {
    REPLACED: "<unknown> {a} 'it`s`' \"$(touch pwned)\" & <b>\n.wav",
    OF_THE_FUTURE: f"{OF_THE_FUTURE}.flac",
    VANISHING: "-e cafe\u0301 *.wav",
    UNREADABLE: "Best of <results>.wav",
}
REFERENCES = {REPLACED: "a {reference} <of> #1;.wav", OF_THE_FUTURE: "?.wav"}
"""The second one may not be read."""
RUNS = {"quick": {**QUICK, "sources": ["guitar"]}, "Quick": {**QUICK, "sources": ["drums"]}}
SETTINGS: dict[str, Any] = {"runs": RUNS, "export": {"filename": "{run}/{track}/{source}.{ext}", "rest": None}}
AFTER_ALL = {"scores", "plan_file", "summarise", "figures", "report", "all", "total"}
LEFT = {"decode": 1, "codes": 1, "steer": 1, "stem": 1, "export": 1, "decode_reference": 1, "evaluate": 1}
"""What failed, and what waits for it."""


def write_files(folder: Path) -> None:
    song = music(0.3, RATE)
    (folder / "music").mkdir()
    metadata = [text for text in NASTY_TEXTS if "\0" not in text]
    options = [option for n, text in enumerate(metadata) for option in ("-metadata", f"tag{n}={text}")]
    options += ["-metadata", f"title={metadata[2]}", "-metadata", f"artist={metadata[-3]}"]
    for track, name in FILES.items():
        encode(folder / "music" / name, song, RATE, options if track == OF_THE_FUTURE else [])
    for name in REFERENCES.values():
        audio.write(folder / "music" / name, 0.5 * song, RATE)
    os.utime(folder / "music" / FILES[OF_THE_FUTURE], (FUTURE, FUTURE))
    for name in (FILES[UNREADABLE], REFERENCES[OF_THE_FUTURE]):
        (folder / "music" / name).chmod(0)


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Drive:
    without_rights()
    drive = Drive(tmp_path_factory.mktemp("disk") / "My Drive/it's <mine>")
    drive.make()
    write_files(drive.workdir.folder)
    drive.workdir.tracks(
        *(
            {
                "track": track,
                "mixture": f"music/{file}",
                "sources": "guitar,drums" if track == REPLACED else "guitar",
                "reference_guitar": f"music/{REFERENCES[track]}" if track in REFERENCES else "",
            }
            for track, file in FILES.items()
        )
    )
    drive.workdir.configure(**SETTINGS)
    return drive


@pytest.fixture(scope="module")
def separated(drive: Drive) -> Ended:
    return drive.snakemake()


@pytest.fixture
def workdir(drive: Drive, separated: Ended) -> Workdir:
    return drive.workdir


def would_do(drive: Drive) -> dict[str, int]:
    """The jobs of a dry run, but for those that look at everything."""
    planned = drive.snakemake("-n")
    assert planned.status == 0, planned.output
    return {rule: number for rule, number in planned.jobs.items() if rule not in AFTER_ALL}


def test_what_may_not_be_read_fails_alone(workdir: Workdir, separated: Ended) -> None:
    assert separated.status == 1
    assert "Traceback" not in separated.output
    end = separated.output.partition("Exiting because a job execution failed")[2]
    file = f"music/{FILES[UNREADABLE]}"
    assert f"{UNREADABLE}: decode failed: {file!r} cannot be read (Permission denied); give yourself the right" in end
    assert f"{OF_THE_FUTURE}, guitar: decode reference failed: 'music/?.wav' cannot be read (Permission denied)" in end
    assert "4 of 5 stems are there, in stems" in end


@pytest.mark.parametrize("track", [REPLACED, OF_THE_FUTURE, VANISHING])
def test_stems_are_made_under_any_name(workdir: Workdir, track: str) -> None:
    parts = [workdir.audio(f"results/runs/quick/stems/{slug(track)}/guitar{end}.wav")[0] for end in ("", ".other")]
    np.testing.assert_allclose(sum(parts), music(0.3, RATE), rtol=0, atol=2e-5)
    record = workdir.json(f"results/runs/quick/stems/{slug(track)}/guitar.json")
    assert (record["track"], record["mixture"]["path"]) == (track, f"music/{FILES[track]}")


def test_runs_whose_names_differ_in_case_lie_apart(workdir: Workdir) -> None:
    assert slug("Quick") != "quick"
    stem, rate = workdir.audio(f"results/runs/{slug('Quick')}/stems/{slug(REPLACED)}/drums.wav")
    assert (len(stem), rate) == (round(0.3 * RATE), RATE)


def test_exports_have_names_that_are_safe(workdir: Workdir) -> None:
    runs, tracks = file_names(RUNS), file_names(FILES)
    wanted = {(run, REPLACED, source) for run, source in (("quick", "guitar"), ("Quick", "drums"))}
    wanted |= {("quick", track, "guitar") for track in (OF_THE_FUTURE, VANISHING)}
    files = {Path(runs[run], tracks[track], f"{source}.wav") for run, track, source in wanted}
    found = {path.relative_to(workdir.folder / "stems") for path in (workdir.folder / "stems").rglob("*.wav")}
    assert found == files
    assert len({str(file).casefold() for file in files}) == len(files)


def test_tables_have_the_true_names(workdir: Workdir) -> None:
    with (workdir.folder / "results/scores.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, dialect="excel-tab"))
    assert {(row["track"], row["source"]) for row in rows} == {(REPLACED, "guitar")}
    assert {row["run"] for row in rows} >= {"quick"}


def test_the_report_shows_names_and_tags_as_they_are(workdir: Workdir) -> None:
    page = workdir.text("results/report/index.html")
    assert PWNED not in page.replace(html.escape(REPLACED), "").replace(REPLACED.replace("<", "\\u003c"), "")
    text = html.unescape(page)
    assert all(track in text for track in FILES)
    assert "cannot be read (Permission denied)" in text


def test_nothing_that_files_say_reaches_the_shell_or_the_terminal(workdir: Workdir, separated: Ended) -> None:
    made = [path for path in workdir.folder.parent.rglob("*") if path.name == "pwned"]
    assert made == []
    texts = [path.read_text(encoding="utf-8") for path in (workdir.folder / "logs").rglob("*.log")]
    assert len(texts) > 20
    for text in (separated.output, *texts):
        assert not {"\x1b", "\x07", "\x9b", "\x00"}.intersection(text)


def test_a_song_of_the_future_is_done(drive: Drive, workdir: Workdir) -> None:
    assert would_do(drive) == LEFT


def test_dates_redo_nothing_and_a_song_that_is_gone_keeps_its_stems(drive: Drive, workdir: Workdir) -> None:
    (workdir.folder / "music" / FILES[OF_THE_FUTURE]).touch()
    (workdir.folder / "music" / FILES[VANISHING]).unlink()
    reference = workdir.folder / "music" / REFERENCES[REPLACED]
    audio.write(reference, 0.4 * music(0.3, RATE), RATE)
    os.utime(reference, (PAST, PAST))
    assert would_do(drive) == {**LEFT, "decode_reference": 2, "evaluate": 2}


def test_a_song_that_is_replaced_by_an_older_one_is_separated_anew(drive: Drive, workdir: Workdir) -> None:
    song = workdir.folder / "music" / FILES[REPLACED]
    other = music(0.3, RATE)[::-1].copy()
    audio.write(song, other, RATE)
    os.utime(song, (PAST, PAST))
    stem = f"results/runs/quick/stems/{slug(REPLACED)}/guitar"
    ended = drive.snakemake(f"{stem}.wav")
    assert ended.status == 0, ended.output
    assert {rule: ended.jobs[rule] for rule in ("decode", "codes", "steer", "stem")} == dict.fromkeys(
        ("decode", "codes", "steer", "stem"), 1
    )
    parts = [workdir.audio(f"{stem}{end}.wav")[0] for end in ("", ".other")]
    np.testing.assert_allclose(sum(parts), other, rtol=0, atol=2e-5)


def test_a_checkout_below_a_folder_with_braces_is_told(tmp_path: Path) -> None:
    (tmp_path / "{x}").symlink_to(REPOSITORY)
    ended = snakemake(tmp_path, "-n", checkout=tmp_path / "{x}")
    assert ended.status == 1
    assert "error: Snakemake reads more than a name into the braces of" in ended.output
    assert "Traceback" not in ended.output
