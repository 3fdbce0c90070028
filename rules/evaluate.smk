"""Scores of the stems whose reference is known.

Inputs: the mixture, the stem with its other part, the reference. Outputs: results/runs/<run>/scores/<track>/<source>.tsv
with what they were computed with, <source>.json, all of them in one tidy table, results/scores.tsv, and what they say together: results/summary.tsv (means of each run with
their intervals) and results/comparisons.tsv (runs against each other, track by track).
"""


include: "functions/evaluate.smk"


rule evaluate:
    input:
        mixture="results/audio/{track}/mixture.wav",
        reference="results/audio/{track}/references/{source}.wav",
        about_reference="results/audio/{track}/references/{source}.json",
        stem=f"results/runs/{{run}}/stems/{{track}}/{{source}}{PLAN.stem_suffix}",
        other=f"results/runs/{{run}}/stems/{{track}}/{{source}}.other{PLAN.stem_suffix}",
    output:
        scores="results/runs/{run}/scores/{track}/{source}.tsv",
        provenance="results/runs/{run}/scores/{track}/{source}.json",
    log:
        "logs/evaluate/{run}/{track}/{source}.log",
    benchmark:
        "logs/evaluate/{run}/{track}/{source}.benchmark.tsv"
    conda:
        "../envs/torch.yaml"
    resources:
        mem_mb=memory(2000, 6),
        runtime=time(5, 0.5),
    params:
        run=run_of,
        track=track_of,
        source=source_of,
        parts=by_run(parts_of),
        own_sources=OWN_SOURCE,
        judge=judge_of,
        method=METHOD_VERSION,
    script:
        "../scripts/evaluate.py"


rule scores:
    input:
        score_files(),
    output:
        report("results/scores.tsv", caption="../report/captions/scores.rst", category="Scores"),
    log:
        "logs/scores.log",
    benchmark:
        "logs/scores.benchmark.tsv"
    localrule: True
    conda:
        "../envs/audio.yaml"
    script:
        "../scripts/scores.py"


rule summarise:
    input:
        scores="results/scores.tsv",
        plan="results/plan.json",
    output:
        summary=report("results/summary.tsv", caption="../report/captions/summary.rst", category="Scores"),
        comparisons=report("results/comparisons.tsv", caption="../report/captions/comparisons.rst", category="Scores"),
    log:
        "logs/summarise.log",
    benchmark:
        "logs/summarise.benchmark.tsv"
    localrule: True
    conda:
        "../envs/audio.yaml"
    script:
        "../scripts/summarise.py"
