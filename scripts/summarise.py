"""Sum up the scores of all tracks: a summary of each run, and each run compared with every other one."""

from pathlib import Path
from typing import Any

from stemsteer.errors import told_in_log
from stemsteer.files import read_json
from stemsteer.score_tables import read_scores, write_table
from stemsteer.statistics import comparisons, summary


def main(job: Any) -> None:
    scores = read_scores(Path(job.input.scores))
    stems = {name: run["parts"][0] for name, run in read_json(job.input.plan)["runs"].items()}
    write_table(summary(scores), Path(job.output.summary))
    write_table(comparisons(scores, stems), Path(job.output.comparisons))


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
