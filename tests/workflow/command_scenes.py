"""Where documented commands are run, and what is run in the place of those that cannot be."""

from pathlib import Path

from scenery import (
    SECONDS,
    copy_checkout,
    write_config,
    write_musdb18,
    write_slakh,
    write_song,
    write_stems,
)
from scenes import Scene, dry, given, instead, run

SEPARATED = ("vocals", "drums", "bass", "guitar", "piano", "strings")
DOWNLOADS = "it downloads; tests/workflow/test_fetching.py fetches from a server on this machine"
INDEX = "it installs from a package index"
ADDED = "tests/workflow/test_separate.py adds songs and sources"
HOURS = "it takes hours; `make` and tests/workflow make such runs"
SLURM = "tests/slurm runs it on a Slurm"


def two_songs(folder: Path) -> None:
    for name in ("song.mp3", "another-song.mp3"):
        write_song(folder / name)


SONG = Scene(
    "song",
    two_songs,
    (
        run("stemsteer separate song.mp3", makes=[f"separated/stems/song/{name}.wav" for name in (*SEPARATED, "rest")]),
        dry("stemsteer separate song.mp3 --sources violin", ADDED),
        dry("stemsteer separate another-song.mp3", ADDED),
        dry("stemsteer separate song.mp3 --format mp3 --out separated-mp3", "tests/unit/test_exports.py writes mp3"),
        run("stemsteer run --directory separated"),
        given("mv separated my-separation"),
        run("stemsteer report my-separation --open"),
    ),
)


def songs_that_last(folder: Path) -> None:
    write_song(folder / "song.mp3", 30 + SECONDS)
    write_song(folder / "Music/album/01 Feelings.flac")
    write_song(folder / "corpus/one/song.flac")


EXCERPTS = Scene(
    "excerpts",
    songs_that_last,
    (
        run(
            "stemsteer separate song.mp3 --two-stems vocals --start 30 --seconds 20 --out vocals",
            makes=["vocals/stems/song/vocals.wav", "vocals/stems/song/no_vocals.wav"],
        ),
        dry("stemsteer separate song.mp3 --two-stems vocals --start 30 --seconds 20", "the same without --out"),
        run(
            "stemsteer separate ~/Music/album --sources vocals,drums --format flac",
            makes=[f"separated/stems/01 Feelings/{name}.flac" for name in ("vocals", "drums", "rest")],
        ),
        dry("stemsteer separate ~/Music/album --sources vocals,drums --format flac --out album", "the same with --out"),
        dry('stemsteer separate "corpus/**/*.flac" --out stems-of-corpus --profile slurm', SLURM),
    ),
)


def nothing(folder: Path) -> None:
    write_song(folder / "song.mp3")


AFTER_INIT = "my-corpus"
CORPUS = Scene(
    "corpus",
    nothing,
    (
        run(
            "stemsteer init my-corpus",
            makes=[f"my-corpus/{name}" for name in ("config.yaml", "tracks.tsv", "Snakefile")],
        ),
        given("mkdir my-corpus/music && mv song.mp3 my-corpus/music"),
        run("cd my-corpus && stemsteer run -n"),
        dry("stemsteer run --profile slurm", SLURM, AFTER_INIT),
        given("sed -i 's/default: {}/default: {steering: {subsets: 4}}/' config.yaml", AFTER_INIT),
        run("stemsteer run --cores 4 stems", AFTER_INIT, makes=[f"stems/My song/{name}.wav" for name in SEPARATED]),
        run("stemsteer run", AFTER_INIT, makes=["results/report/index.html"]),
        run("stemsteer run -n", AFTER_INIT),
        given("cp config.yaml mine.yaml", AFTER_INIT),
        run("stemsteer run --configfile mine.yaml", AFTER_INIT),
    ),
)


def data_sets(folder: Path) -> None:
    copy_checkout(folder)
    write_slakh(folder / "data/slakh2100_flac_redux/test/Track01876")
    write_musdb18(folder / "musdb18/test")
    write_stems(folder / "my-multitracks/Song")
    (folder / "scratch").mkdir()


