"""Golden figures of TagBox's released code: the first loss and gradient, and the losses of the first steps.

    python tagbox_trajectory.py TAGBOX JUKEBOX TAGGERS MODELS OUTPUT

runs `run_tagbox` as released, on the CPU. TAGBOX, JUKEBOX and TAGGERS are checkouts of github.com/ethman/tagbox
(e323d16), github.com/openai/jukebox (08efbbc) and github.com/ethman/sota-music-tagging-models (2969b12); MODELS is a
folder with the latter's weights as `<data>/<architecture>/best_model.pth`; OUTPUT is the .npz to write. Made with torch
2.13.0, torchaudio 2.11.0 and librosa 0.11.0, none of which StemSteer's own code is asked about: it is never imported.

What is replaced in the reference, and nothing else:

- the VQ-VAE's weights: StemSteer's embedded codec, one level, instead of the official checkpoint's three, of which
  the code steers and hears the bottom one alone;
- random draws (the first codebook and every step's replacements of unused codes): permutations of one seeded generator;
- `.cuda()` and the talk between processes: nothing, on one machine without a GPU;
- for float64: the types of the audio, the labels, the resampling kernel and the networks.
"""

import functools
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parents[2]
CODEC = ROOT / "resources" / "codec" / "embedded.safetensors"
# 16 kHz, and here taken for 44.1 kHz: real music without a resampler's rounding. A whole number of the codec's hops,
# but not of the masks' hops.
AUDIO = ROOT / "tests" / "data" / "feelings_16khz.flac"
SEED = 20211021
TAGS = [5, 11, 41]  # drums, beat, beats of MTAT
EVERY = 397  # of long signals, every 397th number is kept


def make_vqvae(dtype: torch.dtype) -> Any:
    """The reference's VQ-VAE with the embedded codec's weights, as its loader leaves it: in evaluation mode, frozen."""
    from jukebox.utils.torch_utils import freeze_model
    from jukebox.vqvae.vqvae import VQVAE

    vqvae = VQVAE(
        input_shape=(1048576, 1),
        levels=1,
        downs_t=(3,),
        strides_t=(2,),
        emb_width=64,
        l_bins=2048,
        mu=0.99,
        commit=0.02,
        spectral=0.0,
        multispectral=1.0,
        multipliers=(1,),
        width=32,
        depth=4,
        m_conv=1.0,
        dilation_growth_rate=3,
        dilation_cycle=None,
        reverse_decoder_dilation=True,
    )
    vqvae.load_state_dict(load_file(CODEC))
    vqvae.eval()
    freeze_model(vqvae)
    vqvae.preprocess = lambda audio: audio.permute(0, 2, 1).to(dtype)
    return vqvae.to(dtype)


class RecordingAdam(torch.optim.Adam):
    """Adam that remembers the first gradient."""

    first_gradient: torch.Tensor | None = None

    def step(self, *args: Any, **kwargs: Any) -> Any:
        if RecordingAdam.first_gradient is None:
            RecordingAdam.first_gradient = self.param_groups[0]["params"][0].grad.clone()
        return super().step(*args, **kwargs)


def run(dtype: torch.dtype, taggers: list[str], steps: int, fft_sizes: list[int] | None) -> dict[str, np.ndarray]:
    """What `run_tagbox` did: losses `[steps, signals]`, the first gradient, every so many samples of its signals."""
    import torchaudio
    from sota_music_taggers.predict import MusicTagger
    from tagbox import runners

    torch.set_default_dtype(dtype)
    draws = torch.Generator().manual_seed(SEED)
    permutation = torch.randperm
    original = (runners.setup_jbx, runners.make_labels, torchaudio.transforms.Resample, runners.MusicTagger)
    make_labels, resample = original[1], original[2]

    def tagger(*args: Any, **kwargs: Any) -> Any:
        made = MusicTagger(*args, **kwargs)
        made.model.to(dtype)
        return made

    runners.setup_jbx = lambda *_: make_vqvae(dtype)
    runners.make_labels = lambda tags: make_labels(tags).to(dtype)
    runners.MusicTagger = tagger
    runners.optim.Adam = RecordingAdam
    RecordingAdam.first_gradient = None
    if dtype == torch.float64:
        torchaudio.transforms.Resample = functools.partial(resample, dtype=dtype)
    torch.randperm = lambda number: permutation(number, generator=draws)
    samples, _ = soundfile.read(AUDIO, dtype="float32")
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "audio.wav"
        soundfile.write(wav, samples, 44100, "FLOAT")
        results = runners.run_tagbox(
            str(wav), TAGS, steps, 10.0, "cpu", taggers, "mtat", mask_audio=fft_sizes is not None, n_fft=fft_sizes
        )
    runners.setup_jbx, runners.make_labels, torchaudio.transforms.Resample, runners.MusicTagger = original
    torch.randperm = permutation
    gradient = RecordingAdam.first_gradient
    assert gradient is not None
    signals = {name: signal[::EVERY] for name, signal in results.items() if isinstance(signal, np.ndarray)}
    return {
        "losses": np.array([list(losses.values()) for losses in results["hist_loss"]], dtype=np.float64),
        "gradient": gradient.flatten()[::EVERY].numpy(),
        "gradient_norm": gradient.norm().numpy(),
        **signals,
    }


def main() -> None:
    tagbox, jukebox, taggers, models, output = map(Path, sys.argv[1:])
    torch.Tensor.cuda = lambda tensor, *_, **__: tensor
    sys.path[:0] = [str(tagbox), str(jukebox), str(taggers)]
    from jukebox.utils import dist_adapter
    from sota_music_taggers import predict

    dist_adapter.is_available = lambda: False
    predict.MODEL_DIR = models
    cases = {
        "first_step": run(torch.float32, ["fcn", "musicnn"], 1, [2048, 1024, 512]),
        "first_step_in_float64": run(torch.float64, ["fcn", "musicnn"], 1, [2048, 1024, 512]),
        "twenty_steps": run(torch.float64, ["musicnn", "crnn"], 20, [512, 1024]),
        "no_mask": run(torch.float64, ["musicnn"], 5, None),
    }
    figures = {f"{case}/{name}": value for case, values in cases.items() for name, value in values.items()}
    np.savez_compressed(output, **figures)
    for name, value in figures.items():
        print(name, value.shape, np.ravel(value)[:3])


if __name__ == "__main__":
    main()
