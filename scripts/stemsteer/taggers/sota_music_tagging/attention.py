"""CNNSA: strided convolutions and a transformer over 15 s. Won, Chun and Serra, 2019, arXiv 1906.04972.

The transformer is BERT's encoder (Devlin et al., 2019, arXiv 1810.04805) with two layers, but without
position embeddings: it does not know the order of the frames.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stemsteer.taggers.sota_music_tagging.layers import StridedResidual2d
from stemsteer.taggers.sota_music_tagging.network import TAGS, MelNetwork

WIDTH = 256
INTERMEDIATE = 1024
HEADS = 8
DEPTH = 2
LAYER_NORM_EPSILON = 1e-12


class SelfAttention(nn.Module):
    """Attention of each token to all, in eight heads: `[batch, tokens, 256]` to the same."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)

    def forward(self, tokens: Tensor) -> Tensor:
        query, key, value = (
            project(tokens).unflatten(2, (HEADS, -1)).transpose(1, 2) for project in (self.query, self.key, self.value)
        )
        attended = F.scaled_dot_product_attention(query, key, value)  # [batch, heads, tokens, 256 / heads]
        return attended.transpose(1, 2).flatten(2)


class AddedDense(nn.Module):
    """A dense layer added to something else, and layer norm: `[batch, tokens, features]` to `[batch, tokens, 256]`."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.dense = nn.Linear(features, WIDTH)
        self.LayerNorm = nn.LayerNorm(WIDTH, eps=LAYER_NORM_EPSILON)

    def forward(self, x: Tensor, added: Tensor) -> Tensor:
        return self.LayerNorm(self.dense(x) + added)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.self = SelfAttention()
        self.output = AddedDense(WIDTH)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.output(self.self(tokens), tokens)


class Dense(nn.Module):
    """A linear layer, named as the published weights name it."""

    def __init__(self, features: int, units: int) -> None:
        super().__init__()
        self.dense = nn.Linear(features, units)

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(x)


class TransformerLayer(nn.Module):
    """Attention and two dense layers, each added to its input: `[batch, tokens, 256]` to the same."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = Attention()
        self.intermediate = Dense(WIDTH, INTERMEDIATE)
        self.output = AddedDense(INTERMEDIATE)

    def forward(self, tokens: Tensor) -> Tensor:
        attended = self.attention(tokens)
        return self.output(F.gelu(self.intermediate(attended)), attended)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.ModuleList(TransformerLayer() for _ in range(DEPTH))

    def forward(self, tokens: Tensor) -> Tensor:
        for layer in self.layer:
            tokens = layer(tokens)
        return tokens


class CNNSA(MelNetwork):
    window = 15 * 16000

    def __init__(self) -> None:
        super().__init__(bands=128)
        self.add_layers(
            StridedResidual2d(1, 128),
            StridedResidual2d(128, 128),
            StridedResidual2d(128, WIDTH),
            *(StridedResidual2d(WIDTH, WIDTH, stride=(2, 1)) for _ in range(4)),
        )
        self.encoder = Encoder()
        self.pooler = Dense(WIDTH, WIDTH)
        self.dense = nn.Linear(WIDTH, TAGS)
        self.register_buffer("class_token", class_token(), persistent=False)
        self.class_token: Tensor

    def forward(self, audio: Tensor) -> Tensor:
        frames = self.through_layers(audio).squeeze(2).mT  # [batch, frames, 256]
        token = self.class_token.expand(len(frames), 1, -1)
        encoded = self.encoder(torch.cat([token, frames], dim=1))
        return self.dense(torch.tanh(self.pooler(encoded[:, 0])))


def class_token() -> Tensor:
    """The token `[1, 256]` whose output is classified.

    It was neither trained nor stored: these are the numbers that NumPy's generator gives after it is seeded with 0.
    """
    return torch.from_numpy(np.random.RandomState(0).random_sample((1, WIDTH))).float()
