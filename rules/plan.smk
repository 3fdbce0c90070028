"""What there is to do: for users, before the run (`snakemake plan`), and for the report, after it."""


rule plan:
    # No benchmark: it would be a file that is there, and the rule would run once only.
    log:
        "logs/forecast.log",
    localrule: True
    conda:
        "../envs/torch.yaml"
    script:
        "../scripts/forecast.py"


rule plan_file:
    output:
        "results/plan.json",
    log:
        "logs/plan.log",
    benchmark:
        "logs/plan.benchmark.tsv"
    localrule: True
    conda:
        "../envs/audio.yaml"
    params:
        plan=PLAN.as_dict(),
    script:
        "../scripts/plan.py"
