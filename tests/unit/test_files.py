"""Files are there whole or not at all."""

from pathlib import Path

import numpy as np
import pytest

from stemsteer.files import make_link, read_json, write_json, written_whole


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a new folder" / "scores.tsv"
    with written_whole(path) as part:
        part.write_text("half")
        assert not path.exists()
        part.write_text("whole")
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "scores.tsv"
    path.write_text("old")

    def write_half() -> None:
        with written_whole(path) as part:
            part.write_text("half of the n")
            raise error

    with pytest.raises(error):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_before_anything_is_written_is_told_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no scores"), written_whole(tmp_path / "scores.tsv"):
        raise ValueError("no scores")
    assert not list(tmp_path.iterdir())


def test_the_part_has_the_suffix_that_writers_look_at(tmp_path: Path) -> None:
    # numpy appends .npy to other names, and libsndfile takes the format from the suffix.
    with written_whole(tmp_path / "codes.npy") as part:
        np.save(part, np.arange(3))
    assert np.load(tmp_path / "codes.npy").tolist() == [0, 1, 2]


def test_json_is_read_as_it_was_written(tmp_path: Path) -> None:
    content = {"track": "Für Elise", "si_sdr_db": None, "chunks": [{"seed": 2**62, "loss": 0.1}]}
    write_json(tmp_path / "record.json", content)
    assert read_json(tmp_path / "record.json") == content
    text = (tmp_path / "record.json").read_text(encoding="utf-8")
    assert "Für Elise" in text
    assert text.endswith("}\n")


def no_links(self: Path, target: Path) -> None:
    raise OSError("A required privilege is not held by the client")


@pytest.mark.parametrize("allowed", [True, False])
def test_a_link_is_a_copy_where_links_are_not_allowed(
    allowed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, link = tmp_path / "program", tmp_path / "link"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    if not allowed:
        monkeypatch.setattr(Path, "symlink_to", no_links)
    make_link(link, program)
    assert link.is_symlink() is allowed
    assert (link.read_text(), link.stat().st_mode) == (program.read_text(), program.stat().st_mode)
