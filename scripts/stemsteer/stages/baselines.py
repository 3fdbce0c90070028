"""Make and score all baselines of one source of a track."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from stemsteer.compared import BASELINES
from stemsteer.compared.base import Baseline
from stemsteer.devices import choose_device_for_light_work, describe
from stemsteer.files import read_json, write_json
from stemsteer.generators.codec import Codec
from stemsteer.generators.loading import load_codec
from stemsteer.generators.settings import CodecWeights
from stemsteer.jobs.provenance import of_compared
from stemsteer.scores.judge import load_judge
from stemsteer.scores.metrics import Judge, Row, score
from stemsteer.scores.tables import write_scores
from stemsteer.scores.trust import with_reference
from stemsteer.settings.plan import Stem
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from stemsteer.taggers.vocabularies import NO_SOURCES, Sources


@dataclass(frozen=True)
class Inputs:
    """The files that baselines are made from.

    Attributes:
        mixture: decoded.
        reference: the true source.
        facts: facts.json of the mixture.
        about_reference: JSON, what `decode_known_stem` wrote; None: there is nothing to say of it.
    """

    mixture: Path
    reference: Path
    facts: Path
    about_reference: Path | None = None


@dataclass(frozen=True)
class Wanted:
    """A baseline to make: its name in the registry, the settings of its codec if it needs one, and its outputs."""

    baseline: str
    codec: CodecWeights | None
    stem_out: Path
    scores_out: Path
    provenance_out: Path


@dataclass(frozen=True)
class Made:
    """An estimate `[samples, channels]`, and the record of the method that made it."""

    estimate: Signal
    record: dict[str, Any]


def make_baselines(
    track: str,
    source: str,
    wanted: Mapping[str, Wanted],
    inputs: Inputs,
    judge: str | None,
    device_name: str,
    threads: int,
    own_sources: Sources = NO_SOURCES,
) -> None:
    """Write the stem, the scores and the provenance of each baseline.

    Args:
        track: the name of the track.
        source: the name of the source.
        wanted: the baselines, by the names that stand in the column `run` of the score tables.
        inputs: the files that are read.
        judge: the tagger that judges the stems; None: no judge.
        device_name: the device of codecs, as in the config.
        threads: CPU threads.
        own_sources: the user's own sources, which the judge is asked for by their tags.

    Raises:
        UserError: weights are missing or altered, or there is no such device.
    """
    device = choose_device_for_light_work(device_name, threads)
    made = {run: _make(each, source, inputs, device) for run, each in wanted.items()}
    estimates = {run: each.estimate for run, each in made.items()}
    rate, rows = _score(estimates, inputs, load_judge(judge, source, own_sources))
    for run, each in wanted.items():
        audio.write(each.stem_out, made[run].estimate, rate)
        own_rows = [{**rows[run], "estimate": BASELINES[each.baseline].stem_is}, rows["mixture"], rows["silence"]]
        _write_records(Stem(run, track, source), each, made[run].record, own_rows, inputs)


def _make(wanted: Wanted, source: str, inputs: Inputs, device: torch.device) -> Made:
    codec = None if wanted.codec is None else load_codec(wanted.codec, device)
    kind = BASELINES[wanted.baseline]
    baseline: Baseline = kind.make() if codec is None else kind.make(codec)
    estimate = baseline.estimate(inputs.mixture, inputs.reference, source)
    record = {"name": wanted.baseline, "settings": dict(baseline.settings)}
    return Made(estimate, {**record, **_record_of_codec(wanted.codec, codec, device)})


def _record_of_codec(settings: CodecWeights | None, codec: Codec | None, device: torch.device) -> dict[str, Any]:
    """The codec in a baseline's record, and the device it ran on."""
    if settings is None or codec is None:
        return {"device": "cpu"}
    return {
        "generator": settings.model_dump(),
        "generator_sha256": codec.fingerprint,
        "generator_licence": codec.licence,
        "device": describe(device),
    }


def _score(estimates: Mapping[str, Signal], inputs: Inputs, judge: Judge | None) -> tuple[int, dict[str, Row]]:
    """The rate (Hz), and the row of each estimate, of the mixture and of silence, by name.

    All estimates are scored in one call, because scoring the mixture and silence again for each would double the time.
    """
    mixture, rate = audio.read(inputs.mixture)
    reference = audio.read(inputs.reference)[0]
    rows = score(reference, mixture, estimates, rate, judge)
    return rate, {str(row["estimate"]): row for row in rows}


def _write_records(stem: Stem, wanted: Wanted, method: dict[str, Any], rows: Sequence[Row], inputs: Inputs) -> None:
    """Write the scores and the provenance of one baseline's stem."""
    kind = BASELINES[wanted.baseline]
    write_scores(with_reference(rows, inputs.about_reference), asdict(stem), wanted.scores_out)
    given = {"mixture": inputs.mixture, **({"reference": inputs.reference} if kind.is_told_reference else {})}
    written = {**asdict(stem), "stem_is": kind.stem_is, "encoding": "float32"}
    record = of_compared(read_json(inputs.facts), given, method, written, "librosa")
    write_json(wanted.provenance_out, record)
