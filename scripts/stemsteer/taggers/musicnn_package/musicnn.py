"""Musicnn: a network whose first filters have musical shapes.

Pons et al., "End-to-end learning for music audio tagging at scale", ISMIR 2018, arXiv 1711.02520; weights of
Pons and Serra, "musicnn", 2019, arXiv 1909.06654.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stemsteer.taggers.filter_maxima import filter_maxima
from stemsteer.taggers.musicnn_package.layers import Block, batch_norm, dense
from stemsteer.taggers.musicnn_package.weights import Weights


class Musicnn(nn.Module):
    """Log mel spectrogram `[batch, frames, 96]` to tag logits `[batch, tags]`."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.input_norm = batch_norm(weights, 0, nn.BatchNorm2d)
        self.timbral = nn.ModuleList([Timbral(weights, "conv2d", 1), Timbral(weights, "conv2d_1", 2)])
        self.temporal = nn.ModuleList(_temporal(weights, f"conv2d_{number}", number + 1) for number in (2, 3, 4))
        self.first, self.second, self.third = (
            _over_all_features(weights, f"conv2d_{number}", number + 1) for number in (5, 6, 7)
        )
        self.pooled_norm = batch_norm(weights, 9, nn.BatchNorm1d)
        self.hidden = dense(weights, "dense")
        self.hidden_norm = batch_norm(weights, 10, nn.BatchNorm1d)
        self.output = dense(weights, "dense_1")

    def forward(self, log_mel: Tensor) -> Tensor:
        spectrogram = self.input_norm(log_mel.unsqueeze(1))
        timbres = [block(spectrogram).mT for block in self.timbral]
        rhythms = [block(spectrogram.mT) for block in self.temporal]
        heard = torch.cat([*timbres, *rhythms], dim=1)  # [batch, features, 1, frames], as all that follow
        first = self.first(heard)
        second = first + self.second(first)
        third = second + self.third(second)
        features = torch.cat([heard, first, second, third], dim=1).squeeze(2)
        pooled = torch.stack([features.amax(dim=2), features.mean(dim=2)], dim=2).flatten(1)
        hidden = self.hidden_norm(F.relu(self.hidden(self.pooled_norm(pooled))))
        logits: Tensor = self.output(hidden)
        return logits


class Timbral(Block):
    """Filters of 7 frames and 38 or 67 mel bands: `[1, frames, mels]` to `[out, frames, 1]`.

    Of each filter, the largest response over all mel bands is kept.
    """

    def __init__(self, weights: Weights, name: str, norm: int) -> None:
        super().__init__(weights, name, norm, axes=(3, 2, 0, 1), padding=(3, 0))

    def pooled(self, x: Tensor) -> Tensor:
        kernel, bias = self.convolution.weight, self.convolution.bias
        assert bias is not None
        places = x.shape[3] - kernel.shape[3] + 1
        return filter_maxima(x, kernel, bias, padding=(3, 0), pooling=(1, places))


def _temporal(weights: Weights, name: str, norm: int) -> nn.Module:
    """Filters of 32, 64 or 128 frames: `[1, mels, frames]` to `[out, 1, frames]`.

    Of each filter, the largest response over all mel bands is kept.
    Frames come last because a convolution's gradient is several times slower with a high, narrow kernel.
    """
    block = Block(weights, name, norm, axes=(3, 2, 1, 0), pool=_best_of_mels)
    padding = len(weights[f"{name}/kernel"]) - 1  # odd: TensorFlow puts the larger half at the end
    return nn.Sequential(nn.ZeroPad2d((padding // 2, padding - padding // 2, 0, 0)), block)


def _best_of_mels(responses: Tensor) -> Tensor:
    # The gradient of max() goes to one place. That of amax() is shared by equal values, and takes three times as long.
    return responses.max(dim=2, keepdim=True).values


def _over_all_features(weights: Weights, name: str, norm: int) -> Block:
    """Filters of 7 frames over all features: `[features, 1, frames]` to `[out, 1, frames]`."""
    return Block(weights, name, norm, axes=(3, 1, 2, 0), padding=(0, 3))
