"""Training of a tagger of instruments: an interrupted one goes on from its checkpoint as if nothing had happened."""

import math
import time
from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from stemsteer.files import written_whole
from stemsteer.taggers.instruments.network import InstrumentsNetwork
from stemsteer.taggers.instruments.training.examples import ClipTensors, ExampleMaker, Examples
from stemsteer.taggers.instruments.training.settings import TaggerTrainingSettings

VALIDATION_EXAMPLES = 1024
VALIDATION_SEED = 1


def learning_rate_factor(step: int, settings: TaggerTrainingSettings) -> float:
    """A linear warm-up, then a fall to nothing along half a cosine (Loshchilov and Hutter, 1608.03983)."""
    progress = step / settings.steps
    return min((step + 1) / settings.warmup_steps, 1.0) * (1 + math.cos(math.pi * progress)) / 2


def loss_of(logits: Tensor, examples: Examples) -> Tensor:
    """The mean binary cross entropy over what is known of the labels."""
    errors = F.binary_cross_entropy_with_logits(logits, examples.labels, reduction="none")
    return (errors * examples.known).sum() / examples.known.sum()


def area_under_curve(logits: Tensor, labels: Tensor, known: Tensor) -> list[float]:
    """The area under the receiver operating characteristic of each label; nan where it is all or nothing.

    The share of pairs of an example with the label and one without in which the former has the higher logit
    (Mann and Whitney, 1947).

    Args:
        logits: `[examples, labels]`.
        labels: 1 where the label is true, `[examples, labels]`.
        known: 0 for examples that do not count, `[examples, labels]`.
    """
    areas = []
    for of_label, truth, counts in zip(logits.T, labels.T, known.T, strict=True):
        with_it, without = of_label[(counts > 0) & (truth > 0)], of_label[(counts > 0) & (truth == 0)]
        higher = (with_it[:, None] > without).float() + 0.5 * (with_it[:, None] == without).float()
        areas.append(float(higher.mean()) if higher.numel() else math.nan)
    return areas


class TaggerTraining:
    """A network in training, with all that a checkpoint must hold."""

    def __init__(self, settings: TaggerTrainingSettings, clips: ClipTensors, kept_out: ClipTensors) -> None:
        """`kept_out` are clips that are never trained on; examples of them say how far the training is."""
        self.settings, self.clips = settings, clips.digest()
        torch.manual_seed(settings.seed)
        self.network = InstrumentsNetwork(clips.labels.shape[1], settings.width)
        self.averaged = deepcopy(self.network).requires_grad_(False)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self.random = torch.Generator().manual_seed(settings.seed)
        self.examples = ExampleMaker(clips, settings.window_seconds, self.random)
        unseen = ExampleMaker(kept_out, settings.window_seconds, torch.Generator().manual_seed(VALIDATION_SEED))
        self.unseen = unseen.draw(VALIDATION_EXAMPLES)
        self.step = 0
        self.history: list[dict[str, float]] = []

    def take_step(self) -> float:
        """One step on a fresh batch of examples; returns the loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * learning_rate_factor(self.step, self.settings)
        examples = self.examples.draw(self.settings.batch)
        loss = loss_of(self.network(examples.heard), examples)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self._average()
        self.step += 1
        return loss.item()

    @torch.no_grad()
    def _average(self) -> None:
        kept = min(self.settings.averaging, (1 + self.step) / (10 + self.step))
        for averaged, current in zip(
            self.averaged.state_dict().values(), self.network.state_dict().values(), strict=True
        ):
            if averaged.is_floating_point():
                averaged.lerp_(current, 1 - kept)
            else:
                averaged.copy_(current)

    @torch.no_grad()
    def validated(self) -> dict[str, float]:
        """Loss and mean area under the curve of the averaged weights on clips that are kept out."""
        self.averaged.eval()
        logits = torch.cat([self.averaged(heard) for heard in self.unseen.heard.split(64)])
        areas = torch.tensor(area_under_curve(logits, self.unseen.labels, self.unseen.known))
        return {"kept_out_loss": loss_of(logits, self.unseen).item(), "kept_out_auc": areas.nanmean().item()}

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "settings": self.settings.model_dump(),
            "clips": self.clips,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": self.random.get_state(),
            "dropout": torch.get_rng_state(),
            "step": self.step,
            "history": self.history,
        }
        with written_whole(path) as part:
            torch.save(state, part)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint of the same settings and clips; with others the training starts afresh."""
        saved = torch.load(path, weights_only=True)
        if saved["settings"] != self.settings.model_dump() or saved["clips"] != self.clips:
            return
        self.network.load_state_dict(saved["network"])
        self.averaged.load_state_dict(saved["averaged"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.random.set_state(saved["random"])
        torch.set_rng_state(saved["dropout"])
        self.step = saved["step"]
        self.history = saved["history"]


def train(
    clips: ClipTensors, kept_out: ClipTensors, settings: TaggerTrainingSettings, checkpoint: Path
) -> TaggerTraining:
    """Train a tagger, going on from `checkpoint` if it is there."""
    torch.set_num_threads(settings.threads)
    training = TaggerTraining(settings, clips, kept_out)
    if checkpoint.exists():
        training.resume(checkpoint)
    started = time.monotonic() - (training.history[-1]["seconds"] if training.history else 0.0)
    losses = []
    progress = tqdm(total=settings.steps, initial=training.step, desc="tagger training", unit="step")
    while training.step < settings.steps:
        losses.append(training.take_step())
        progress.update()
        if training.step % settings.checkpoint_every == 0 or training.step == settings.steps:
            row = {"step": training.step, "loss": sum(losses) / len(losses), **training.validated()}
            training.history.append({**row, "seconds": time.monotonic() - started})
            training.save(checkpoint)
            progress.set_postfix(loss=row["loss"], auc=row["kept_out_auc"])
            losses.clear()
    progress.close()
    return training
