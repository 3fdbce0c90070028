"""Training of the embedded codec: a one-level VQ-VAE of Jukebox's architecture.

Losses and codebook follow Jukebox (arXiv 2005.00341, section 3 and appendix): squared error,
several-scale spectral error, commitment, a codebook learnt by exponential moving averages with random
restart of unused codes. The errors are taken relative to the excerpt's own power, so that quiet
music counts as much as loud, which is what a signal-to-noise ratio measures. The gradient passes the
codebook by the rotation trick.
"""

import math
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from stemsteer.errors import UserError
from stemsteer.files import written_whole
from stemsteer.generators.jukebox.architecture import Architecture
from stemsteer.generators.jukebox.codec import load_jukebox
from stemsteer.generators.jukebox.moving_codebook import MovingCodebook, frames_of
from stemsteer.generators.jukebox.training import planar
from stemsteer.generators.jukebox.training.excerpts import excerpts
from stemsteer.generators.jukebox.training.growth import can_grow, grown
from stemsteer.generators.jukebox.training.losses import relative_error, spectral_error
from stemsteer.generators.jukebox.training.rotation import rotated
from stemsteer.generators.jukebox.training.settings import CodecTrainingSettings
from stemsteer.generators.jukebox.vqvae import VQVAE
from stemsteer.models.registry import registry
from stemsteer.models.weights import find


def random_frames(points: Tensor, number: int, random: torch.Generator) -> Tensor:
    """`number` of the frames `[frames, channels]`, drawn with replacement."""
    return points[torch.randint(len(points), (number,), generator=random).to(points.device)]


def learning_rate_factor(step: int, settings: CodecTrainingSettings) -> float:
    """A linear warm-up, then 1, then a linear fall to almost nothing: before it, more steps can always be added."""
    return min((step + 1) / settings.warmup_steps, 1.0, (settings.steps - step) / settings.cooldown_steps)


def _same_until(step: int, one: CodecTrainingSettings, other: CodecTrainingSettings) -> bool:
    """Whether the first steps are the same: settings may differ in when the learning rate falls, after that step."""
    if one == other:
        return True
    unlike = {"steps", "cooldown_steps"}
    falls = min(settings.steps - settings.cooldown_steps for settings in (one, other))
    return step <= falls and one.model_dump(exclude=unlike) == other.model_dump(exclude=unlike)


def starting_model(settings: CodecTrainingSettings) -> VQVAE:
    """A codec with random weights, or with those that the training goes on from, grown where they are of a smaller one.

    Raises:
        UserError: those are of a larger one.
    """
    shape = Architecture(width=settings.width, depth=settings.depth)
    if settings.start is None:
        return VQVAE(shape)
    path = find(settings.start) if settings.start in registry() else Path(settings.start)
    model = load_jukebox(path, level=0, licence="").vqvae
    if not can_grow(model.architecture, shape):
        raise UserError(f"{path} holds {model.architecture}, from which no {shape} can go on; set `start` to null")
    return grown(model, shape).train()


class CodecTraining:
    """A codec in training, with all that a checkpoint must hold to go on as if never interrupted."""

    def __init__(self, settings: CodecTrainingSettings, device: torch.device) -> None:
        self.settings = settings
        self.device = device
        torch.manual_seed(settings.seed)
        self.model = starting_model(settings).to(device)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=settings.learning_rate, fused=True)
        self.random_codes = torch.Generator().manual_seed(settings.seed)
        self.random_excerpts = np.random.default_rng(settings.seed)
        self.moving = MovingCodebook.start(self.model.codebook.k) if settings.start else None
        self.step = 0
        self.history: list[dict[str, float]] = []

    def _half_precision(self) -> torch.autocast:
        """Convolutions in bfloat16; weights, codebook and errors stay in single precision."""
        return torch.autocast(self.device.type, torch.bfloat16)

    def take_step(self, audio: Tensor) -> dict[str, float]:
        """One optimiser step on `[batch, samples]`; returns the losses."""
        factor = learning_rate_factor(self.step, self.settings)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * factor
        audio = audio.to(self.device)
        with self._half_precision():
            latents = planar.encode(self.model, audio)
        latents = latents.float()
        points = frames_of(latents.detach())
        codebook = self.model.codebook
        if self.moving is None:
            codebook.k.copy_(random_frames(points, len(codebook.k), self.random_codes))
            self.moving = MovingCodebook.start(codebook.k)
        codes = codebook.nearest(latents.detach())
        with self._half_precision():
            estimate = planar.decode(self.model, rotated(latents, codebook.lookup(codes)))
        estimate = estimate.float()
        error = relative_error(audio, estimate)
        spectral = spectral_error(audio, estimate)
        commitment = (latents - codebook.lookup(codes)).square().mean()
        loss = error + self.settings.spectral_weight * spectral + self.settings.commitment_weight * commitment
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        fresh = random_frames(points, len(codebook.k), self.random_codes)
        in_use = self.moving.update(
            codebook.k, points, codes.flatten(), fresh, self.settings.codebook_decay, self.settings.codebook_restart
        )
        self.step += 1
        return {
            "error": error.item(),
            "spectral": spectral.item(),
            "commitment": commitment.item(),
            "codes_in_use": in_use,
        }

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "settings": self.settings.model_dump(),
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "moving": asdict(self.moving) if self.moving else None,
            "random_codes": self.random_codes.get_state(),
            "random_excerpts": self.random_excerpts.bit_generator.state,
            "step": self.step,
            "history": self.history,
        }
        with written_whole(path) as part:
            torch.save(state, part)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint that these settings would have led to; from any other the training starts afresh."""
        saved = torch.load(path, map_location=self.device, weights_only=True)
        before = CodecTrainingSettings.model_validate(saved["settings"])
        if not _same_until(saved["step"], before, self.settings):
            return
        self.model.load_state_dict(saved["model"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.moving = MovingCodebook(**saved["moving"]) if saved["moving"] else None
        self.random_codes.set_state(saved["random_codes"].cpu())
        self.random_excerpts.bit_generator.state = saved["random_excerpts"]
        self.step = saved["step"]
        self.history = saved["history"]


def train(music: list[Path], settings: CodecTrainingSettings, checkpoint: Path, device: torch.device) -> CodecTraining:
    """Train a codec on int16 mono arrays at 44.1 kHz (`.npy`), resuming from `checkpoint` if it is there."""
    torch.set_num_threads(settings.threads)
    training = CodecTraining(settings, device)
    if checkpoint.exists():
        training.resume(checkpoint)
    pieces = [np.load(path, mmap_mode="r") for path in music]
    batches = excerpts(pieces, settings, training.random_excerpts)
    started = time.monotonic() - (training.history[-1]["seconds"] if training.history else 0.0)
    sums: dict[str, float] = {}
    progress = tqdm(total=settings.steps, initial=training.step, desc="codec training", unit="step")
    while training.step < settings.steps:
        for name, value in training.take_step(next(batches)).items():
            sums[name] = sums.get(name, 0.0) + value
        progress.update()
        if training.step % settings.checkpoint_every == 0 or training.step == settings.steps:
            number = (training.step - 1) % settings.checkpoint_every + 1
            means = {name: value / number for name, value in sums.items()}
            snr_db = -10 * math.log10(means["error"])
            seconds = time.monotonic() - started
            training.history.append({"step": training.step, "snr_db": snr_db, **means, "seconds": seconds})
            progress.set_postfix(snr_db=f"{snr_db:.2f}", codes=f"{means['codes_in_use']:.0f}")
            sums = {}
            training.save(checkpoint)
    progress.close()
    return training
