"""Score both parts of a mixture against the known stem of their source, beside the mixture itself and silence."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from stemsteer.files import write_json
from stemsteer.jobs.provenance import of_scores
from stemsteer.scores.metrics import Judge, score
from stemsteer.scores.tables import write_scores
from stemsteer.scores.trust import with_reference
from stemsteer.settings.plan import Stem
from stemsteer.sound import audio
from stemsteer.taggers.vocabularies import NO_SOURCES, Sources


def evaluate(
    stem: Stem,
    mixture: Path,
    reference: Path,
    parts: Mapping[str, Path],
    judge: str | None,
    threads: int,
    *,
    scores_out: Path,
    provenance_out: Path,
    own_sources: Sources = NO_SOURCES,
    about_reference: Path | None = None,
) -> None:
    """Score a stem and the other part of its mixture.

    Args:
        stem: the names of its run, track and source.
        mixture: the decoded mixture.
        reference: the true source.
        parts: the files of the stem and of the other part, by the names of their estimates.
        judge: the tagger that judges both parts; None: no judge.
        threads: CPU threads of the judge.
        scores_out: a table with a row for each part, for the mixture and for silence.
        provenance_out: JSON with the versions that the scores were computed with.
        own_sources: the user's own sources, which the judge is asked for by their tags.
        about_reference: JSON, what `decode_known_stem` wrote; None: there is nothing to say of it.

    Raises:
        UserError: the judge's weights are missing or altered.
    """
    # Sorted, so that the order does not depend on which part the run calls its stem.
    estimates = {name: audio.read(path)[0] for name, path in sorted(parts.items())}
    heard, rate = audio.read(mixture)
    rows = score(audio.read(reference)[0], heard, estimates, rate, _judge(judge, stem.source, own_sources, threads))
    write_scores(with_reference(rows, about_reference), asdict(stem), scores_out)
    write_json(provenance_out, of_scores())


def _judge(tagger: str | None, source: str, own_sources: Sources, threads: int) -> Judge | None:
    if tagger is None:
        return None
    # Imported here, because PyTorch takes seconds to import.
    import torch

    from stemsteer.scores.judge import load_judge

    torch.set_num_threads(threads)
    return load_judge(tagger, source, own_sources)
