"""Whether a finished run scores what it scored before (`snakemake verify`).

Inputs: results/scores.tsv and the table that the config key `verify` names. Writes results/verify.tsv and fails where
rows moved or are missing.
"""


include: "functions/verify.smk"


rule verify:
    # No output: the table is wanted most where the rule fails, and it is to run whenever it is asked for.
    input:
        scores="results/scores.tsv",
    log:
        "logs/verify.log",
    localrule: True
    conda:
        "../envs/audio.yaml"
    params:
        stored=path_of_stored_scores,
        table="results/verify.tsv",
        tolerance=PLAN.config.verify.tolerance_db,
    script:
        "../scripts/verify.py"
