"""Simple methods to compare with, made and scored for each source of a track that has a reference.

Inputs: the mixture and the reference. Outputs, for each baseline, as for a run of that name:
results/runs/<baseline>/stems/<track>/<source>.wav with its provenance, <source>.json, and
results/runs/<baseline>/scores/<track>/<source>.tsv.
"""


include: "functions/baselines.smk"


# What each baseline does, and the weights of the codec that it is about.
BASELINES = {
    name: (method, PLAN.config.codecs[codec].model_dump() if codec else None)
    for name, (method, codec) in PLAN.config.baseline_runs.items()
}


if BASELINES:

    rule baselines:
        input:
            mixture="results/audio/{track}/mixture.wav",
            facts="results/audio/{track}/facts.json",
            reference="results/audio/{track}/references/{source}.wav",
            about_reference="results/audio/{track}/references/{source}.json",
        output:
            stems=expand("results/runs/{baseline}/stems/{{track}}/{{source}}.wav", baseline=map(slug, BASELINES)),
            provenance=expand("results/runs/{baseline}/stems/{{track}}/{{source}}.json", baseline=map(slug, BASELINES)),
            scores=expand("results/runs/{baseline}/scores/{{track}}/{{source}}.tsv", baseline=map(slug, BASELINES)),
        log:
            "logs/baselines/{track}/{source}.log",
        benchmark:
            "logs/baselines/{track}/{source}.benchmark.tsv"
        conda:
            "../envs/torch.yaml"
        resources:
            **turn_on_the_gpu(),
            mem_mb=memory(3000, 20),
            runtime=time(5, 2),
        params:
            baselines=BASELINES,
            content=content_of_codecs(),
            track=track_of,
            source=source_of,
            own_sources=OWN_SOURCE,
            judge=judge_of,
            method=METHOD_VERSION,
            device=PLAN.config.device,
        script:
            "../scripts/baselines.py"
