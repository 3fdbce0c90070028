"""A checkout that nobody may write to, as on compute nodes: everything that is made lies where one works."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from groups import grouped
from read_only import mounted_read_only
from stemsteer.sound import audio
from workdir import QUICK, REPOSITORY, Workdir, music, snakemake


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """This checkout once more, read-only."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    with mounted_read_only(REPOSITORY, folder):
        yield folder


def test_a_read_only_checkout_is_enough(checkout: Path, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Read-only"):
        (checkout / "written").touch()
    workdir = Workdir(tmp_path / "work")
    workdir.folder.mkdir()
    audio.write(workdir.folder / "song.wav", music(1, 16000), 16000)
    workdir.tracks({"track": "song", "mixture": "song.wav"})
    settings = {"tracks": "tracks.tsv", "sources": ["guitar"], "runs": {"quick": grouped(**QUICK)}}
    (workdir.folder / "mine.yaml").write_text(str(settings), encoding="utf-8")
    ended = snakemake(workdir.folder, "--configfile", "mine.yaml", checkout=checkout)
    assert ended.status == 0, ended.output
    assert (workdir.folder / "results/runs/quick/stems/song/guitar.wav").exists()
    assert (workdir.folder / "results/report/index.html").exists()
