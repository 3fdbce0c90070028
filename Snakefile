"""StemSteer: separate sources out of music by steering a pretrained generator with pretrained taggers.

Targets:
    all (default)   stems, scores and the report of every track, source and run in the config
    stems           the stems only
    benchmark       all, with statistics over the tracks and the paper's figures beside them
    verify          compare the scores with those of an earlier run
    plan            print what there is to do and how long it will take
    models          fetch the weights that the config needs
    minislakh       make the 31 pieces of music with known sources that the benchmarks use
    codec           train and evaluate the embedded codecs
    tagger          train and evaluate the taggers of instruments
"""

import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")  # as in pyproject.toml
# This file may be included by another one, or be a module of it.
FOLDER = workflow.current_basedir.get_path_or_uri(secret_free=True)
if {"{", "}"}.intersection(FOLDER):
    sys.exit(f"error: Snakemake reads more than a name into the braces of {FOLDER!r}; rename the folder")
# In a checkout the library lies beside the scripts.
sys.path.insert(0, str(Path(FOLDER) / "scripts"))

try:
    from stemsteer.places import HOME
except ModuleNotFoundError:
    sys.exit("error: the package stemsteer is missing; install it in the environment of Snakemake (docs/installing.md)")


include: "rules/snakemake.smk"


if paths_are_moved():
    sys.exit("error: the module stemsteer cannot have a prefix; `workdir:` moves a whole workflow, its tables too")


# A config file that is given stands alone: merged into this one, its runs would add to the demo's.
if not config_file_is_given():

    configfile: str(HOME / "config.yaml")


include: "rules/common.smk"
include: "rules/datasets.smk"
include: "rules/models.smk"
include: "rules/audio.smk"
include: "rules/codes.smk"
include: "rules/steer.smk"
include: "rules/stems.smk"
include: "rules/export.smk"
include: "rules/evaluate.smk"
include: "rules/baselines.smk"
include: "rules/peers.smk"
include: "rules/verify.smk"
include: "rules/paper.smk"
include: "rules/plan.smk"
include: "rules/report.smk"
include: "rules/codec_training.smk"
include: "rules/tagger_training.smk"


rule all:
    default_target: True
    input:
        # Stems and tables by themselves too: where only they are missing, the report would look up to date.
        stem_files(),
        export_records(),
        score_files(),
        "results/scores.tsv",
        "results/report/index.html",


rule benchmark:
    input:
        rules.all.input,
        "results/summary.tsv",
        "results/comparisons.tsv",
        "results/paper.tsv",


rule stems:
    input:
        stem_files(),
        export_records(),
