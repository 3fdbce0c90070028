"""What the terminal says of references that are doubtful, when a workflow has ended."""

from pathlib import Path

import pytest

from report_results import make_results
from stemsteer.command_line.workflow.files import doubtful_references, files_for_people
from stemsteer.files import write_json
from stemsteer.names import slug
from stemsteer.report.written_plan import WrittenPlan
from stemsteer.scores.tables import read_scores, write_table

FINDING = "is 500 samples (11 ms) late, which is the delay of no known codec"


@pytest.fixture
def plan(tmp_path: Path) -> WrittenPlan:
    return WrittenPlan.read(make_results(tmp_path, seconds=0.05, runs=("one",)))


def test_no_improvement_is_told_where_the_reference_is_doubtful(plan: WrittenPlan) -> None:
    first = next(files_for_people(plan))
    write_json(plan.layout.provenance(first.run, first.track, first.source), {"stem_is": "masked"})
    assert first.improvement_in(plan.layout) == pytest.approx(1.61)
    path = plan.layout.scores(first.run, first.track, first.source)
    write_table(read_scores(path).assign(reference="doubtful"), path)
    assert first.improvement_in(plan.layout) is None


def test_doubtful_references_are_told_by_their_track_and_source(plan: WrittenPlan) -> None:
    assert list(doubtful_references(plan)) == []
    track = plan.tracks[0]["track"]
    for source, doubtful in (("drums", True), ("vocals", False)):
        write_json(plan.layout.reference(track, source, ".json"), {"finding": FINDING, "doubtful": doubtful})
    assert slug(track) in str(plan.layout.reference(track, "drums", ".json"))
    assert list(doubtful_references(plan)) == [f"{track}: the reference of drums {FINDING}"]
