"""Files of the stems for people, under names and in a format of their choice (`export` in the config).

Inputs: results/runs/<run>/stems/<track>/. Outputs: what `export.filename` says, in `export.folder`: a link to each stem
where the format is that of the stems, and the rest of the mixture; results/runs/<run>/exports/<track>.json, the record of them.
"""


include: "functions/export.smk"


# There are as many records as tracks, too many to be read with each job.
if is_main_process():
    forget_incomplete(map(Path, export_records()))


rule export:
    input:
        mixture="results/audio/{track}/mixture.wav",
        tags="results/audio/{track}/tags.json",
        stem=stems_to_export(LAYOUT.stem),
        other=other_to_export,
        provenance=stems_to_export(LAYOUT.provenance),
    output:
        # Kept until the job has read which files an earlier export made.
        record=update("results/runs/{run}/exports/{track}.json"),
    log:
        "logs/export/{run}/{track}.log",
    benchmark:
        "logs/export/{run}/{track}.benchmark.tsv"
    conda:
        "../envs/audio.yaml"
    resources:
        **system_tmpdir(),
        mem_mb=memory(1000),
        runtime=export_time,
    params:
        run=run_of,
        track=track_of,
        sources=exported_sources,
        files=exported_files,
        stems=PLAN.config.stems.model_dump(),
        export=PLAN.config.export and PLAN.config.export.model_dump(),
    script:
        "../scripts/export.py"
