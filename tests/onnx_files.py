"""Small ONNX files: networks from samples to labels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

RATE = 8000
WINDOW = 800
LABELS = ("Low", "High", "Noise")
Shape = Sequence[int | str]


def write(path: Path, nodes: list[onnx.NodeProto], shapes: tuple[Shape, Shape], **weights: NDArray[np.float32]) -> Path:
    """A file with the network of some nodes, from `audio` to `answer`, of these shapes."""
    graph = helper.make_graph(
        nodes,
        "tagger",
        [helper.make_tensor_value_info("audio", TensorProto.FLOAT, shapes[0])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, shapes[1])],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def filters() -> NDArray[np.float32]:
    """`[labels, 1, 16]`: a low tone, a high tone and noise."""
    times = np.arange(16) / RATE
    tones = [np.sin(2 * np.pi * frequency * times) for frequency in (500, 2500)]
    noise = np.random.RandomState(0).normal(size=16)
    return np.stack([*tones, noise])[:, None].astype(np.float32)


def bank(path: Path, *, batch: int | str = "batch", samples: int | str = "samples", last: str = "") -> Path:
    """A file whose logits are the mean magnitudes of what filters let through; `last` is an activation."""
    nodes = [
        helper.make_node("Unsqueeze", ["audio", "at"], ["channel"]),
        helper.make_node("Conv", ["channel", "filters"], ["filtered"]),
        helper.make_node("Abs", ["filtered"], ["magnitude"]),
        helper.make_node("ReduceMean", ["magnitude"], ["mean" if last else "answer"], axes=[2], keepdims=0),
    ]
    if last:
        nodes.append(helper.make_node(last, ["mean"], ["answer"]))
    return write(path, nodes, ((batch, samples), (batch, 3)), filters=filters(), at=np.array([1], dtype=np.int64))


def frames(path: Path) -> Path:
    """A file that hears `[batch, 1, samples]` and has logits for each of its frames: `[batch, frames, 3]`."""
    nodes = [
        helper.make_node("Conv", ["audio", "filters"], ["filtered"], strides=[100]),
        helper.make_node("Transpose", ["filtered"], ["answer"], perm=[0, 2, 1]),
    ]
    return write(path, nodes, (("batch", 1, "samples"), ("batch", "frames", 3)), filters=filters())


def magnitudes(audio: NDArray[np.float32]) -> NDArray[np.float64]:
    """What `bank` says of audio `[batch, samples]`, by NumPy: `[batch, 3]`."""
    kernels = filters()[:, 0].astype(float)
    return np.array([[np.abs(np.correlate(one, kernel, "valid")).mean() for kernel in kernels] for one in audio])


def frame_logits(audio: NDArray[np.float32]) -> NDArray[np.float64]:
    """What `frames` says of audio `[batch, samples]`, by NumPy: `[batch, frames, 3]`."""
    kernels = filters()[:, 0].astype(float)
    filtered = [[np.correlate(one, kernel, "valid")[::100] for kernel in kernels] for one in audio]
    return np.array(filtered).transpose(0, 2, 1)


def labels(path: Path, *names: str) -> Path:
    path.write_text("".join(f"{name}\n" for name in names or LABELS), encoding="utf-8")
    return path
