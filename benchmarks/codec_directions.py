"""What passing through a codec costs, and what directions in its latents are worth that parts of the mixture give.

For each stem of a table of tracks, the SI-SDR improvement over the mixture (dB, mono at the codec's rate) of

- direct: the parts of four dictionaries of components, mixed with the best gains between 0 and 1, which do not change
  with time, found by one who knows the source (an oracle); nothing is encoded;
- encoded: the same, encoded and decoded by the codec;
- directions: latents made of the parts: those of the mixture and, for each part, what it adds to the latents of
  silence, times its gain less 1; the gains are the oracle's;
- steered directions: the same, but the gains are steered by gradient, and nobody knows the source;
- steered latents: free latents, steered by gradient as in the preset `codec`.

Each is scored as it is heard, and through the ratio mask on the mixture, through which the tagger hears it, too. The
steered ones take the preset's objective; --smoothing averages the gradient of the directions over random gains.

    STEMSTEER_MODELS=models python benchmarks/codec_directions.py tracks.tsv --halves benchmarks/halves.tsv

The table of tracks is one of a run, with its columns start and reference_<source>. Prints a line for each stem as soon
as it is there, and the means as a table in Markdown.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import markdown_tables
import numpy as np
import pandas as pd
import soundfile
import torch
from scipy.optimize import lsq_linear
from torch import Tensor

from stemsteer.generators.base import Generator
from stemsteer.generators.codec import Codec
from stemsteer.generators.components.components import ComponentsGenerator
from stemsteer.generators.loading import load_codec
from stemsteer.generators.parts import PartGains, Parts
from stemsteer.generators.settings import CodecWeights, ComponentsSettings
from stemsteer.masking.settings import RatioMask
from stemsteer.masking.views import MaskedViews
from stemsteer.scores.metrics import si_sdr
from stemsteer.settings.run import RunSettings
from stemsteer.settings.tracks import Track, read_tracks
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from stemsteer.sound.chunks import Chunk
from stemsteer.stages.steer import method_settings
from stemsteer.steering import STEERINGS
from stemsteer.steering.base import solve
from stemsteer.steering.method import Method
from stemsteer.steering.problem import Problem, Wanted
from stemsteer.taggers.loading import load_tagger

SEED = 0


@dataclass(frozen=True)
class Stem:
    """A source of a track: its excerpt and the mixture's, mono with the mixture's peak at 1, `[samples]`."""

    track: str
    source: str
    mixture: Signal
    reference: Signal

    def improvement(self, estimate: Tensor) -> float:
        """Of SI-SDR over the mixture, dB; the estimate is `[1, samples]`."""
        reference = self.reference[:, None]
        return si_sdr(reference, estimate.T.numpy()) - si_sdr(reference, self.mixture[:, None])


class Directions(PartGains):
    """Gains of directions in a codec's latents, one for each part of a mixture."""

    def __init__(self, codec: Codec, mixture: Tensor, parts: Parts) -> None:
        """`mixture` is `[1, samples]`, whole hops of it."""
        super().__init__(mixture, [parts])
        self.quantise, self.decoder = codec.quantiser("frozen"), codec.decode
        self.origin = codec.encode(mixture)
        silence = codec.encode(torch.zeros_like(mixture))
        self.directions = torch.cat([codec.encode(part[None]) - silence for part in parts.signals(codec.sample_rate)])
        self.directions /= len(parts.dictionaries)

    def mixed(self, gains: Sequence[Tensor]) -> Tensor:
        moved = torch.einsum("p,pcf->cf", gains[0][0] - 1, self.directions)
        return self.decoder(self.quantise(self.origin + moved))


class DirectionsGenerator(ComponentsGenerator):
    """Steers directions that are there already."""

    def __init__(self, directions: Directions) -> None:
        super().__init__(ComponentsSettings())
        self.directions = directions

    def begin(self, mixtures: Tensor, seeds: Sequence[int]) -> Directions:
        """The directions themselves, whose mixture is the only one."""
        return self.directions


