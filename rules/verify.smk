"""Whether a finished run scores what it scored before (`snakemake verify`).

Inputs: results/scores.tsv and the table that the config key `verify` names. Writes results/verify.tsv and fails where
rows moved or are missing.
"""

from stemsteer.settings.tracks import find_place


def stored_scores(wildcards) -> str:
    """The table of scores that `snakemake verify` compares with."""
    if PLAN.config.verify.table is None:
        sys.exit("error: config: verify.table is not set; give the table of scores to compare with")
    return str(find_place(Path(PLAN.config.verify.table)))


rule verify:
    # No output: the table is wanted most where the rule fails, and it is to run whenever it is asked for.
    input:
        scores="results/scores.tsv",
        stored=stored_scores,
    log:
        "logs/verify.log",
    localrule: True
    conda:
        "../envs/audio.yaml"
    params:
        table="results/verify.tsv",
        tolerance=PLAN.config.verify.tolerance_db,
    script:
        "../scripts/verify.py"
