"""A tiny CLAP with random weights, in the format of the published checkpoints, and its entry of the registry."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch

from stemsteer.models.registry import PromptTaggerModel, Published, registry
from stemsteer.models.weights import sha256

NAME = "tiny-clap"
SECONDS = 1
BESIDE = ("config.json", "preprocessor_config.json", "tokenizer_config.json", "vocab.json", "merges.txt")


def save(folder: Path) -> Path:
    """Write the checkpoint; returns the file of the weights."""
    # Not above: the processes of a workflow register the checkpoint only, and the import takes seconds.
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel

    folder.mkdir(parents=True)
    text = {
        "vocab_size": 300,
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": 80,
        "projection_dim": 16,
    }
    audio = {
        "spec_size": 64,
        "num_mel_bins": 16,
        "patch_size": 4,
        "patch_stride": [4, 4],
        "patch_embeds_hidden_size": 8,
        "hidden_size": 16,
        "depths": [1, 1],
        "num_attention_heads": [2, 2],
        "window_size": 4,
        "num_hidden_layers": 2,
        "projection_dim": 16,
        "enable_fusion": False,
    }
    torch.manual_seed(0)
    model = ClapModel(ClapConfig(text_config=text, audio_config=audio, projection_dim=16)).eval()
    with torch.no_grad():  # Else all audio is nearly the same to it.
        for weights in model.parameters():
            if weights.ndim > 1:
                weights.normal_(std=0.3)
    model.config.save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    ClapFeatureExtractor(
        feature_size=16, max_length_s=SECONDS, frequency_min=50, truncation="rand_trunc", padding="repeatpad"
    ).save_pretrained(folder)
    _save_tokenizer(folder)
    return folder / "pytorch_model.bin"


def _save_tokenizer(folder: Path) -> None:
    """A byte-level tokenizer without merges: each letter is a token."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    letters = [chr(code) for code in range(33, 127)] + ["Ġ"]
    vocabulary = {token: place for place, token in enumerate([*special, *letters])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    settings = {"tokenizer_class": "RobertaTokenizer", "processor_class": "ClapProcessor", "model_max_length": 70}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


def entry(weights: Path, rest: Sequence[str] = ("noise",)) -> PromptTaggerModel:
    """What the registry would say of it; the folder above its own is one of STEMSTEER_MODELS."""
    return PromptTaggerModel(
        kind="prompt-tagger",
        family="clap",
        architecture="tiny",
        file=f"{weights.parent.name}/{weights.name}",
        sha256=sha256(weights),
        beside={name: Published(sha256=sha256(weights.with_name(name))) for name in BESIDE},
        prompt="the sound of {source}",
        rest=tuple(rest),
        licence="MIT",
        citation="a toy of the tests",
    )


def register(weights: Path) -> None:
    registry()[NAME] = entry(weights)
