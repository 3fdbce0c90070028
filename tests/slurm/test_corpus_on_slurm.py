"""A small corpus, from music files to the report, by `stemsteer run` through sbatch."""

import re
from collections import Counter
from pathlib import Path

import pytest

from cluster import Cluster
from invocation import stemsteer
from stemsteer.names import slug
from stemsteer.sound import audio
from submission import IN_TESTS, Submission
from typed import run
from workdir import QUICK, Ended, music

RATE = 16000
SOURCES = {"Don't stop - #1 = 100% \u00fc": "drums, vocals", "b": "guitar", "c": "guitar"}
"""By track. Tracks that are asked for other sources have a rule of their own where a job is for all sources."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Submission:
    submission = Submission(tmp_path_factory.mktemp("corpus"))
    stemsteer("init", str(submission.folder))
    for number, seconds in enumerate((1, 1.5, 2)):
        audio.write(submission.folder / f"{number}.wav", music(seconds, RATE), RATE)
    submission.tracks(
        *(
            {"track": track, "mixture": f"{number}.wav", "sources": sources, "reference_guitar": f"{number}.wav"}
            for number, (track, sources) in enumerate(SOURCES.items())
        )
    )
    submission.configure(runs={"quick": {**QUICK, "threads": 3}}, sources_together=True)
    return submission


@pytest.fixture(scope="module")
def separated(corpus: Submission) -> Ended:
    ended = run(corpus.folder, "run", "--profile", "slurm", "--configfile", "mine.yaml", *IN_TESTS)
    return Ended(ended.status, ended.out + ended.err)


def test_everything_is_made(corpus: Submission, separated: Ended) -> None:
    assert separated.status == 0, separated.output
    for track, sources in SOURCES.items():
        for source in sources.split(", "):
            mixture, _ = corpus.audio(f"results/audio/{slug(track)}/mixture.wav")
            stem, rate = corpus.audio(f"results/runs/quick/stems/{slug(track)}/{source}.wav")
            assert (stem.shape, rate) == (mixture.shape, RATE)
    assert set(corpus.table("results/scores.tsv").track) == {"b", "c"}
    assert "What is missing" not in corpus.text("results/report/index.html")


def test_the_terminal_says_what_is_going_on_and_where_the_stems_are(separated: Ended) -> None:
    assert re.search(r"^\[\d:\d\d:\d\d\] +\d+%  (Don't|b:|c:)", separated.output, re.MULTILINE)
    for track, sources in SOURCES.items():
        for source in sources.split(", "):
            assert re.search(rf"^{re.escape(track)} +{source} .* results/runs/quick/", separated.output, re.MULTILINE)
    assert "error" not in separated.output
    # The references are the mixtures, to which nothing can come nearer.
    assert "nan" not in separated.output


def test_ascents_ask_for_a_gpu_and_get_one(corpus: Submission, separated: Ended, cluster: Cluster) -> None:
    ascents = [job for job in cluster.jobs(corpus.folder) if "steer" in job.work]
    assert len(ascents) == len(SOURCES)
    for job in ascents:
        assert job.gpus == ("gres:gpu:1", "gpu:1")
        assert (job.facts["Partition"], job.facts["Nodes"], job.state) == ("gpu", "gpu1", "COMPLETED")
        # As many as the run's threads, however few this machine has.
        assert job.facts["NumCPUs"] == "3"


def test_all_other_jobs_are_few_and_ask_for_none(corpus: Submission, separated: Ended, cluster: Cluster) -> None:
    others = [job for job in cluster.jobs(corpus.folder) if "steer" not in job.work]
    assert {job.facts["Partition"] for job in others} == {"cpu"}
    assert {job.gpus for job in others} == {("", "(null)")}
    kinds = Counter(job.work.split("_")[1] for job in others)
    assert kinds == {"preparation": 3, "separation": 3, "report": 1}


def test_a_second_run_does_nothing(corpus: Submission, separated: Ended) -> None:
    again = corpus.run()
    assert again.status == 0
    assert "Nothing to be done" in again.output


def test_longer_tracks_ask_for_more_time(tmp_path: Path) -> None:
    """A dry run needs no cluster."""
    submission = Submission(tmp_path)
    submission.tracks({"track": "long", "mixture": "elsewhere.wav", "duration": "3600"})
    submission.configure(device="cpu")
    ended = submission.run("-n")
    assert ended.status == 0, ended.output
    # An hour of audio in 100 steps on the GPU that the profile asks for.
    assert "runtime=310," in ended.output
