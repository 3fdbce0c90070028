"""Separate a file with a supervised separator's architecture and random weights, which cost as much as trained ones.

    python benchmarks/engine/separate_with_peer.py htdemucs mixture.wav folder --threads 2

whole_song.py starts this as a process of its own. It imports nothing of StemSteer: that would count as the peer's time.
"""

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import soundfile
import torch
from torch import Tensor

RATE = 44_100  # Hz; both take stereo at this rate
HTDEMUCS_SEGMENT = Fraction(39, 5)  # s, that of the released model's training
HTDEMUCS_OVERLAP = 0.25  # the package's default


def main() -> None:
    arguments = parser().parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    mixture, _ = soundfile.read(arguments.mixture, dtype="float32", always_2d=True)
    with torch.no_grad():
        stems = ARCHITECTURES[arguments.architecture](torch.from_numpy(mixture.T), torch.device(arguments.device))
    for name, stem in stems.items():
        soundfile.write(arguments.folder / f"{name}.wav", stem.T.cpu().numpy(), RATE, subtype="FLOAT")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("architecture", choices=tuple(ARCHITECTURES), help="whose")
    made.add_argument("mixture", type=Path, metavar="MIXTURE", help="a stereo wav file at 44.1 kHz")
    made.add_argument("folder", type=Path, metavar="FOLDER", help="an existing one, to write four stems to")
    made.add_argument("--threads", type=int, default=1, metavar="N", help="of the CPU (default: 1)")
    made.add_argument("--device", default="cpu", metavar="NAME", help="cpu, cuda, cuda:N or mps (default: cpu)")
    return made


def htdemucs(mixture: Tensor, device: torch.device) -> Mapping[str, Tensor]:
    """Hybrid Transformer Demucs (Rouard et al., 2023), segment by segment: stems `[2, samples]` of `[2, samples]`."""
    package, apply = importlib.import_module("demucs.htdemucs"), importlib.import_module("demucs.apply")
    sources = ["drums", "bass", "other", "vocals"]
    model = package.HTDemucs(sources, samplerate=RATE, segment=HTDEMUCS_SEGMENT, bottom_channels=512).eval()
    # The package normalises the level of a file.
    level = mixture.mean(0)
    normal = (mixture - level.mean()) / (level.std() + 1e-8)
    separated = apply.apply_model(model, normal[None], shifts=0, split=True, overlap=HTDEMUCS_OVERLAP, device=device)
    return dict(zip(sources, separated[0] * (level.std() + 1e-8) + level.mean(), strict=True))


def umxhq(mixture: Tensor, device: torch.device) -> Mapping[str, Tensor]:
    """Open-Unmix (Stöter et al., 2019), the whole song at once: stems `[2, samples]` of `[2, samples]`."""
    package = import_open_unmix()
    separator = package.umxhq(niter=1, device=device, pretrained=False).to(device)
    separator.freeze()
    stems = separator.to_dict(separator(mixture[None].to(device)))
    return {name: stem[0] for name, stem in stems.items()}


def import_open_unmix() -> ModuleType:
    """The package imports torchaudio only to resample: where that is missing, an empty module takes its place."""
    try:
        importlib.import_module("torchaudio")
    except (ImportError, OSError):
        sys.modules["torchaudio"] = ModuleType("torchaudio")
    return importlib.import_module("openunmix")


ARCHITECTURES: dict[str, Callable[[Tensor, torch.device], Mapping[str, Tensor]]] = {
    "htdemucs": htdemucs,
    "umxhq": umxhq,
}


if __name__ == "__main__":
    main()
