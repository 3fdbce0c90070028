"""What a change redoes: finished estimates are worth days, so nothing but what decides them."""

import shutil
from pathlib import Path

import pytest

from groups import grouped
from stemsteer.models.registry import published_digest
from stemsteer.sound import audio
from workdir import QUICK, REPOSITORY, Ended, Workdir, music, snakemake

PARTS = ("Snakefile", "config.yaml", "rules", "scripts", "profiles", "resources", "envs")
AFTER_ALL = {"scores", "plan_file", "summarise", "figures", "report", "all", "total"}
"""Jobs that look at everything there is."""


class Checkout:
    """A copy of this one that may be edited, and a folder of results."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        self.folder.mkdir()
        ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
        for part in PARTS:
            if (REPOSITORY / part).is_dir():
                shutil.copytree(REPOSITORY / part, self.folder / part, ignore=ignored)
            else:
                shutil.copy(REPOSITORY / part, self.folder)
        self.workdir = Workdir(folder / "work")
        self.workdir.folder.mkdir()
        audio.write(self.workdir.folder / "song.wav", music(1, 16000), 16000)
        self.configure()
        self.ask_for(["first"], "guitar")

    def configure(self, **settings: object) -> None:
        """Write the config: a quick run, with some settings of its own."""
        config = {"tracks": "tracks.tsv", "runs": {"quick": grouped(**QUICK, **settings)}}
        (self.workdir.folder / "mine.yaml").write_text(str(config), encoding="utf-8")

    def ask_for(self, tracks: list[str], sources: str) -> None:
        self.workdir.tracks(*({"track": track, "mixture": "song.wav", "sources": sources} for track in tracks))

    def snakemake(self, *options: str) -> Ended:
        return snakemake(self.workdir.folder, *options, "--configfile", "mine.yaml", checkout=self.folder)

    def would_do(self) -> dict[str, int]:
        """The jobs of a dry run, but for those that look at everything."""
        planned = self.snakemake("-n")
        assert planned.status == 0, planned.output
        return {rule: number for rule, number in planned.jobs.items() if rule not in AFTER_ALL}

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    checkout = Checkout(tmp_path_factory.mktemp("reruns"))
    ended = checkout.snakemake()
    assert ended.status == 0, ended.output
    assert checkout.would_do() == {}
    return checkout


@pytest.mark.parametrize("file", ["scripts/steer.py", "scripts/stemsteer/steering/gradient.py", "rules/steer.smk"])
def test_a_comment_redoes_nothing(finished: Checkout, file: str) -> None:
    path = finished.folder / file
    path.write_text(path.read_text(encoding="utf-8") + "# A comment.\n", encoding="utf-8")
    assert finished.would_do() == {}


def test_a_new_track_is_all_that_is_done(finished: Checkout) -> None:
    finished.ask_for(["first", "second"], "guitar")
    assert finished.would_do() == {"decode": 1, "codes": 1, "steer": 1, "stem": 1}


def test_a_new_source_is_all_that_is_done(finished: Checkout) -> None:
    finished.ask_for(["first"], "guitar, drums")
    assert finished.would_do() == {"steer": 1, "stem": 1}


@pytest.mark.parametrize(
    ("setting", "redone"),
    [
        ({"stem": {"kind": "residual"}}, {"stem": 1}),
        ({"fft_size": 2048}, {"stem": 1}),
        ({"sources": ["guitar", "drums"]}, {}),
        ({"learning_rate": 1.0}, {"steer": 1, "stem": 1}),
    ],
)
def test_a_setting_redoes_what_depends_on_it(finished: Checkout, setting: dict, redone: dict[str, int]) -> None:
    finished.ask_for(["first"], "guitar")
    finished.configure(**setting)
    assert finished.would_do() == redone
    finished.configure()


def test_other_weights_of_the_name_redo_what_they_made(finished: Checkout) -> None:
    finished.ask_for(["first"], "guitar")
    before = published_digest("embedded")
    assert before is not None
    finished.edit("resources/models.yaml", before, before[::-1])
    assert finished.would_do() == {"codes": 1, "steer": 1, "stem": 1}
    finished.edit("resources/models.yaml", before[::-1], before)


def test_a_change_of_the_method_redoes_what_depends_on_it(finished: Checkout) -> None:
    finished.ask_for(["first"], "guitar")
    finished.edit("scripts/stemsteer/__init__.py", "METHOD_VERSION = ", "METHOD_VERSION = 1 + ")
    assert finished.would_do() == {"decode": 1, "codes": 1, "steer": 1, "stem": 1}
