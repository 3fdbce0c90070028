"""Separate one source of a track with a peer, score what comes of it, and write down how it was made."""

from pathlib import Path
from typing import Any

from stemsteer.compared.peers import DISTRIBUTIONS, model_files, separate
from stemsteer.devices import choose_device_for_light_work, describe
from stemsteer.errors import told_in_log
from stemsteer.files import read_json, write_json
from stemsteer.jobs.provenance import of_compared
from stemsteer.models.registry import sha256
from stemsteer.scores.judge import load_judge
from stemsteer.scores.metrics import score
from stemsteer.scores.tables import write_scores
from stemsteer.settings.config import PeerSettings
from stemsteer.sound import audio


def main(job: Any) -> None:
    device = choose_device_for_light_work(job.params.device, job.threads)
    mixture, rate = audio.read(job.input.mixture)
    names = {"track": job.wildcards.track, "source": job.wildcards.source}
    peer = PeerSettings.model_validate(job.params.peer)
    stem = separate(mixture, rate, job.wildcards.source, peer, device)
    audio.write(job.output.stem, stem, rate)
    judge = load_judge(job.params.judge, job.wildcards.source)
    rows = score(audio.read(job.input.reference)[0], mixture, {"separated": stem}, rate, judge)
    write_scores(rows, {"run": job.wildcards.peer, **names}, Path(job.output.scores))
    method = {
        "name": peer.package,
        "settings": peer.model_dump(mode="json"),
        "weights_sha256": {path.name: sha256(path) for path in model_files(peer)},
        "device": describe(device),
    }
    written = {"run": job.wildcards.peer, **names, "stem_is": "separated", "encoding": "float32"}
    inputs, package = {"mixture": job.input.mixture}, DISTRIBUTIONS[peer.package]
    write_json(job.output.provenance, of_compared(read_json(job.input.facts), inputs, method, written, package))


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
