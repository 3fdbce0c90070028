"""The pretrained weights that do not ship with StemSteer.

Output: a file in the cache (~/.cache/stemsteer), verified. Jobs never download: `snakemake models` does, before them.
"""


rule models:
    log:
        "logs/models.log",
    localrule: True
    conda:
        "../envs/audio.yaml"
    params:
        models=[settings.weights for settings in PLAN.config.generators.values()],
    script:
        "../scripts/models.py"
