"""Score both parts of a mixture against the known stem of their source, beside the mixture itself and silence."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stemsteer.errors import told_in_log
from stemsteer.files import write_json
from stemsteer.jobs.provenance import of_scores
from stemsteer.scores.metrics import Listener, Row, score
from stemsteer.scores.tables import write_scores
from stemsteer.sound.audio import read


def evaluate(mixture: Path, reference: Path, parts: Mapping[str, Path], judge: Listener | None = None) -> list[Row]:
    """Score rows of `parts`: files of the stem and the other part, by the name of their estimate."""
    heard, rate = read(mixture)
    return score(read(reference)[0], heard, {name: read(part)[0] for name, part in parts.items()}, rate, judge)


def judge_of(job: Any) -> Listener | None:
    """The judge of a job's source, if there is one."""
    if job.params.judge is None:
        return None
    # Here, because PyTorch takes seconds to import.
    import torch

    from stemsteer.scores.judge import load_judge

    torch.set_num_threads(job.threads)
    return load_judge(job.params.judge, job.wildcards["source"])


def main(job: Any) -> None:
    parts = dict(zip(job.params.parts, (job.input.stem, job.input.other), strict=True))
    # In one order, whichever of them the run calls its stem.
    rows = evaluate(job.input.mixture, job.input.reference, dict(sorted(parts.items())), judge_of(job))
    write_scores(rows, {name: job.wildcards[name] for name in ("run", "track", "source")}, Path(job.output.scores))
    write_json(job.output.provenance, of_scores())


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
