"""Supervised separators to compare with, for sources that they can separate and that have a reference.

Inputs: the mixture, the reference, and the files of the peer's model. Outputs, as for a run of that name:
results/runs/<peer>/stems/<track>/<source>.wav with its provenance, <source>.json, and
results/runs/<peer>/scores/<track>/<source>.tsv.
"""

from stemsteer.compared.settings import PEER_SOURCES


include: "functions/peers.smk"


if PLAN.config.peers:

    rule peers:
        input:
            mixture="results/audio/{track}/mixture.wav",
            facts="results/audio/{track}/facts.json",
            reference="results/audio/{track}/references/{source}.wav",
            about_reference="results/audio/{track}/references/{source}.json",
        output:
            stem="results/runs/{peer}/stems/{track}/{source}.wav",
            provenance="results/runs/{peer}/stems/{track}/{source}.json",
            scores="results/runs/{peer}/scores/{track}/{source}.tsv",
        log:
            "logs/peers/{peer}/{track}/{source}.log",
        benchmark:
            "logs/peers/{peer}/{track}/{source}.benchmark.tsv"
        wildcard_constraints:
            peer=one_of(PLAN.names.peers),
            source=one_of(PEER_SOURCES),
        conda:
            "../envs/torch.yaml"
        resources:
            **turn_on_the_gpu(),
            mem_mb=memory(2000, 30),
            runtime=time(10, 10),
        params:
            name=peer_of,
            content=content_of_peer,
            track=track_of,
            source=source_of,
            peer=peer_settings,
            own_sources=OWN_SOURCE,
            judge=judge_of,
            method=METHOD_VERSION,
            device=PLAN.config.device,
        script:
            "../scripts/peers.py"
