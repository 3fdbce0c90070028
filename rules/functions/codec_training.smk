"""Input and parameter functions of the training of codecs."""

import csv


def codec_packages(part: str) -> list[str]:
    """The Debian packages of the codec's training music, or of that which is kept out of it."""
    with (HOME / "resources/codec" / f"{part}.tsv").open(encoding="utf-8", newline="") as table:
        return sorted({row["package"] for row in csv.DictReader(table, dialect="excel-tab")})


def codec_music_files(part: str) -> list[str]:
    return expand("results/codec/{part}/{package}.npy", part=part, package=codec_packages(part))


def codec_settings(wildcards) -> dict:
    return PLAN.config.codec_training[PLAN.names.codec_trainings[wildcards.size]].model_dump()


def codec_threads(wildcards) -> int:
    return codec_settings(wildcards)["threads"]
