"""Input and parameter functions of the training of taggers."""

import csv

TAGGER_PACKAGES = "results/tagger/packages"
TAGGER_EVALUATION_PIECES = [
    "coconut_run2",
    "linns_basket",
    "moo_redfarn",
    "relax_song",
    "slow_neasy_redfarn",
    "tttheme2",
]


def tagger_table(name: str) -> list[dict[str, str]]:
    """A table of resources/tagger."""
    with (HOME / "resources/tagger" / f"{name}.tsv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, dialect="excel-tab"))


def tagger_packages() -> list[str]:
    return [row["package"] for row in tagger_table("packages")]


def tagger_players() -> list[str]:
    return [row["player"] for row in tagger_table("players")]


def packages_of_scores() -> list[str]:
    return [f"{TAGGER_PACKAGES}/{row['package']}" for row in tagger_table("scores")]


def package_of_player(wildcards) -> str:
    packages = {row["player"]: row["package"] for row in tagger_table("players")}
    return f"{TAGGER_PACKAGES}/{packages[wildcards.player]}"


def tagger_settings(wildcards) -> dict:
    return PLAN.config.tagger_training[PLAN.names.tagger_trainings[wildcards.tagger]].model_dump()


def tagger_threads(wildcards) -> int:
    return tagger_settings(wildcards)["threads"]


def stems_to_hear(wildcards) -> list[str]:
    """The sources of some pieces of the benchmarks, which share neither score nor SoundFont with the training."""
    return expand(
        "results/datasets/minislakh/{piece}/{source}.flac", piece=TAGGER_EVALUATION_PIECES, source=[*SOURCES, OTHER]
    )
