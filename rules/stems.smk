"""From steered signals to stems: masks on the original mixture.

Inputs: results/audio/<track>/mixture.wav and tags.json, and the estimates. Outputs, in results/runs/<run>/stems/<track>/: <source>.<ext> (the
stem), <source>.other.<ext> (the rest: stem + other = mixture, or its reconstruction if that is what is masked), <source>.json (provenance).
"""


include: "functions/stems.smk"


# A job is for as many sources as one that steers.
for number, (sources, runs, tracks, _) in enumerate(STEERING_GROUPS):

    rule:
        name:
            f"stem_{number}" if number else "stem"
        input:
            mixture="results/audio/{track}/mixture.wav",
            facts="results/audio/{track}/facts.json",
            tags="results/audio/{track}/tags.json",
            steered=estimate_files(sources, ".wav"),
            reconstruction=reconstruction_of_run if any_run_needs_reconstruction() else [],
            record=estimate_files(sources, ".json"),
        output:
            stem=updated(stem_files_of(sources, PLAN.stem_suffix)),
            other=updated(stem_files_of(sources, f".other{PLAN.stem_suffix}")),
            provenance=updated(stem_files_of(sources, ".json")),
        log:
            f"logs/stem/{STEERED}.log",
        benchmark:
            f"logs/stem/{STEERED}.benchmark.tsv"
        wildcard_constraints:
            run=runs,
            track=tracks,
        conda:
            "../envs/torch.yaml"
        resources:
            **system_tmpdir(),
            mem_mb=memory(2000),
            runtime=stems_time,
        params:
            run=run_of,
            track=track_of,
            sources=sources_of_job,
            mask=group_of("mask"),
            stem=group_of("stem"),
            method=METHOD_VERSION,
            encoding=PLAN.config.stems.encoding,
        script:
            "../scripts/stem.py"

    # What a profile sets for the rule `stem` goes for all of them.
    if number:
        set_as_for(f"stem_{number}", "stem")
