"""Music to try StemSteer on.

Outputs: results/datasets/falcon69/, an excerpt of 6 s of Falcon 69 by The Easton Ellises with its four sources;
results/datasets/fretsonfire/, four songs by Sectoid with their guitar (needs Debian's apt-get and dpkg).
"""


rule falcon69:
    output:
        mixture="results/datasets/falcon69/mixture.wav",
        drums="results/datasets/falcon69/drums.wav",
        bass="results/datasets/falcon69/bass.wav",
        other="results/datasets/falcon69/other.wav",
        vocals="results/datasets/falcon69/vocals.wav",
    log:
        "logs/falcon69.log",
    benchmark:
        "logs/falcon69.benchmark.tsv"
    localrule: True
    conda:
        "../envs/audio.yaml"
    script:
        "../scripts/falcon69.py"


FRETSONFIRE_SONGS = ["Escape from chaosland", "Feelings", "Metal madness", "War of freedom"]


rule fretsonfire:
    output:
        mixture="results/datasets/fretsonfire/{song}/mixture.wav",
        guitar="results/datasets/fretsonfire/{song}/guitar.wav",
    log:
        "logs/fretsonfire/{song}.log",
    benchmark:
        "logs/fretsonfire/{song}.benchmark.tsv"
    wildcard_constraints:
        song=one_of(FRETSONFIRE_SONGS),
    localrule: True
    conda:
        "../envs/audio.yaml"
    script:
        "../scripts/fretsonfire.py"
