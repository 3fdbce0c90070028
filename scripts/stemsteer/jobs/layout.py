"""Where results and logs lie: every kind of job, with its outputs and its log.

The rules have these paths as literals; tests/workflow/test_layout.py compares both. Names of users are slugs there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stemsteer.names import slug


def followed_beside(log: Path) -> Path:
    """The file beside the log of a job that says how far it is, while it runs."""
    return log.with_suffix(".progress")


ALL = "all"
"""What the log of a job is called that is for all sources of a track."""


@dataclass(frozen=True)
class Job:
    """A job of the workflow.

    Attributes:
        rule: its name.
        wildcards: true names of what it is for, in the order in which its log is named.
        last: those of its files that show that it ended well.
        others: its other files.
        log: its log file.
    """

    rule: str
    wildcards: tuple[str, ...]
    last: tuple[Path, ...]
    others: tuple[Path, ...]
    log: Path


@dataclass(frozen=True)
class Layout:
    """The files of a workflow. All arguments of its methods are true names.

    Attributes:
        results, logs: the folders.
        stem_suffix: of the stems of runs; baselines and peers write wav.
        sources_together: whether a job steers a track to all its sources, and another one makes all stems.
    """

    results: Path = Path("results")
    logs: Path = Path("logs")
    stem_suffix: str = ".wav"
    sources_together: bool = False

    # Files.

    def audio(self, track: str, file: str) -> Path:
        """`mixture.wav`, `mono.wav`, `facts.json` or `tags.json` of a track."""
        return self.results / "audio" / slug(track) / file

    def reference(self, track: str, source: str, suffix: str = ".wav") -> Path:
        """The true source, or the record of where it was found in its mixture (`.json`)."""
        return self.results / "audio" / slug(track) / "references" / f"{slug(source)}{suffix}"

    def codes(self, codec: str, track: str, suffix: str) -> Path:
        """The codes (`.npy`), their quality (`.json`) or what they decode to (`.wav`)."""
        return self.results / "codes" / slug(codec) / f"{slug(track)}{suffix}"

    def of_run(self, run: str, folder: str, track: str, source: str, suffix: str) -> Path:
        """A file of a run, a baseline or a peer: in its folder `estimates`, `stems` or `scores`."""
        return self.results / "runs" / slug(run) / folder / slug(track) / f"{slug(source)}{suffix}"

    def estimate(self, run: str, track: str, source: str, suffix: str) -> Path:
        """The steered signal (`.wav`), its history (`.history.tsv`) or its record (`.json`)."""
        return self.of_run(run, "estimates", track, source, suffix)

    def stem(self, run: str, track: str, source: str) -> Path:
        """The stem of a run."""
        return self.of_run(run, "stems", track, source, self.stem_suffix)

    def other(self, run: str, track: str, source: str) -> Path:
        """The part of the mixture that is not the stem."""
        return self.of_run(run, "stems", track, source, f".other{self.stem_suffix}")

    def provenance(self, run: str, track: str, source: str) -> Path:
        """The record beside a stem."""
        return self.of_run(run, "stems", track, source, ".json")

    def scores(self, run: str, track: str, source: str, suffix: str = ".tsv") -> Path:
        """The scores of a stem, or the record of what scored it (`.json`)."""
        return self.of_run(run, "scores", track, source, suffix)

    # Jobs of one track.

    def decode(self, track: str) -> Job:
        """The mixture of a track and what is known of it."""
        others = [self.audio(track, file) for file in ("mixture.wav", "mono.wav", "tags.json")]
        return self._job("decode", (track,), [self.audio(track, "facts.json")], others)

    def decode_reference(self, track: str, source: str) -> Job:
        """The true source of a track."""
        record = self.reference(track, source, ".json")
        return self._job("decode_reference", (track, source), [record], [self.reference(track, source)])

    def encode(self, codec: str, track: str) -> Job:
        """The codes of a track, for runs that steer a codec."""
        quality, codes = (self.codes(codec, track, suffix) for suffix in (".json", ".npy"))
        return self._job("codes", (codec, track), [quality], [codes])

    def reconstruct(self, codec: str, track: str) -> Job:
        """What the codes of a track decode to, for masks that need it."""
        return self._job("reconstruction", (codec, track), [self.codes(codec, track, ".wav")])

    def steer(self, run: str, track: str, sources: list[str]) -> Job:
        """One job for some sources of a track: for all of them, or for one."""
        records, signals, histories = (
            [self.estimate(run, track, source, suffix) for source in sources]
            for suffix in (".json", ".wav", ".history.tsv")
        )
        return self._job("steer", (run, track, self._named(sources)), records, [*signals, *histories])

    def make_stems(self, run: str, track: str, sources: list[str]) -> Job:
        """The stems of the sources of one `steer` job, and the rest of the mixture beside each."""
        records = [self.provenance(run, track, source) for source in sources]
        signals = [file(run, track, source) for source in sources for file in (self.stem, self.other)]
        return self._job("stem", (run, track, self._named(sources)), records, signals)

    def export(self, run: str, track: str) -> Job:
        """The stems of a track in files for people, and the record of where they are."""
        record = self.results / "runs" / slug(run) / "exports" / f"{slug(track)}.json"
        return self._job("export", (run, track), [record])

    def _named(self, sources: list[str]) -> str:
        return ALL if self.sources_together else sources[0]

    def evaluate(self, run: str, track: str, source: str) -> Job:
        """The scores of a run's stem."""
        stem = run, track, source
        return self._job("evaluate", stem, [self.scores(*stem)], [self.scores(*stem, suffix=".json")])

    def make_baselines(self, baselines: list[str], track: str, source: str) -> Job:
        """One job makes and scores all baselines of a source."""
        scores = [self.scores(baseline, track, source) for baseline in baselines]
        others = [file for baseline in baselines for file in self._compared(baseline, track, source)]
        return self._job("baselines", (track, source), scores, others)

    def run_peer(self, peer: str, track: str, source: str) -> Job:
        """The stem of a peer and its scores."""
        return self._job(
            "peers", (peer, track, source), [self.scores(peer, track, source)], self._compared(peer, track, source)
        )

    def _compared(self, method: str, track: str, source: str) -> list[Path]:
        """A stem that no run made, and the record beside it."""
        return [self.of_run(method, "stems", track, source, suffix) for suffix in (".wav", ".json")]

    # Jobs that are there once.

    def plan_file(self) -> Job:
        """What was asked for, for the report."""
        return self._once("plan_file", "plan.json")

    def gather(self) -> Job:
        """The table of all scores."""
        return self._once("scores", "scores.tsv")

    def summarise(self) -> Job:
        """Means over the tracks, and runs against each other."""
        return self._once("summarise", "summary.tsv", "comparisons.tsv")

    def draw(self) -> Job:
        """The pictures of the scores."""
        return self._once("figures", *(f"figures/{name}.svg" for name in ("distributions", "levels", "tags")))

    def report(self) -> Job:
        """The page to listen to."""
        return self._once("report", "report/index.html")

    def _once(self, rule: str, *files: str) -> Job:
        return Job(rule, (), tuple(self.results / file for file in files), (), self.logs / f"{rule}.log")

    def _job(self, rule: str, wildcards: tuple[str, ...], last: Sequence[Path], others: Sequence[Path] = ()) -> Job:
        log = self.logs.joinpath(rule, *map(slug, wildcards[:-1]), f"{slug(wildcards[-1])}.log")
        return Job(rule, wildcards, tuple(last), tuple(others), log)
