"""Our scores beside those of the TagBox paper.

Inputs: results/scores.tsv and resources/paper.tsv, which names the run that stands for each of the paper's methods (those
of benchmarks/paper.yaml, and baselines). Output: results/paper.tsv.
"""

from stemsteer.scores import published


include: "functions/paper.smk"


rule paper:
    input:
        scores="results/scores.tsv",
        plan="results/plan.json",
        published=shipped("resources/paper.tsv"),
    output:
        "results/paper.tsv",
    log:
        "logs/paper.log",
    benchmark:
        "logs/paper.benchmark.tsv"
    localrule: True
    conda:
        "../envs/audio.yaml"
    params:
        taggers={name: run.taggers.names for name, run in PLAN.config.runs.items()} | {name: [] for name in BASELINES},
        unlike={run: published.unlike_paper(PLAN.config, run) for run in PLAN.config.runs},
        music=scored_music,
    script:
        "../scripts/paper.py"