DATA_SETS = Scene(
    "data-sets",
    data_sets,
    (
        run(
            "stemsteer tracks slakh /data/slakh2100_flac_redux --split test",
            makes=["results/datasets/slakh/tracks.tsv"],
        ),
        run(
            "stemsteer tracks slakh /data/slakh2100_flac_redux --split test --output slakh-test.tsv",
            makes=["slakh-test.tsv"],
        ),
        run(
            "stemsteer tracks musdb18 ~/musdb18 --split test --sources vocals,drums --output musdb18.tsv",
            makes=["musdb18.tsv"],
        ),
        run("stemsteer tracks folder my-multitracks --made /scratch/my-mixtures", makes=["scratch/my-mixtures/Song"]),
        dry("snakemake --config tracks=slakh-test.tsv", HOURS),
        dry("snakemake --config tracks=musdb18.tsv", HOURS),
        run("stemsteer tracks --help"),
        run("stemsteer --help"),
        run("stemsteer completion --help"),
        instead("stemsteer completion fish | source", "the shell fish may be missing", "stemsteer completion fish"),
        instead(
            "python -m stemsteer",
            "it prints its help and ends with 2, as commands that lack something do",
            "python -m stemsteer --help",
        ),
        run("stemsteer tags"),
        run("stemsteer tags piano"),
        run("stemsteer tags --vocabulary mtat"),
        run("stemsteer tags --vocabulary audioset"),
        run("stemsteer tags --tsv > tags.tsv", makes=["tags.tsv"]),
        run("stemsteer models"),
        run("stemsteer models --tsv"),
        run("STEMSTEER_MODELS=/path/to/models stemsteer models"),
        instead("stemsteer models fetch fcn-mtat", DOWNLOADS, "stemsteer models fetch --help"),
        instead("stemsteer models fetch clap-general", DOWNLOADS, "stemsteer models fetch --help"),
        instead("stemsteer models fetch fcn-mtat crnn-msd", DOWNLOADS, "stemsteer models fetch --help"),
        run("stemsteer schema > config.schema.json"),
        # Of a Slurm that is installed and does not answer it says that it is a problem.
        run("stemsteer doctor", statuses=(0, 1)),
        run("stemsteer doctor /scratch/me", statuses=(0, 1)),
    ),
)


def light_checkout(folder: Path) -> None:
    copy_checkout(folder)
    for name in ("config.yaml", "mine.yaml", "corpus.yaml"):
        write_config(folder / name, {"tracks": "resources/demo/tracks.tsv", "sources": ["vocals", "drums"]})
    write_song(folder / "songs/song.mp3")


CHECKOUT = Scene(
    "checkout",
    light_checkout,
    (
        run("snakemake -n"),
        run("snakemake --dry-run"),
        run("make", makes=["results/scores.tsv", "results/report/index.html"]),
        instead("make test", "it runs this test, too", "make -n test"),
        instead("STEMSTEER_REQUIRE=all make test", "it runs this test, too", "STEMSTEER_REQUIRE=all make -n test"),
        instead("make environment", INDEX, "make -n --what-if pyproject.toml environment"),
        instead(
            "UV_TORCH_BACKEND=cpu make environment",
            INDEX,
            "UV_TORCH_BACKEND=cpu make -n --what-if pyproject.toml environment",
        ),
        instead("make constraints", INDEX, "make -n constraints"),
        instead("make lint", "it takes a minute, and is run for every change", "make -n lint"),
        run("make envs", makes=["envs/torch.yaml"]),
        run("make schema"),
        run("snakemake falcon69"),
        run("snakemake stems --cores 2"),
        run("snakemake stems --cores 4"),
        run("snakemake plan"),
        run("snakemake plan -q all"),
        run("snakemake plan -q all --directory /scratch/me --configfile corpus.yaml"),
        run("snakemake plan -q all --configfile mine.yaml"),
        run("snakemake --unlock"),
        run("snakemake --configfile mine.yaml"),
        run("snakemake benchmark", makes=["results/paper.tsv"]),
        run("snakemake --report report.html", makes=["report.html"]),
        run("stemsteer report", makes=["results/report/index.html"]),
        given("cp results/scores.tsv stored.tsv"),
        run("""snakemake verify --config 'verify={"table": "stored.tsv"}'""", makes=["results/verify.tsv"]),
        run("""snakemake verify --config 'verify={"table": "stored.tsv", "tolerance_db": 0.1}'"""),
        dry(
            """snakemake --config tracks=/path/to/songs 'sources=["vocals", "piano"]'""",
            "tests/workflow/test_inputs.py separates a folder",
        ),
        dry("snakemake --config device=cuda", "it needs a GPU"),
        dry("snakemake --profile slurm", SLURM),
        dry("snakemake --profile path/to/yours", SLURM),
        dry("snakemake --profile slurm --directory /scratch/me --configfile corpus.yaml", SLURM),
        dry("snakemake models", DOWNLOADS),
        dry("snakemake results/models/fcn-mtat", DOWNLOADS),
        instead(
            "make environment && source .venv/bin/activate && snakemake models --configfile corpus.yaml",
            f"{INDEX}, and downloads",
            "snakemake models --configfile corpus.yaml -n",
        ),
        instead(
            "snakemake models --configfile corpus.yaml && snakemake --sdm conda --conda-create-envs-only",
            "it downloads, and needs conda",
            "snakemake models --configfile corpus.yaml -n && snakemake --sdm conda --conda-create-envs-only --help",
        ),
        instead(
            "python -m venv stemsteer-env && source stemsteer-env/bin/activate",
            "some systems have no pip for it",
            "python -m venv --without-pip stemsteer-env && source stemsteer-env/bin/activate",
        ),
        instead("python -m build", f"{INDEX}; tests/workflow/test_wheel.py builds it", "python -m hatchling version"),
        run("snakemake --lint"),
        run("python tests/unit/test_rooms.py scripts/stemsteer"),
    ),
)

SCENES = (CHECKOUT, SONG, EXCERPTS, CORPUS, DATA_SETS)
