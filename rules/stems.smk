"""From the steered signal to the stem: a mask on the original mixture.

Inputs: results/audio/<track>/mixture.wav and the estimate. Outputs, in results/runs/<run>/stems/<track>/: <source>.<ext> (the
stem), <source>.other.<ext> (the rest: stem + other = mixture, or its reconstruction if that is what is masked), <source>.json (provenance).
"""


include: "functions/stems.smk"


rule stem:
    input:
        mixture="results/audio/{track}/mixture.wav",
        facts="results/audio/{track}/facts.json",
        steered="results/runs/{run}/estimates/{track}/{source}.wav",
        reconstruction=reconstruction_of_run if any_run_needs_reconstruction() else [],
        record="results/runs/{run}/estimates/{track}/{source}.json",
    output:
        stem=f"results/runs/{{run}}/stems/{{track}}/{{source}}{PLAN.stem_suffix}",
        other=f"results/runs/{{run}}/stems/{{track}}/{{source}}.other{PLAN.stem_suffix}",
        provenance="results/runs/{run}/stems/{track}/{source}.json",
    log:
        "logs/stem/{run}/{track}/{source}.log",
    benchmark:
        "logs/stem/{run}/{track}/{source}.benchmark.tsv"
    conda:
        "../envs/torch.yaml"
    resources:
        **system_tmpdir(),
        mem_mb=memory(2000),
        runtime=time(5, 0.2),
    params:
        run=run_of,
        track=track_of,
        source=source_of,
        mask=group_of("mask"),
        stem=group_of("stem"),
        method=METHOD_VERSION,
        encoding=PLAN.config.stems.encoding,
    script:
        "../scripts/stem.py"