def main() -> None:
    arguments = arguments_of_call()
    codec = load_codec(CodecWeights(weights=arguments.codec), torch.device("cpu"))
    rows = []
    for stem in stems_of(arguments, codec.sample_rate, codec.hop):
        with torch.no_grad():
            directions = directions_of(stem, codec, arguments.components)
            estimates = dict(by_the_oracle(stem, codec, directions))
        if arguments.steps:
            estimates |= steered(stem, codec, directions, arguments)
        rows.append(row := {"track": stem.track, "source": stem.source, **scores(stem, estimates)})
        print(*(f"{value:+.2f}" if isinstance(value, float) else value for value in row.values()), sep="\t", flush=True)
    print(as_markdown(pd.DataFrame(rows)))


def arguments_of_call() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask_for_stems(parser)
    parser.add_argument("--codec", default="embedded", help="weights of resources/models.yaml, or a path")
    parser.add_argument("--tagger", default="MTT_vgg")
    parser.add_argument("--steps", type=int, default=10, help="of steering; 0: only the oracle's")
    parser.add_argument("--learning-rate", type=float, default=0.1, help="of the gains")
    parser.add_argument("--smoothing", type=int, default=0, help="random gains for each step of the directions")
    return parser.parse_args()


def ask_for_stems(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `stems_of`, and the size of the dictionaries of their parts."""
    parser.add_argument("tracks", help="the table of tracks")
    parser.add_argument("--halves", type=Path, help="a table with the columns track and half; none: all tracks")
    parser.add_argument("--half", default="choose", help="the half to take")
    parser.add_argument("--sources", nargs="+", default=["vocals", "drums", "guitar", "piano", "strings"])
    parser.add_argument(
        "--stems-of-each", type=int, default=2, help="stems of each source at most, in the table's order"
    )
    parser.add_argument("--seconds", type=float, default=6.0, help="of each excerpt, from its start on")
    parser.add_argument("--components", type=int, default=16, help="of each of the four dictionaries")


def stems_of(arguments: argparse.Namespace, rate: int, hop: int = 1) -> Iterator[Stem]:
    """The stems that are asked for and have a reference, at `rate` Hz, whole hops of samples."""
    half = None
    if arguments.halves:
        table = pd.read_csv(arguments.halves, sep="\t")
        half = set(table.track[table.half == arguments.half])
    tracks = [track for track in read_tracks(arguments.tracks, []) if half is None or track.track in half]
    for source in arguments.sources:
        with_source = [track for track in tracks if source in track.references]
        for track in with_source[: arguments.stems_of_each]:
            yield read_stem(track, source, arguments.seconds, rate, hop)


def read_stem(track: Track, source: str, seconds: float, rate: int, hop: int) -> Stem:
    """At `rate` Hz, whole hops of samples."""
    paths = (track.mixture, track.references[source])
    mixture, reference = (read_mono(path, track.start, seconds, rate) for path in paths)
    samples = min(len(mixture), len(reference)) // hop * hop
    gain = np.float32(1 / np.abs(mixture[:samples]).max())
    return Stem(track.track, source, gain * mixture[:samples], gain * reference[:samples])


def read_mono(path: str, start: float, seconds: float, rate: int) -> Signal:
    """Some seconds of a file, mono at `rate` Hz: `[samples]`."""
    own = soundfile.info(path).samplerate
    signal, _ = soundfile.read(path, int(seconds * own), int(start * own), dtype="float32", always_2d=True)
    return audio.resample(audio.mono(signal), own, rate)[:, 0]


def directions_of(stem: Stem, codec: Codec, components: int) -> Directions:
    """Those of the mixture's parts; an encoding of each takes long."""
    mixture = torch.from_numpy(stem.mixture)[None]
    generator = ComponentsGenerator(ComponentsSettings(components=components))
    parts = generator.take_apart(mixture, codec.sample_rate, SEED)
    return Directions(codec, mixture, parts)


def by_the_oracle(stem: Stem, codec: Codec, directions: Directions) -> Iterator[tuple[str, Tensor]]:
    """What the best gains come to, by name: `[1, samples]`."""
    (parts,) = directions.parts
    gains = best_gains(parts, stem.reference, codec.sample_rate)
    yield "direct", (direct := parts.mix(gains)[:, 0])
    yield "encoded", codec.decode(codec.quantiser("frozen")(codec.encode(direct)))
    yield "directions", directions.mixed([gains])


def best_gains(parts: Parts, reference: Signal, rate: int) -> Tensor:
    """The gains `[1, parts]` between 0 and 1 that bring the mix nearest to a reference `[samples]` at `rate` Hz."""
    signals = parts.signals(rate).double() / len(parts.dictionaries)
    products, aims = signals @ signals.T, signals @ torch.from_numpy(reference).double()
    # The same least squares with as few equations as there are parts.
    values, vectors = torch.linalg.eigh(products)
    roots = values.clamp_min(1e-9 * float(values.max())).sqrt()
    found = lsq_linear((roots * vectors).T.numpy(), (vectors.T @ aims / roots).numpy(), bounds=(0, 1))
    return torch.from_numpy(found.x).float()[None]


def steered(stem: Stem, codec: Codec, directions: Directions, arguments: argparse.Namespace) -> dict[str, Tensor]:
    """What steering comes to, by name: `[1, samples]`."""
    shared = {"steps": arguments.steps}
    of_gains = {
        **shared,
        "learning_rate": arguments.learning_rate,
        "learning_rate_unit": "absolute",
        "smoothing": arguments.smoothing,
    }
    for_directions = settings_of_run({"kind": "components"}, of_gains, arguments.tagger)
    for_latents = settings_of_run({"kind": "codec"}, shared, arguments.tagger)
    return {
        "steered directions": steered_by(stem, DirectionsGenerator(directions), codec.sample_rate, for_directions),
        "steered latents": steered_by(stem, codec, codec.sample_rate, for_latents),
    }


def settings_of_run(generator: dict[str, Any], steering: dict[str, Any], tagger: str) -> RunSettings:
    """Those of the preset `codec` but for these."""
    return RunSettings.model_validate(
        {"preset": "codec", "generator": generator, "taggers": {"names": [tagger]}, "steering": steering}
    )


def steered_by(stem: Stem, generator: Generator, rate: int, settings: RunSettings) -> Tensor:
    """The steered signal `[1, samples]` of a generator that works at `rate` Hz."""
    taggers = [load_tagger(name) for name in settings.taggers.names]
    wanted = Wanted(stem.source, {tagger.name: tagger.labels.find(stem.source) for tagger in taggers}, SEED)
    mixture = stem.mixture[None] if settings.steering.needs_parts else stem.mixture
    problem = Problem(Chunk(0, 0, len(stem.mixture)), mixture, rate, SEED, (wanted,))
    method = Method(method_settings(settings), generator, taggers)
    ((found,),) = solve(STEERINGS[settings.steering.kind].make(settings.steering, method).begin([problem]))
    return found.audio.reshape(1, -1)


def scores(stem: Stem, estimates: dict[str, Tensor]) -> dict[str, float]:
    """The improvement of each estimate, as it is heard and through the ratio mask."""
    mixture = torch.from_numpy(stem.mixture)[None]
    views = MaskedViews(RatioMask(), mixture, lambda: mixture)
    found = {}
    for name, estimate in estimates.items():
        found[name] = stem.improvement(estimate)
        found[f"{name}, masked"] = stem.improvement(views(estimate).mean(0))
    return found


def as_markdown(table: pd.DataFrame) -> str:
    """The means over the stems of each source and over all, a row for each estimate."""
    counts = table.source.value_counts(sort=False)
    heads = ["what is heard", *(f"{source} ({count})" for source, count in counts.items()), f"all {len(table)}"]
    figures = table.drop(columns="track").groupby("source", sort=False).mean()
    figures.loc["all"] = table.drop(columns=["track", "source"]).mean()
    rows = [[str(name), *(f"{value:+.1f}" for value in column)] for name, column in figures.items()]
    return markdown_tables.markdown(heads, rows)


if __name__ == "__main__":
    main()
