"""Peers: supervised separators of other packages, Open-Unmix and Demucs, to compare with.

StemSteer does not need the packages: they are looked for when a peer is asked for. Their models are read from a folder,
in the formats of the packages; nothing is downloaded.

- `open-unmix` (Stöter et al., "Open-Unmix - A Reference Implementation for Music Source Separation", JOSS 2019): all of
  the four targets that the folder holds, then one step of expectation maximisation, as the package does by itself.
- `demucs` (Rouard, Massa and Défossez, "Hybrid Transformers for Music Source Separation", ICASSP 2023): in overlapping
  segments, as the package does by itself, but without its random shifts.
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import torch
import yaml
from torch import Tensor

from stemsteer.compared.settings import PeerSettings
from stemsteer.errors import UserError
from stemsteer.files import read_json
from stemsteer.sound.audio import Signal, resample

TARGETS = ("vocals", "drums", "bass", "other")


@dataclass(frozen=True)
class Separator:
    """A model of a peer: `separate` makes one source, `[batch, channels, samples]` like the mixture at `rate` Hz."""

    rate: int
    channels: int
    separate: Callable[[Tensor], Tensor]


@torch.no_grad()
def separate(mixture: Signal, rate: int, source: str, peer: PeerSettings, device: torch.device) -> Signal:
    """What a peer makes of the source in a mixture: `[samples, channels]` like the mixture.

    Where a mixture has another number of channels than the model, each is separated by itself, on all of the model's.

    Raises:
        UserError: the package, the model or its target is not there, or cannot be loaded.
    """
    if not peer.weights.is_dir():
        raise UserError(f"{str(peer.weights)!r} is no folder on this machine: see weights under the config's key peers")
    separator = SEPARATORS[peer.package](peer, source, device)
    heard = torch.from_numpy(resample(mixture, rate, separator.rate).T.copy())
    if len(heard) == separator.channels:
        separated = separator.separate(heard[None])[0]
    else:
        separated = separator.separate(heard[:, None].repeat(1, separator.channels, 1)).mean(dim=1)
    return resample(separated.T.cpu().numpy(), separator.rate, rate)[: len(mixture)]


def _open_unmix(peer: PeerSettings, source: str, device: torch.device) -> Separator:
    utils = import_open_unmix()
    folder = peer.weights
    targets = [t for t in TARGETS if (folder / f"{t}.json").is_file() and any(folder.glob(f"{t}*.pth"))]
    _check_source(source, targets, peer)
    with _loading(peer):
        layout = read_json(folder / "separator.json")
        # What is left of the mixture is a source too, for expectation maximisation needs at least two.
        residual = len(targets) < len(TARGETS)
        model = utils.load_separator(str(folder), targets, niter=1, residual=residual, device=device)
    model.freeze()
    return Separator(
        rate=int(layout["sample_rate"]),
        channels=int(layout["nb_channels"]),
        separate=lambda mixture: model.to_dict(model(mixture.to(device)))[source],
    )


def _demucs(peer: PeerSettings, source: str, device: torch.device) -> Separator:
    pretrained, apply = _imported("demucs.pretrained"), _imported("demucs.apply")
    with _loading(peer):
        model = pretrained.get_model(_known_to_demucs(peer), repo=peer.weights)
    _check_source(source, model.sources, peer)

    def separate(mixture: Tensor) -> Tensor:
        # Models hear every track at one level, as where the package separates a file.
        level = mixture.mean(dim=1, keepdim=True)
        mean, deviation = level.mean(dim=-1, keepdim=True), level.std(dim=-1, keepdim=True) + 1e-8
        separated = apply.apply_model(model, (mixture - mean) / deviation, shifts=0, device=device)
        return separated[:, model.sources.index(source)] * deviation + mean

    return Separator(model.samplerate, model.audio_channels, separate)


def _known_to_demucs(peer: PeerSettings) -> str:
    """The name of a model for Demucs, which leaves the checksum out of that of <signature>-<checksum>.th."""
    model = str(peer.model)
    is_single = (peer.weights / f"{model}.th").is_file()
    return model.rpartition("-")[0] if is_single and "-" in model else model


SEPARATORS = {"open-unmix": _open_unmix, "demucs": _demucs}
DISTRIBUTIONS = {"open-unmix": "openunmix", "demucs": "demucs"}
"""The packages' names where they are installed."""


def model_files(peer: PeerSettings) -> list[Path]:
    """The files that a peer's model is read from."""
    files = sorted(peer.weights.iterdir())
    if peer.package == "open-unmix":
        return [path for path in files if path.suffix in (".pth", ".json")]
    # The recipe of a bag of models lists their signatures; a single model goes by its own.
    recipe = peer.weights / f"{peer.model}.yaml"
    is_bag = recipe.is_file()
    signatures = yaml.safe_load(recipe.read_text(encoding="utf-8"))["models"] if is_bag else [_known_to_demucs(peer)]
    own = [path for path in files if path.suffix == ".th" and path.stem.partition("-")[0] in signatures]
    return [recipe, *own] if is_bag else own


def import_open_unmix() -> ModuleType:
    """The part of Open-Unmix that loads its models.

    It imports torchaudio, to change sampling rates, which is done here. Where that is missing, or does not fit the
    version of torch, an empty module takes its place.
    """
    try:
        importlib.import_module("torchaudio")
    except (ImportError, OSError):
        sys.modules["torchaudio"] = ModuleType("torchaudio")
    return _imported("openunmix.utils")


def _imported(module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:
        package = module.split(".")[0]
        raise UserError(
            f"the package {package} cannot be imported ({_first_line(error)}): install it with `pip install {package}` "
            "where jobs run, or take its peers out of the config"
        ) from None


def _check_source(source: str, targets: list[str], peer: PeerSettings) -> None:
    if source not in targets:
        there = f"only for {', '.join(targets)}" if targets else "for no source"
        raise UserError(
            f"{str(peer.weights)!r} holds a model of {peer.package} {there}, not for {source}: add its files, or take "
            "the peer out of the config (docs/scores.md says what belongs into the folder)"
        )


@contextmanager
def _loading(peer: PeerSettings) -> Iterator[None]:
    """Tell whatever goes wrong with a user's files: the packages raise what comes up, and Demucs ends the process."""
    try:
        yield
    except SystemExit:
        raise UserError(
            f"{str(peer.weights)!r}: the model {peer.model} of demucs is quantised: install the package diffq where "
            "jobs run, or take another model"
        ) from None
    except Exception as error:
        raise UserError(
            f"{str(peer.weights)!r}: no model of {peer.package} can be loaded from there ({type(error).__name__}: "
            f"{_first_line(error)}); docs/scores.md says what belongs into the folder"
        ) from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
