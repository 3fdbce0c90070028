"""All stages of one track in one run, one after the other in this process: the rules' jobs without Snakemake."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from stemsteer.devices import default_batch
from stemsteer.files import read_json
from stemsteer.jobs.layout import Layout
from stemsteer.jobs.resources import usable_cores, workers_for
from stemsteer.scores.tables import read_scores
from stemsteer.settings.plan import Plan, Stem
from stemsteer.settings.run import RunSettings
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from stemsteer.stages.codes import decode_codes, encode
from stemsteer.stages.decode import decode_known_stem, decode_mixture
from stemsteer.stages.evaluate import evaluate
from stemsteer.stages.scores import gather_scores
from stemsteer.stages.steer import Estimate, Resources, load_method, method_settings, signal_to_steer, steer, workers_of
from stemsteer.stages.stem import StemInputs, StemOutputs, is_heard, make_stem
from stemsteer.steering.track import CarriedOut, TrackSteering

THREADS = 1
"""Of jobs that do not steer, as in the workflow."""


class OneTrack:
    """The only track of a plan, in its only run, whose files lie in a folder as those of the workflow in `results/`.

    Attributes:
        sources: to be separated.
    """

    def __init__(self, plan: Plan, folder: Path) -> None:
        (self.run,), (self.track,) = plan.config.runs, plan.tracks
        self.plan, self.config, self.files = plan, plan.config, Layout(results=folder)
        self.settings: RunSettings = plan.config.runs[self.run]
        self.sources = plan.sources_of(self.run, self.track)

    def decode(self, mixture: Signal, rate: int) -> list[str]:
        """Write a mixture `[samples, channels]` at `rate` Hz; returns warnings about it."""
        given = self.files.results / "given.wav"
        audio.write(given, mixture, rate)
        mixture_out, mono_out, facts_out = (self._audio(name) for name in ("mixture.wav", "mono.wav", "facts.json"))
        decode_mixture(str(given), 0, None, mixture_out=mixture_out, mono_out=mono_out, facts_out=facts_out)
        given.unlink()
        warnings: list[str] = read_json(facts_out)["warnings"]
        return [warning.replace(repr(str(given)), repr(self.track)) for warning in warnings]

    def steer(self, progress: bool) -> None:
        """Steer the track to its sources; `progress`: with a bar on stderr.

        Raises:
            Interrupted: the process was asked to stop.
            UserError: weights are missing or altered, there is no such device, or the memory does not hold a chunk.
        """
        prompted = self.plan.prompted_sources(self.run, self.track)
        taggers = self.config.own_taggers_of(self.run)
        resources = Resources(self.config.codec_of(self.run), taggers, prompted, self.config.own_sources)
        method = load_method(method_settings(self.settings), resources, self.config.device)
        steered = "mixture.wav" if self.settings.steering.needs_parts else "mono.wav"
        signal = signal_to_steer(method.settings, self._audio(steered))
        workers = workers_for(1, usable_cores()) if self.config.workers == "auto" else self.config.workers
        carried_out = CarriedOut(
            default_batch(method.device) if self.config.batch == "auto" else self.config.batch,
            self.files.results / "checkpoints",
            self.files.results / "answers",
            math.inf,  # The folder is soon removed: nothing could go on from a checkpoint.
            workers_of(workers * self.settings.steering.threads, method, signal),
            progress,
        )
        estimates = {source: self._estimate(source) for source in self.sources}
        steer(TrackSteering(self.run, self.track, signal, method), estimates, carried_out)

    def presence(self, source: str) -> tuple[float | None, bool]:
        """The probability with which the taggers hear a source, if they can tell, and whether that is enough."""
        record = read_json(self._estimate(source).record)
        return record["presence"], is_heard(record)

    def make_stems(self) -> list[str]:
        """Write the stem and the other part of each source; returns warnings about them."""
        reconstruction = self._reconstruct() if self.settings.needs_reconstruction else None
        return [warning for source in self.sources if (warning := self._make_stem(source, reconstruction))]

    def stem(self, source: str) -> Signal:
        """The stem of a source `[samples, channels]`."""
        return audio.read(self.files.stem(self.run, self.track, source))[0]

    def take_references(self, references: Mapping[str, Signal], rate: int) -> list[str]:
        """Write references `[samples, channels]` at `rate` Hz; returns warnings about them."""
        warnings = []
        given, mixture, facts = self.files.results / "given.wav", self._audio("mixture.wav"), self._audio("facts.json")
        for source, reference in references.items():
            audio.write(given, reference, rate)
            out, about = (self.files.reference(self.track, source, suffix) for suffix in (".wav", ".json"))
            decode_known_stem(str(given), 0, None, facts, mixture, reference_out=out, about_out=about)
            given.unlink()
            warnings += [warning.replace(repr(str(given)), repr(source)) for warning in read_json(about)["warnings"]]
        return warnings

    def score(self, sources: Iterable[str]) -> pd.DataFrame:
        """The table of the scores of sources whose references were taken."""
        tables = []
        for source in sources:
            stem = (self.run, self.track, source)
            evaluate(
                Stem(*stem),
                self._audio("mixture.wav"),
                self.files.reference(self.track, source),
                dict(zip(self.settings.parts, (self.files.stem(*stem), self.files.other(*stem)), strict=True)),
                self.config.judge_of(source),
                THREADS,
                scores_out=self.files.scores(*stem),
                provenance_out=self.files.scores(*stem, suffix=".json"),
                own_sources=self.config.own_sources,
                about_reference=self.files.reference(self.track, source, ".json"),
            )
            tables.append(self.files.scores(*stem))
        table = self.files.results / "scores.tsv"
        gather_scores(tables, scores_out=table)
        return read_scores(table)

    def _audio(self, file: str) -> Path:
        return self.files.audio(self.track, file)

    def _estimate(self, source: str) -> Estimate:
        suffixes = (".wav", ".history.tsv", ".json")
        return Estimate(*(self.files.estimate(self.run, self.track, source, suffix) for suffix in suffixes))

    def _reconstruct(self) -> Path:
        """What the run's codec makes of the track without any steering."""
        name, weights = self.settings.codec, self.config.codec_of(self.run)
        # The settings of a run say so.
        assert name is not None
        assert weights is not None
        codes, quality, reconstruction = (
            self.files.codes(name, self.track, suffix) for suffix in (".npy", ".json", ".wav")
        )
        mono, device = self._audio("mono.wav"), self.config.device
        encode(mono, weights, device, THREADS, codes_out=codes, quality_out=quality)
        decode_codes(mono, codes, weights, device, THREADS, reconstruction_out=reconstruction)
        return reconstruction

    def _make_stem(self, source: str, reconstruction: Path | None) -> str | None:
        """Write a stem; returns a warning if its source is not heard. What it is made of is not needed any more."""
        estimate, stem = self._estimate(source), (self.run, self.track, source)
        mixture, facts = self._audio("mixture.wav"), self._audio("facts.json")
        outputs = StemOutputs(self.files.stem(*stem), self.files.other(*stem), self.files.provenance(*stem))
        make_stem(
            Stem(*stem),
            self.settings.mask,
            self.settings.stem,
            self.config.stems.encoding,
            StemInputs(mixture, facts, estimate.steered, estimate.record, reconstruction),
            outputs,
        )
        estimate.steered.unlink()
        warning: str | None = read_json(outputs.provenance)["warning"]
        return warning
