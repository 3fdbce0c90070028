"""How long Snakemake takes to see what there is to do in a large corpus, beside a bare Snakefile with as many jobs.

    python benchmarks/dry_run.py 100 300 1000

makes tables of so many tracks (empty files; four sources, two runs that steer by perturbation: 5 jobs a track), and
prints for each the CPU time and the peak memory of a dry run of StemSteer, those of a bare Snakefile with the same
rules, wildcards and files but nothing else, and the ratio of the times. Both are run `--repeats` times, in turns; the
figures are medians.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

REPOSITORY = Path(__file__).resolve().parents[1]
SOURCES = ("vocals", "drums", "guitar", "piano")
RUNS = ("first", "second")
BARE = """\
TRACKS = [f"track {{number}}" for number in range({tracks})]
def files(folder, *suffixes):
    return [f"{{folder}}/{{{{run}}}}/{{{{track}}}}/{{source}}{{suffix}}" for source in {sources} for suffix in suffixes]
wildcard_constraints:
    track="[^/]+"
rule all:
    input: expand("stems/{{run}}/{{track}}/{{source}}.wav", run={runs}, track=TRACKS, source={sources})
rule decode:
    input: "music/{{track}}.wav"
    output:
        "audio/{{track}}/mixture.wav",
        "audio/{{track}}/mono.wav",
        "audio/{{track}}/facts.json",
        "audio/{{track}}/tags.json",
    shell: "true"
rule steer:
    input: "audio/{{track}}/mixture.wav"
    output: *files("estimates", ".wav", ".history.tsv", ".json")
    shell: "true"
rule stem:
    input:
        "audio/{{track}}/mixture.wav",
        "audio/{{track}}/facts.json",
        "audio/{{track}}/tags.json",
        *files("estimates", ".wav", ".json"),
    output: *files("stems", ".wav", ".other.wav", ".json")
    shell: "true"
"""


@dataclass(frozen=True)
class Cost:
    """Of a dry run: CPU time (s), peak memory (MB) and jobs."""

    seconds: float
    megabytes: float
    jobs: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tracks", type=int, nargs="+", help="numbers of tracks to try")
    parser.add_argument("--repeats", type=int, default=3, help="dry runs of each (default: 3)")
    options = parser.parse_args()
    print("tracks", "jobs", "seconds", "megabytes", "bare_jobs", "bare_seconds", "bare_megabytes", "ratio", sep="\t")
    for number in options.tracks:
        with tempfile.TemporaryDirectory() as folder:
            make_corpus(Path(folder), number)
            turns = [(ours_of(Path(folder)), bare_of(Path(folder))) for _ in range(options.repeats)]
        ours, bare = (median_cost(costs) for costs in zip(*turns, strict=True))
        costs = [f"{cost.jobs}\t{cost.seconds:.1f}\t{cost.megabytes:.0f}" for cost in (ours, bare)]
        print(number, *costs, f"{ours.seconds / bare.seconds:.2f}", sep="\t", flush=True)


def make_corpus(folder: Path, tracks: int) -> None:
    """Empty music files, their table, a config, and the bare Snakefile."""
    (folder / "music").mkdir()
    rows = ["track\tmixture"]
    for number in range(tracks):
        (folder / f"music/track {number}.wav").touch()
        rows.append(f"track {number}\tmusic/track {number}.wav")
    (folder / "tracks.tsv").write_text("\n".join(rows) + "\n")
    runs = {name: {"steering": {"seed": number}} for number, name in enumerate(RUNS)}
    (folder / "config.yaml").write_text(str({"tracks": "tracks.tsv", "sources": list(SOURCES), "runs": runs}))
    (folder / "Snakefile").write_text(BARE.format(tracks=tracks, runs=RUNS, sources=SOURCES))


def ours_of(folder: Path) -> Cost:
    return dry_run(folder, "stems", "--snakefile", str(REPOSITORY / "Snakefile"), "--configfile", "config.yaml")


def bare_of(folder: Path) -> Cost:
    return dry_run(folder, "--snakefile", "Snakefile")


def median_cost(costs: Sequence[Cost]) -> Cost:
    """Medians of the time and of the memory."""
    return Cost(median(c.seconds for c in costs), median(c.megabytes for c in costs), costs[0].jobs)


def dry_run(folder: Path, *options: str) -> Cost:
    """What the stems of a corpus cost to plan."""
    command = [sys.executable, "-m", "snakemake", *options, "--dry-run", "--quiet", "rules", "--cores", "2"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(output)
    jobs = next(line.split()[1] for line in output.splitlines() if line.startswith("total "))
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, int(jobs))


if __name__ == "__main__":
    main()
