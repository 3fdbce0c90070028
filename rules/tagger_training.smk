"""The taggers of our own: their music, training and evaluation (`snakemake tagger`).

Inputs: resources/tagger/packages.tsv (packages of scores and of instruments, with versions and hashes), scores.tsv
(where the scores lie in them) and players.tsv (the instruments). Outputs, in results/tagger/: packages/<package>/,
scores.npz (all notes), clips/<player>.npz (what the instruments play, as the taggers hear it), and for every tagger of
the config <tagger>/ with checkpoint.pt (training goes on from it when interrupted), tagger.safetensors, history.tsv,
history.svg and evaluation.tsv. Needs apt-get and dpkg with Debian's package lists (apt-get update), pip and npm.
"""

import re


include: "functions/tagger_training.smk"


rule tagger:
    input:
        expand(
            "results/tagger/{tagger}/{table}",
            tagger=PLAN.names.tagger_trainings,
            table=["evaluation.tsv", "history.svg"],
        ),


rule tagger_package:
    input:
        table=shipped("resources/tagger/packages.tsv"),
    output:
        directory("results/tagger/packages/{package}"),
    log:
        "logs/tagger_package/{package}.log",
    benchmark:
        "logs/tagger_package/{package}.benchmark.tsv"
    wildcard_constraints:
        package=one_of([re.escape(package) for package in tagger_packages()]),
    localrule: True
    conda:
        "../envs/audio.yaml"
    script:
        "../scripts/tagger_package.py"


rule tagger_scores:
    input:
        packages=packages_of_scores(),
        table=shipped("resources/tagger/scores.tsv"),
    output:
        "results/tagger/scores.npz",
    log:
        "logs/tagger_scores.log",
    benchmark:
        "logs/tagger_scores.benchmark.tsv"
    conda:
        "../envs/torch.yaml"
    script:
        "../scripts/tagger_scores.py"


rule tagger_clips:
    input:
        package=package_of_player,
        scores=rules.tagger_scores.output[0],
        table=shipped("resources/tagger/players.tsv"),
    output:
        "results/tagger/clips/{player}.npz",
    log:
        "logs/tagger_clips/{player}.log",
    benchmark:
        "logs/tagger_clips/{player}.benchmark.tsv"
    wildcard_constraints:
        player=one_of(tagger_players()),
    conda:
        "../envs/torch.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        seed=20261129,
    script:
        "../scripts/tagger_clips.py"


rule tagger_training:
    input:
        expand("results/tagger/clips/{player}.npz", player=tagger_players()),
    output:
        weights="results/tagger/{tagger}/tagger.safetensors",
        history="results/tagger/{tagger}/history.tsv",
    log:
        "logs/tagger_training/{tagger}.log",
    benchmark:
        "logs/tagger_training/{tagger}.benchmark.tsv"
    wildcard_constraints:
        tagger=one_of(PLAN.names.tagger_trainings),
    conda:
        "../envs/torch.yaml"
    threads: tagger_threads
    resources:
        mem_mb=8000,
        runtime=600,
    params:
        settings=tagger_settings,
        checkpoint="results/tagger/{tagger}/checkpoint.pt",
    script:
        "../scripts/tagger_training.py"


rule tagger_curves:
    input:
        "results/tagger/{tagger}/history.tsv",
    output:
        "results/tagger/{tagger}/history.svg",
    log:
        "logs/tagger_curves/{tagger}.log",
    benchmark:
        "logs/tagger_curves/{tagger}.benchmark.tsv"
    localrule: True
    conda:
        "../envs/audio.yaml"
    script:
        "../scripts/tagger_curves.py"


rule tagger_evaluation:
    input:
        stems=stems_to_hear,
        weights="results/tagger/{tagger}/tagger.safetensors",
    output:
        "results/tagger/{tagger}/evaluation.tsv",
    log:
        "logs/tagger_evaluation/{tagger}.log",
    benchmark:
        "logs/tagger_evaluation/{tagger}.benchmark.tsv"
    conda:
        "../envs/torch.yaml"
    script:
        "../scripts/tagger_evaluation.py"
