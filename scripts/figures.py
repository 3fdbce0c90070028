"""Draw how the scores are distributed."""

from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.stages.figures import draw_figures

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        draw_figures(Path(job.input.plan), Path(job.input.scores), folder_out=Path(job.output[0]).parent)
