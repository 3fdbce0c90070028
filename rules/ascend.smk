"""The latent ascents: one job for each run, track and source.

Inputs: results/audio/<track>/model.wav and the quality of its codes. Outputs, in results/runs/<run>/estimates/<track>/:
<source>.wav (the steered signal, 44.1 kHz mono), <source>.history.tsv (loss and tag probability at every step),
<source>.json (settings, seeds, weights, before and after).
"""


rule ascend:
    input:
        own_tagger_files,
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
    conda:
        "../envs/torch.yaml"
    threads: run_threads
    resources:
        mem_mb=megabytes(4000),
    params:
        generator=run_generator,
        method=METHOD_VERSION,
        settings=run_settings,
        own_taggers=run_taggers,
        device=PLAN.config.device,
    script:
        "../scripts/ascend.py"
