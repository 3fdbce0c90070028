"""Separate one source of a track with a peer, and score what comes of it."""

from pathlib import Path
from typing import Any

from stemsteer import audio
from stemsteer.config import PeerSettings
from stemsteer.devices import choose_device_for_light_work
from stemsteer.errors import told_in_log
from stemsteer.judge import load_judge
from stemsteer.metrics import score
from stemsteer.peers import separate
from stemsteer.score_tables import write_scores


def main(job: Any) -> None:
    device = choose_device_for_light_work(job.params.device, job.threads)
    mixture, rate = audio.read(job.input.mixture)
    names = {"track": job.wildcards.track, "source": job.wildcards.source}
    stem = separate(mixture, rate, job.wildcards.source, PeerSettings.model_validate(job.params.peer), device)
    audio.write(job.output.stem, stem, rate)
    judge = load_judge(job.params.judge, job.wildcards.source)
    rows = score(audio.read(job.input.reference)[0], mixture, {"separated": stem}, rate, judge)
    write_scores(rows, {"run": job.wildcards.peer, **names}, Path(job.output.scores))


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
