"""A mistake in the config or the table is told in one sentence before anything starts, and nothing is lost by it."""

from pathlib import Path
from typing import Any

import pytest

from workdir import QUICK, Workdir

ROW = {"track": "song", "mixture": "song.wav"}
# The settings or the table's rows that are wrong, and what the sentence says.
MISTAKES: dict[str, tuple[dict[str, Any], list[dict[str, str]], str]] = {
    "key": ({"runs": {"quick": {**QUICK, "stpes": 3}}}, [ROW], "unknown key runs.quick.stpes (did you mean steps?)"),
    "type": ({"runs": {"quick": {**QUICK, "steps": "many"}}}, [ROW], "runs.quick.steering.steps: "),
    "source": (
        {"sources": ["guitr"]},
        [ROW],
        "config: sources: there is no source or tag 'guitr' (did you mean guitar?)",
    ),
    "tag in the table": (
        {},
        [{**ROW, "sources": "drums, tag:classcal"}],
        "track 'song': there is no source or tag 'tag:classcal' (did you mean tag:classical?)",
    ),
    "source without a tag": ({"sources": ["bass"]}, [ROW], "tagger MTT_vgg: the vocabulary mtat has no tag for"),
    "column": ({}, [{**ROW, "duratoin": "1"}], "unknown column 'duratoin' (did you mean duration?)"),
    "two of one name": ({}, [ROW, ROW], "tracks.tsv, row 3: the track 'song' is there twice"),
    "a name of two lines": (
        {},
        [{**ROW, "track": "a\nb"}],
        "tracks.tsv, row 2: the name of the track 'a\\nb' is not one",
    ),
}


@pytest.mark.parametrize(("settings", "rows", "sentence"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told(tmp_path: Path, settings: dict[str, Any], rows: list[dict[str, str]], sentence: str) -> None:
    workdir = Workdir(tmp_path)
    workdir.tracks(*rows)
    (tmp_path / "results").mkdir()
    (tmp_path / "results/scores.tsv").write_text("from an earlier run")
    before = set(workdir.files())
    ended = workdir.snakemake(**settings)
    assert ended.status == 1
    told = [line for line in ended.output.splitlines() if "workflow specific profile" not in line]
    assert len(told) == 1
    assert told[0].startswith("error: ")
    assert sentence in told[0]
    assert set(workdir.files()) == {*before, "mine.yaml"}
    assert workdir.text("results/scores.tsv") == "from an earlier run"
