"""The pretrained weights that do not come with StemSteer or a package.

Outputs: results/models/<model>, links to verified files: in a folder of your own, or fetched into the cache
(~/.cache/stemsteer). Jobs never download: `snakemake models` does, before them, on a machine with a network.
"""

from stemsteer.models.registry import downloadable


include: "functions/models.smk"


# A file that is gone is to be fetched again, but Snakemake stops at a link that leads nowhere.
for link in Path("results/models").glob("*"):
    if not link.exists():
        link.unlink(missing_ok=True)


rule models:
    input:
        model_links(),


rule model:
    output:
        "results/models/{model}",
    log:
        "logs/models/{model}.log",
    wildcard_constraints:
        model=one_of(downloadable()),
    localrule: True
    conda:
        "../envs/audio.yaml"
    script:
        "../scripts/model.py"
