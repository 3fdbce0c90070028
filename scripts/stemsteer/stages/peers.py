"""Separate one source of a track with a peer, and score its stem."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from stemsteer.compared.peers import peer_of, separate
from stemsteer.compared.settings import PeerSettings
from stemsteer.devices import choose_device_for_light_work, describe
from stemsteer.files import read_json, write_json
from stemsteer.jobs.provenance import of_compared
from stemsteer.models.weights import sha256
from stemsteer.scores.judge import load_judge
from stemsteer.scores.metrics import score
from stemsteer.scores.tables import write_scores
from stemsteer.scores.trust import with_reference
from stemsteer.settings.plan import Stem
from stemsteer.sound import audio
from stemsteer.taggers.vocabularies import NO_SOURCES, Sources


def separate_with_peer(
    stem: Stem,
    peer: PeerSettings,
    mixture: Path,
    reference: Path,
    facts: Path,
    judge: str | None,
    device_name: str,
    threads: int,
    *,
    own_sources: Sources = NO_SOURCES,
    about_reference: Path | None = None,
    stem_out: Path,
    scores_out: Path,
    provenance_out: Path,
) -> None:
    """Write a peer's stem, its scores and its provenance.

    Args:
        stem: the names of its track and source; its run is the name of the peer.
        peer: the package, and the folder of its weights.
        mixture: the decoded mixture.
        reference: the true source, for the scores.
        facts: facts.json of the mixture.
        judge: the tagger that judges the stem; None: no judge.
        device_name: as in the config.
        threads: CPU threads.
        own_sources: the user's own sources, by which the judge knows its tags.
        about_reference: JSON, what `decode_known_stem` wrote; None: there is nothing to say of it.
        stem_out: a float32 wav.
        scores_out: a table with a row for the stem, for the mixture and for silence.
        provenance_out: JSON.

    Raises:
        UserError: the package or its model cannot be loaded, or the judge's weights are missing or altered.
    """
    device = choose_device_for_light_work(device_name, threads)
    heard, rate = audio.read(mixture)
    separated = separate(heard, rate, stem.source, peer, device)
    audio.write(stem_out, separated, rate)
    loaded_judge = load_judge(judge, stem.source, own_sources)
    rows = score(audio.read(reference)[0], heard, {"separated": separated}, rate, loaded_judge)
    write_scores(with_reference(rows, about_reference), asdict(stem), scores_out)
    written = {**asdict(stem), "stem_is": "separated", "encoding": "float32"}
    inputs, package = {"mixture": mixture}, peer_of(peer).distribution
    write_json(provenance_out, of_compared(read_json(facts), inputs, _record_of(peer, device), written, package))


def _record_of(peer: PeerSettings, device: torch.device) -> dict[str, Any]:
    """The peer in the provenance of its stem."""
    return {
        "name": peer.package,
        "settings": peer.model_dump(mode="json"),
        "weights_sha256": {path.name: sha256(path) for path in peer_of(peer).model_files()},
        "device": describe(device),
    }
