"""Why something is missing: the job that has no result, and what its log says."""

from dataclasses import dataclass, field
from pathlib import Path

from stemsteer.jobs.layout import Job
from stemsteer.report.files import is_made

ERROR_PREFIX = "error: "
"""Of the last line in the log of a job that failed; see errors.py."""

FOR_SCORES = ("decode_reference", "evaluate", "baselines", "peers")
"""Jobs that no stem of a run needs."""


@dataclass(frozen=True)
class ReportedJob:
    """A job as the report sees it: the file that shows that it ended well, and its log."""

    rule: str
    wildcards: tuple[str, ...]
    log: Path
    output: Path

    @classmethod
    def of(cls, job: Job, output: Path | None = None) -> "ReportedJob":
        """A job of the layout; `output` takes the place of the file that shows that it ended well."""
        return cls(job.rule, job.wildcards, job.log, output or job.last[0])

    @property
    def only_for_scores(self) -> bool:
        """Whether no stem of a run needs it."""
        return self.rule in FOR_SCORES

    @property
    def missing(self) -> bool:
        """Whether it has no result."""
        return not is_made(self.output)

    @property
    def error(self) -> str | None:
        """The sentence of the log's last line, where that line is an error and the output is missing."""
        if self.missing and (last := self.last_line()).startswith(ERROR_PREFIX):
            return last.removeprefix(ERROR_PREFIX)
        return None

    def last_line(self) -> str:
        """The last line of the log that is not empty."""
        if not self.log.is_file():
            return ""
        lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


@dataclass
class Failure:
    """A job without a result, and what is missing because of it."""

    job: ReportedJob
    stems: list[tuple[str, str, str]] = field(default_factory=list)
    """Missing stems as (run, track, source)."""
    scores: list[tuple[str, str, str]] = field(default_factory=list)
    """Stems that exist but were not scored, and baselines without scores, as (run, track, source)."""

    @property
    def failed(self) -> bool:
        """Whether the job failed, rather than never ran or was interrupted."""
        return self.job.error is not None

    @property
    def headline(self) -> str:
        """What became of the job, such as `decode failed`."""
        job = self.job.rule.replace("_", " ")
        if self.failed:
            return f"{job} failed"
        return f"{job} did not finish" if self.job.log.exists() else f"{job} did not run"

    @property
    def sentence(self) -> str:
        """Why, as far as the log tells."""
        if self.job.error:
            return self.job.error
        if not self.job.log.exists():
            return "the workflow stopped before its turn."
        last = self.job.last_line()
        return f"it still runs, or was interrupted or killed; its log {f'ends with: {last}' if last else 'is empty.'}"
