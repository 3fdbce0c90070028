"""What there is to do: for users, before the run (`snakemake plan`), and for the report, after it."""

from snakemake.logging import logger


rule plan:
    # No benchmark: it would be a file that is there, and the rule would run once only.
    log:
        "logs/plan.log",
    localrule: True
    conda:
        "../envs/torch.yaml"
    script:
        "../scripts/plan.py"


rule plan_file:
    output:
        "results/plan.json",
    log:
        "logs/plan_file.log",
    benchmark:
        "logs/plan_file.benchmark.tsv"
    localrule: True
    conda:
        "../envs/audio.yaml"
    params:
        plan=PLAN.as_dict(),
    script:
        "../scripts/plan_file.py"


onstart:
    lift_limits_of_this_machine()
    lift_limit_of_jobs_a_second()
    for note in PLAN.notes:
        logger.info(f"note: {note}")
