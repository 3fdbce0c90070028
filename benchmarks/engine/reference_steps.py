"""The reference's side of `against_reference.py`: `run_tagbox` as released, a step whenever one is asked for.

    python reference_steps.py SETTING

runs in the reference's own interpreter and imports nothing of StemSteer. SETTING is JSON: the checkouts `tagbox`,
`jukebox` and `sota`, the folder `models` with the taggers' weights as `<data>/<architecture>/best_model.pth`, the
checkpoint `codec`, the excerpt `audio`, `architectures`, `data`, `tags`, `fft_sizes`, `learning_rate`, `steps`, `seed`,
`threads`, `device` and `dtype`.

What is replaced in the reference, and nothing else:

- the VQ-VAE's checkpoint: a file instead of a download; the architecture is the reference's, all three levels of it;
- random draws (the first codebook and every step's replacements of unused codes): permutations by generators seeded
  alike, one for each level, so that those of the bottom level do not depend on there being others;
- the progress bar: a pace that another process sets;
- on a CPU `.cuda()`, and everywhere the talk between processes: nothing;
- for float64: the types of the audio, the labels, the resampling kernel and the networks.
"""

import functools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from pace import Pace


class PacedSteps:
    """In the place of the reference's progress bar, which counts its steps and is told their losses."""

    def __init__(self, pace: Pace, steps: int) -> None:
        self.pace, self.steps = pace, steps
        self.loss = float("nan")

    def __enter__(self) -> "PacedSteps":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Iterator[int]:
        self.pace.ready()
        for step in range(self.steps):
            yield step
            self.pace.taken(self.loss)

    def set_postfix(self, loss: float) -> None:
        # The reference has read the loss back by now, after the step: a GPU has nothing left to do.
        self.loss = loss


def seeded_permutations(seed: int) -> Any:
    """`torch.randperm` with a generator of its own for each number of things, that is, for each level."""
    generators: dict[int, torch.Generator] = {}
    permutation = torch.randperm

    def draw(number: int) -> torch.Tensor:
        generator = generators.setdefault(number, torch.Generator().manual_seed(seed))
        return permutation(number, generator=generator)

    return draw


def replace_types(runners: Any, dtype: torch.dtype) -> None:
    """Compute in another type than float32, which the reference takes for granted."""
    import torchaudio

    torch.set_default_dtype(dtype)
    setup_jbx, make_labels, make_tagger = runners.setup_jbx, runners.make_labels, runners.MusicTagger

    def vqvae(*arguments: Any) -> Any:
        made = setup_jbx(*arguments).to(dtype)
        made.preprocess = lambda audio: audio.permute(0, 2, 1).to(dtype)
        return made

    def tagger(*arguments: Any, **options: Any) -> Any:
        made = make_tagger(*arguments, **options)
        made.model.to(dtype)
        return made

    runners.setup_jbx = vqvae
    runners.make_labels = lambda tags: make_labels(tags).to(dtype)
    runners.MusicTagger = tagger
    torchaudio.transforms.Resample = functools.partial(torchaudio.transforms.Resample, dtype=dtype)


def main() -> None:
    pace = Pace()
    setting = json.loads(sys.argv[1])
    torch.set_num_threads(setting["threads"])
    if setting["device"] == "cpu":
        torch.Tensor.cuda = lambda tensor, *_, **__: tensor  # type: ignore[method-assign]
    sys.path[:0] = [setting["tagbox"], setting["jukebox"], setting["sota"]]
    from jukebox import make_models
    from jukebox.utils import dist_adapter
    from sota_music_taggers import predict
    from tagbox import runners

    dist_adapter.is_available = lambda: False
    make_models.load_checkpoint = lambda _: torch.load(setting["codec"], map_location="cpu", weights_only=True)
    predict.MODEL_DIR = Path(setting["models"])
    torch.randperm = seeded_permutations(setting["seed"])
    runners.trange = functools.partial(PacedSteps, pace)
    if setting["dtype"] != "float32":
        replace_types(runners, getattr(torch, setting["dtype"]))
    runners.run_tagbox(
        setting["audio"],
        setting["tags"],
        setting["steps"],
        setting["learning_rate"],
        setting["device"],
        setting["architectures"],
        setting["data"],
        mask_audio=True,
        n_fft=setting["fft_sizes"],
    )


if __name__ == "__main__":
    main()
