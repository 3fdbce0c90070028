"""The listening page and pictures of the scores, also over what there is when jobs failed.

Inputs: all stems and scores. Outputs: results/figures/, how the scores are distributed; results/report/index.html, with its
audio and pictures beside it.
"""

import os
import subprocess
import time

from stemsteer.files import write_json
from stemsteer.jobs.slurm_hints import hint


include: "functions/report.smk"


BEGAN = time.time()
PAGE = Path("results/report/index.html")


rule figures:
    input:
        plan="results/plan.json",
        scores="results/scores.tsv",
    output:
        report(
            "results/figures/distributions.svg",
            caption="../report/captions/distributions.rst",
            category="Distributions",
            labels={"figure": "SI-SDR improvement"},
        ),
        report(
            "results/figures/levels.svg",
            caption="../report/captions/distributions.rst",
            category="Distributions",
            labels={"figure": "Level"},
        ),
        report(
            "results/figures/tags.svg",
            caption="../report/captions/distributions.rst",
            category="Distributions",
            labels={"figure": "Tag probability"},
        ),
    log:
        "logs/figures.log",
    benchmark:
        "logs/figures.benchmark.tsv"
    localrule: True
    conda:
        "../envs/audio.yaml"
    script:
        "../scripts/figures.py"


rule report:
    input:
        stem_files(),
        rules.summarise.output,
        rules.figures.output,
        plan="results/plan.json",
        scores="results/scores.tsv",
    output:
        page="results/report/index.html",
    log:
        "logs/report.log",
    benchmark:
        "logs/report.benchmark.tsv"
    conda:
        "../envs/audio.yaml"
    resources:
        mem_mb=report_memory,
        runtime=report_time,
    script:
        "../scripts/report.py"


onerror:
    # Slow to import, and not needed where all goes well.
    from stemsteer.report.ending import ending
    from stemsteer.report.written_plan import WrittenPlan

    for written in map(Path, log):
        if advice := hint(written.read_text(encoding="utf-8", errors="replace")):
            print(advice, file=sys.stderr)
    # What depends on a failed job never runs, the tables of all scores and the report among it: where they were wanted,
    # they are written here over what there is.
    if is_needed(str(PAGE)):
        from stemsteer.stages.figures import draw_figures
        from stemsteer.stages.scores import gather_scores
        from stemsteer.stages.summarise import summarise

        plan, scores = Path("results/plan.json"), Path("results/scores.tsv")
        write_json(plan, PLAN.as_dict())
        gather_scores([table for table in map(Path, score_files()) if table.exists()], scores_out=scores)
        summary, comparisons = map(Path, rules.summarise.output)
        summarise(scores, plan, summary_out=summary, comparisons_out=comparisons)
        draw_figures(plan, scores, folder_out=Path("results/figures"))
        subprocess.run([sys.executable, HOME / "scripts/report.py", plan, PAGE])
        # Older than all that they tell of: the next run makes them anew.
        for unfinished in (scores, *rules.summarise.output, *rules.figures.output, PAGE):
            if Path(unfinished).exists():
                os.utime(unfinished, (1, 1))
    for line in ending(WrittenPlan.of(PLAN.as_dict()), BEGAN, stems_folder(), PAGE):
        print(line, file=sys.stderr)
