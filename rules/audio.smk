"""From any file that ffmpeg reads to the signals that the other stages work on.

Inputs: the mixtures and references that the tracks name.
Outputs, in results/audio/<track>/: mixture.wav (float32, the original rate and channels), mono.wav (44.1 kHz mono),
facts.json (what ffprobe says of the file), tags.json (what its stems inherit of its tags), references/<source>.wav (at
the mixture's rate), references/<source>.json (where the reference was found in the mixture).
"""


include: "functions/audio.smk"


rule decode:
    input:
        mixture_file,
    output:
        mixture="results/audio/{track}/mixture.wav",
        mono="results/audio/{track}/mono.wav",
        facts="results/audio/{track}/facts.json",
        tags="results/audio/{track}/tags.json",
    log:
        "logs/decode/{track}.log",
    benchmark:
        "logs/decode/{track}.benchmark.tsv"
    conda:
        "../envs/audio.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=time(5, 0.1),
    params:
        track=track_of,
        mixture=mixture_path,
        content=mixture_content,
        stream=STREAM,
        method=METHOD_VERSION,
        start=excerpt_start,
        duration=excerpt_duration,
    script:
        "../scripts/decode.py"


rule decode_reference:
    input:
        reference_file,
        mixture="results/audio/{track}/mixture.wav",
        facts="results/audio/{track}/facts.json",
    output:
        reference="results/audio/{track}/references/{source}.wav",
        about="results/audio/{track}/references/{source}.json",
    log:
        "logs/decode_reference/{track}/{source}.log",
    benchmark:
        "logs/decode_reference/{track}/{source}.benchmark.tsv"
    conda:
        "../envs/audio.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=time(5, 0.1),
    params:
        track=track_of,
        source=source_of,
        reference=reference_path,
        content=reference_content,
        align=PLAN.config.align,
        method=METHOD_VERSION,
        start=excerpt_start,
        duration=excerpt_duration,
    script:
        "../scripts/decode_reference.py"
