"""From the mono signal to a codec's codes, how well they reproduce it, and what they decode to.

Inputs: results/audio/<track>/mono.wav. Outputs: results/codes/<codec>/<track>.npy (uint16) and .json (SI-SDR, SNR),
and .wav (44.1 kHz mono), which only runs whose masks need the reconstruction ask for.
The continuous latents that steering starts from take 32 bytes a sample; it computes them anew, chunk by chunk.
"""


include: "functions/codes.smk"


rule codes:
    input:
        mono="results/audio/{track}/mono.wav",
    output:
        codes="results/codes/{codec}/{track}.npy",
        quality="results/codes/{codec}/{track}.json",
    log:
        "logs/codes/{codec}/{track}.log",
    benchmark:
        "logs/codes/{codec}/{track}.benchmark.tsv"
    conda:
        "../envs/torch.yaml"
    resources:
        **turn_on_the_gpu(),
        mem_mb=memory(3000),
        runtime=time(5, 1),
    params:
        track=track_of,
        codec=weights_of_codec,
        content=content_of_codec,
        method=METHOD_VERSION,
        device=PLAN.config.device,
    script:
        "../scripts/codes.py"


rule reconstruction:
    input:
        mono="results/audio/{track}/mono.wav",
        codes="results/codes/{codec}/{track}.npy",
    output:
        reconstruction="results/codes/{codec}/{track}.wav",
    log:
        "logs/reconstruction/{codec}/{track}.log",
    benchmark:
        "logs/reconstruction/{codec}/{track}.benchmark.tsv"
    conda:
        "../envs/torch.yaml"
    resources:
        **turn_on_the_gpu(),
        mem_mb=memory(3000),
        runtime=time(5, 1),
    params:
        track=track_of,
        codec=weights_of_codec,
        content=content_of_codec,
        method=METHOD_VERSION,
        device=PLAN.config.device,
    script:
        "../scripts/reconstruction.py"
