"""Separate one source of a track with a peer, score its stem, and write down how it was made."""

from pathlib import Path

from stemsteer.compared.settings import PeerSettings
from stemsteer.errors import told_in_log
from stemsteer.settings.plan import Stem
from stemsteer.stages.peers import separate_with_peer

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0], peer=job.params.name, track=job.params.track, source=job.params.source):
        separate_with_peer(
            Stem(job.params.name, job.params.track, job.params.source),
            PeerSettings.model_validate(job.params.peer),
            Path(job.input.mixture),
            Path(job.input.reference),
            Path(job.input.facts),
            job.params.judge,
            job.params.device,
            job.threads,
            own_sources=job.params.own_sources,
            about_reference=Path(job.input.about_reference),
            stem_out=Path(job.output.stem),
            scores_out=Path(job.output.scores),
            provenance_out=Path(job.output.provenance),
        )
