"""From the mono signal to a codec's codes, how well they reproduce it, and what they decode to.

Inputs: results/audio/<track>/mono.wav. Outputs: results/codes/<codec>/<track>.npy (uint16) and .json (SI-SDR, SNR),
and .wav (44.1 kHz mono), which only runs whose masks need the reconstruction ask for.
The continuous latents that the ascent starts from take 32 bytes a sample; it computes them anew, chunk by chunk.
"""


def weights_of_codec(wildcards) -> dict:
    return PLAN.config.codecs[PLAN.names.codecs[wildcards.codec]].model_dump()


def published_weights_of_codec(wildcards) -> str | None:
    """What tells a codec's weights, if they are published ones, from earlier ones of their name."""
    return published_digest(weights_of_codec(wildcards)["weights"])


def own_weights_of_codec(wildcards) -> list[str]:
    """The weights of a codec, if they are a file of the user's: another file redoes what came from the last."""
    weights = weights_of_codec(wildcards)["weights"]
    return [] if weights in registry() else watched(weights)


rule codes:
    input:
        own_weights_of_codec,
        model="results/audio/{track}/mono.wav",
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
        codec=weights_of_codec,
        published=published_weights_of_codec,
        method=METHOD_VERSION,
        device=PLAN.config.device,
    script:
        "../scripts/codes.py"


rule reconstruction:
    input:
        own_weights_of_codec,
        model="results/audio/{track}/mono.wav",
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
        codec=weights_of_codec,
        published=published_weights_of_codec,
        method=METHOD_VERSION,
        device=PLAN.config.device,
    script:
        "../scripts/reconstruction.py"
