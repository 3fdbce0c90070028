"""The settings in `config.yaml`: what they mean and what they may be."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, model_validator

from stemsteer.compared import BASELINES
from stemsteer.compared.settings import PeerSettings
from stemsteer.errors import UserError
from stemsteer.exports.settings import ExportSettings, refuse_flac_of_floats
from stemsteer.generators.jukebox.training.settings import SIZES, CodecTrainingSettings
from stemsteer.generators.settings import CodecWeights
from stemsteer.models.registry import VocabularyTaggerModel, names_of, tagger_models
from stemsteer.names import did_you_mean, is_name
from stemsteer.registries import name_in, one_of_kinds
from stemsteer.settings.mistakes import sentences
from stemsteer.settings.moved import where_old_keys_went
from stemsteer.settings.run import RunSettings
from stemsteer.taggers import OWN_TAGGERS
from stemsteer.taggers.instruments.training.settings import TAGGERS, TaggerTrainingSettings
from stemsteer.taggers.labels import find_if_known, labels_of, vocabulary_of
from stemsteer.taggers.settings import OwnTaggerSettings
from stemsteer.taggers.vocabularies import Vocabulary, known_sources, load_vocabulary, vocabulary_names
from stemsteer.validation import Settings

JUDGES = ("MTT_vgg", "MTT_musicnn", "MSD_vgg", "MSD_musicnn", "instruments-judge")
"""Taggers that come with StemSteer, in the order in which they are tried as the judge of a source."""

RESERVED = ("mixture", "silence", "all")
"""What a run cannot be called: these stand for something else in the tables of scores."""


OwnSource = dict[str, Annotated[list[str], Field(min_length=1)]]
"""The tags of a source of the user's own, by vocabulary."""


class StemSettings(Settings):
    """How stems are written."""

    container: Literal["wav", "flac"] = Field("wav", description="file format")
    encoding: Literal["float32", "int24", "int16"] = Field(
        "float32", description="samples; float32 never clips, clipped samples of the others are counted"
    )

    @model_validator(mode="after")
    def _flac_is_integer(self) -> "StemSettings":
        refuse_flac_of_floats(self.container, self.encoding)
        return self


class VerifySettings(Settings):
    """What the scores of a finished run are compared with (`snakemake verify`)."""

    table: str | None = Field(None, description="scores to compare with: a copy of an earlier results/scores.tsv")
    tolerance_db: float = Field(0.1, ge=0, description="by which a figure in dB may differ")


