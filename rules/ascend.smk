"""The latent ascents: one job for each run, track and source.

Inputs: results/audio/<track>/model.wav and the quality of its codes. Outputs, in results/runs/<run>/estimates/<track>/:
<source>.wav (the steered signal, 44.1 kHz mono), <source>.history.tsv (loss and tag probability at every step),
<source>.json (settings, seeds, weights, before and after).
"""


def quality_of_codes(wildcards) -> str:
    return f"results/codes/{PLAN.config.runs[wildcards.run].generator}/{wildcards.track}.json"


def generator_of_run(wildcards) -> dict:
    return PLAN.config.generators[PLAN.config.runs[wildcards.run].generator].model_dump()


def ascent_threads(wildcards) -> int:
    return PLAN.config.runs[wildcards.run].threads


rule ascend:
    input:
        model="results/audio/{track}/model.wav",
        quality=quality_of_codes,
    output:
        steered="results/runs/{run}/estimates/{track}/{source}.wav",
        history="results/runs/{run}/estimates/{track}/{source}.history.tsv",
        record="results/runs/{run}/estimates/{track}/{source}.json",
    log:
        "logs/ascend/{run}/{track}/{source}.log",
    benchmark:
        "logs/ascend/{run}/{track}/{source}.benchmark.tsv"
    params:
        generator=generator_of_run,
        method=METHOD_VERSION,
        settings=run_settings,
        device=PLAN.config.device,
    threads: ascent_threads
    resources:
        mem_mb=megabytes(4000),
    conda:
        "../envs/torch.yaml"
    script:
        "../scripts/ascend.py"
