"""Read a folder with a checkpoint of CLAP and its tokenizer, by means of the package transformers."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from stemsteer.errors import UserError, first_line
from stemsteer.taggers.packages import imported


class Checkpoint:
    """A ClapModel, its feature extractor and its tokenizer.

    Nothing is fetched, and weights that are no safetensors are opened by PyTorch's reader of weights alone.

    Raises:
        UserError: transformers is missing, the folder holds no checkpoint, or one that lacks weights or fuses features.
    """

    def __init__(self, tagger: str, folder: Path) -> None:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # Read when the package is imported.
        transformers = imported("transformers", tagger)
        imported("transformers.utils.logging", tagger).disable_progress_bar()
        try:
            processor = transformers.ClapProcessor.from_pretrained(folder, local_files_only=True)
            model, loaded = transformers.ClapModel.from_pretrained(
                folder, local_files_only=True, weights_only=True, output_loading_info=True
            )
        except Exception as error:  # transformers raises many kinds of exceptions for damaged files
            raise UserError(
                f"{folder}: transformers cannot read it as a checkpoint of CLAP ({type(error).__name__}: "
                f"{first_line(error)}); delete the folder and fetch {tagger} anew"
            ) from None
        if missing := sorted(loaded["missing_keys"]):
            raise UserError(f"{folder}: weights are missing, {missing[0]} for one; fetch {tagger} anew")
        if model.config.audio_config.enable_fusion:
            raise UserError(f"{folder}: it fuses parts of long audio drawn at random; take a checkpoint without fusion")
        self.model: Any = model.eval()
        self.extractor: Any = processor.feature_extractor
        self._tokenizer: Any = processor.tokenizer

    @torch.no_grad()
    def text_embeddings(self, texts: Sequence[str]) -> Tensor:
        """`[texts, dimensions]`, each of length 1."""
        tokens = self._tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        pooled = self.model.text_model(tokens["input_ids"], attention_mask=tokens["attention_mask"]).pooler_output
        return F.normalize(self.model.text_projection(pooled), dim=-1)