class Config(Settings):
    """All of `config.yaml`."""

    tracks: str = Field(min_length=1, description="a table (.tsv) of tracks, or a folder of audio files")
    sources: list[str] | dict[str, OwnSource | None] = Field(
        ["vocals", "drums"],
        min_length=1,
        description="to extract from tracks that name none themselves; as a mapping, each may have tags of your own by "
        "vocabulary, and null stands for those of resources/sources.yaml",
    )
    device: str = Field("auto", pattern=r"^(auto|cpu|cuda|cuda:\d+|mps)$", description="auto, cpu, cuda, cuda:N or mps")
    models: str | None = Field(
        None, description="a folder with local copies of models; looked at after STEMSTEER_MODELS, before the cache"
    )
    batch: PositiveInt | Literal["auto"] = Field(
        "auto", description="chunks and sources steered at once; auto: 1 on a CPU, 8 on a GPU, halved where memory ends"
    )
    workers: PositiveInt | Literal["auto"] = Field(
        "auto",
        description="chunks that a steer job steers at the same time, on a core each; auto: up to 4, where there are "
        "more cores than tracks",
    )
    checkpoint_seconds: PositiveFloat = Field(
        60, description="between two checkpoints of a steer job, from which it goes on after an interruption"
    )
    sources_together: bool = Field(
        False, description="true: one job steers a track to all its sources, as steering by perturbation always does"
    )
    keep_intermediates: bool = Field(
        False,
        description="true: keep what stems are made of, even where it is soon made again (estimates of runs that steer "
        "by perturbation)",
    )
    codecs: dict[str, CodecWeights] = Field(
        {name: CodecWeights(weights=name) for name in ("embedded", "embedded-full", "jukebox")},
        min_length=1,
        description="codecs that runs can steer, by name",
    )
    taggers: dict[str, one_of_kinds(OWN_TAGGERS, "sota-music-tagging")] = Field(  # type: ignore[valid-type]
        {}, description="taggers with weights of one's own, by name"
    )
    runs: dict[str, RunSettings] = Field(
        {"default": RunSettings()}, min_length=1, description="named method settings; each run makes its own stems"
    )
    baselines: list[name_in(BASELINES)] = Field(  # type: ignore[valid-type]
        list(BASELINES),
        description="simple methods to compare with, on tracks with references",
    )
    peers: dict[str, PeerSettings] = Field(
        {}, description="supervised separators to compare with, by the names that they have in the tables"
    )
    align: Literal["auto", "none"] = Field(
        "auto",
        description="what becomes of references that lie wrong in their mixtures; auto: moved where they are as late "
        "as a codec makes them, else told and kept out of all means; none: taken as they are",
    )
    judge: str | None = Field(
        "auto",
        description="a tagger that no run steers with: what it hears in stems is in the table of scores; "
        "auto: one of those that come with StemSteer, null: none",
    )
    stems: StemSettings = Field(StemSettings(), description="how stems are written")
    export: ExportSettings | None = Field(
        None, description="files of the stems for people, under names of their choice; null: none"
    )
    verify: VerifySettings = Field(VerifySettings(), description="what `snakemake verify` compares the scores with")
    tagger_training: dict[str, TaggerTrainingSettings] = Field(
        TAGGERS,
        description="how the taggers of instruments are trained (`snakemake tagger`)",
    )
    codec_training: dict[str, CodecTrainingSettings] = Field(
        SIZES,
        description="sizes of the embedded codecs, by name",
    )

    def codec_of(self, run: str) -> CodecWeights | None:
        """The weights of the codec that a run steers; nothing for other generators."""
        codec = self.runs[run].codec
        return None if codec is None else self.codecs[codec]

    @property
    def steers_sources_together(self) -> bool:
        """Whether one job steers a track to all its sources: because it is asked for, or a steering needs it."""
        return self.sources_together or any(run.steering.solves_sources_together for run in self.runs.values())

    def keeps_estimates(self, run: str) -> bool:
        """Whether the steered signals of a run stay when its stems are there: always where they took long."""
        return self.keep_intermediates or not self.runs[run].steering.sources_share_answers

    @property
    def steered_codecs(self) -> list[str]:
        """The names of all codecs that runs steer."""
        return sorted({run.codec for run in self.runs.values() if run.codec is not None})

    @property
    def asked_sources(self) -> list[str]:
        """The sources to extract from tracks that name none."""
        return list(self.sources)

    @property
    def own_sources(self) -> dict[str, dict[str, list[str]]]:
        """The user's own sources: their tags by vocabulary."""
        if isinstance(self.sources, list):
            return {}
        return {name: tags for name, tags in self.sources.items() if tags is not None}

    @cached_property
    def own_vocabularies(self) -> dict[str, Vocabulary]:
        """The lists of tags that come with taggers of the user's own, by the names of those taggers."""
        models = {name: own.model(name) for name, own in self.taggers.items()}
        return {
            name: vocabulary_of(model)
            for name, model in models.items()
            if isinstance(model, VocabularyTaggerModel) and model.tags
        }

    @property
    def baseline_runs(self) -> dict[str, tuple[str, str | None]]:
        """The baselines by their names among the runs: each with the codec that it is about, if any."""
        named: dict[str, tuple[str, str | None]] = {}
        for baseline in dict.fromkeys(self.baselines):
            if BASELINES[baseline].needs_codec:
                named |= {f"{baseline}-{codec}": (baseline, codec) for codec in self.steered_codecs}
            else:
                named[baseline] = (baseline, None)
        return named

    def judge_of(self, source: str) -> str | None:
        """The tagger that judges the stems of a source; none of those that come with StemSteer may know it."""
        if self.judge != "auto":
            return self.judge
        impartial = (tagger for tagger in JUDGES if not self._steers(tagger))
        models = tagger_models()
        known = (
            name for name in impartial if find_if_known(labels_of(models[name], [source], self.own_sources), source)
        )
        return next(known, None)

    def _steers(self, tagger: str) -> bool:
        return any(tagger in run.taggers.names for run in self.runs.values())

    def own_taggers_of(self, run: str) -> dict[str, OwnTaggerSettings]:
        """Those taggers of a run that have weights of the user's own."""
        return {name: self.taggers[name] for name in self.runs[run].taggers.names if name in self.taggers}

    @model_validator(mode="after")
    def _own_sources_are_tags(self) -> "Config":
        own = self.own_vocabularies
        try:
            known_sources(self.own_sources)
            for tags in self.own_sources.values():
                for vocabulary, names in tags.items():
                    for name in names:
                        (own.get(vocabulary) or load_vocabulary(vocabulary)).index(name)
        except UserError as error:
            raise ValueError(f"sources: {str(error).removeprefix('config: sources: ')}") from None
        return self

    @model_validator(mode="after")
    def _names_are_known(self) -> "Config":
        named = {
            "sources": self.asked_sources,
            "codecs": list(self.codecs),
            "runs": list(self.runs),
            "peers": list(self.peers),
            "codec_training": list(self.codec_training),
            "tagger_training": list(self.tagger_training),
        }
        for kind, names in named.items():
            for name in names:
                if not is_name(name):
                    raise ValueError(f"{kind}: the name {name!r} is not one line of text; write it on one line")
        for name in self.own_sources:
            if "," in name:
                raise ValueError(f"sources: the name {name!r} has a comma, which parts the sources of a tracks table")
        for name, codec in self.codecs.items():
            _check_weights(f"codecs.{name}.weights", codec.weights)
        for name, training in self.codec_training.items():
            if training.start is not None:
                _check_weights(f"codec_training.{name}.start", training.start)
        registered = names_of("tagger")
        for name in self.taggers:
            if name in registered:
                raise ValueError(f"taggers.{name}: that is a tagger of resources/models.yaml; choose another name")
        for name in set(vocabulary_names()).intersection(self.own_vocabularies):
            raise ValueError(f"taggers.{name}: that is a vocabulary of resources/vocabularies; choose another name")
        taggers = [*self.taggers, *registered]
        for name, run in self.runs.items():
            if run.codec is not None and run.codec not in self.codecs:
                hint = did_you_mean(run.codec, self.codecs)
                raise ValueError(f"runs.{name}.generator.codec: {run.codec!r} is not under codecs{hint}")
            for tagger in run.taggers.names:
                if tagger not in taggers:
                    hint = did_you_mean(tagger, taggers) or f" (known: {', '.join(taggers)})"
                    raise ValueError(f"runs.{name}.taggers.names: {tagger!r} is not a tagger{hint}")
        taken = {*RESERVED, *self.baseline_runs}
        for kind in ("runs", "peers"):
            for name in taken.intersection(named[kind]):
                raise ValueError(f"{kind}: {name!r} means something else in the table of scores; choose another name")
            taken.update(named[kind])
        return self

    @model_validator(mode="after")
    def _judge_is_impartial(self) -> "Config":
        if self.judge is None or self.judge == "auto":
            return self
        if self.judge not in (taggers := names_of("tagger")):
            hint = did_you_mean(self.judge, taggers) or f" (known: {', '.join(taggers)})"
            raise ValueError(f"judge: {self.judge!r} is not a tagger of resources/models.yaml{hint}")
        if self._steers(self.judge):
            raise ValueError(f"judge: a run steers with {self.judge}, which would judge its own work; choose another")
        return self


def _check_weights(key: str, weights: str) -> None:
    generators = names_of("generator")
    if weights not in generators and not Path(weights).is_file():
        hint = did_you_mean(weights, generators)
        raise ValueError(f"{key}: {weights!r} is neither a generator of resources/models.yaml nor a file{hint}")


def load_config(raw: Mapping[str, Any]) -> Config:
    """Validate what Snakemake read from the config file and the command line.

    Raises:
        UserError: a sentence for each mistake, with the key it is at; or for each key of an earlier version.
    """
    if told := where_old_keys_went(raw):
        raise UserError("config: " + "; ".join(told))
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        raise UserError("config: " + "; ".join(sentences(error, raw))) from None
