"""Models of peers in the formats of their packages: small ones with random weights, and one whose stems are known."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from stemsteer.compared.open_unmix import TARGETS, import_open_unmix

RATE = 44_100
DEMUCS_SOURCES = ["drums", "bass", "other", "vocals"]
LAYOUT = {"sample_rate": RATE, "nfft": 1024, "nhop": 256, "nb_channels": 2}


def open_unmix(folder: Path, targets: tuple[str, ...] = TARGETS) -> None:
    """A small Open-Unmix for some targets, as its training leaves it in a folder."""
    import_open_unmix()
    from openunmix.model import OpenUnmix

    folder.mkdir()
    (folder / "separator.json").write_text(json.dumps(LAYOUT))
    for seed, target in enumerate(targets):
        torch.manual_seed(seed)
        network = OpenUnmix(nb_bins=513, nb_channels=2, hidden_size=16, max_bin=400)
        torch.save(network.state_dict(), folder / f"{target}-0123abcd.pth")
        arguments = {"nfft": LAYOUT["nfft"], "nb_channels": LAYOUT["nb_channels"], "hidden_size": 16}
        (folder / f"{target}.json").write_text(json.dumps({"args": arguments}))


def demucs(folder: Path, name: str = "small") -> None:
    """A bag of two small Hybrid Transformer Demucs as a local repository of the package."""
    from demucs.htdemucs import HTDemucs

    settings = {"sources": DEMUCS_SOURCES, "channels": 8, "t_layers": 1, "t_heads": 2, "segment": Fraction(1)}
    folder.mkdir()
    for seed, signature in enumerate(("0000aaaa", "1111bbbb")):
        torch.manual_seed(seed)
        save_demucs(folder / f"{signature}.th", HTDemucs, settings, HTDemucs(**settings).state_dict())
    (folder / f"{name}.yaml").write_text("models: ['0000aaaa', '1111bbbb']\n")


def save_demucs(path: Path, network: type, settings: dict[str, Any], state: dict[str, Tensor]) -> None:
    """Save a network as Demucs does, with a part of the file's hash in its name."""
    from demucs.states import save_with_checksum

    save_with_checksum({"klass": network, "args": (), "kwargs": settings, "state": state, "training_args": {}}, path)


class Amplifier(nn.Module):
    """What Demucs takes for a network: of the mixture, each source gets a share that depends on its place."""

    sources = DEMUCS_SOURCES
    samplerate = RATE
    segment = 0.5

    def __init__(self, audio_channels: int) -> None:
        super().__init__()
        self.audio_channels = audio_channels
        self.shares = nn.Parameter(torch.tensor([0.1, 0.2, 0.3, 0.4]))

    def forward(self, mixture: Tensor) -> Tensor:
        return self.shares[:, None, None] * mixture[:, None]


def amplifier(folder: Path, channels: int) -> None:
    """A repository with an `Amplifier` of the name `known`."""
    torch.serialization.add_safe_globals([Amplifier])
    folder.mkdir()
    settings = {"audio_channels": channels}
    save_demucs(folder / "known.th", Amplifier, settings, Amplifier(**settings).state_dict())
