"""Run the network of an ONNX file."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from stemsteer.errors import UserError, first_line
from stemsteer.taggers.packages import imported

GPU = "CUDAExecutionProvider"


class OnnxNetwork:
    """The network of an ONNX file, from samples to a number for each label.

    It computes on a CPU with as many threads as PyTorch, and on a GPU where that is asked for and onnxruntime can.

    Args:
        tagger: its name.
        path: the file. Weights in files beside it are not read, for nothing tells whether they are the same ones.
        samples: that it hears at once.
        labels: how many numbers are wanted.

    Raises:
        UserError: onnxruntime is missing or cannot run the file, or it does not take samples to labels.
    """

    def __init__(self, tagger: str, path: Path, samples: int, labels: int) -> None:
        self._runtime = imported("onnxruntime", tagger)
        self._path, self._content = path, path.read_bytes()
        self._sessions: dict[bool, Any] = {}
        self._input = self._only_input(samples)
        self._one_by_one = self._input.shape[0] == 1
        self._output = self._output_for(samples, labels)

    def __call__(self, windows: NDArray[np.float32], gpu: bool = False) -> NDArray[np.float32]:
        """What the network says of audio `[windows, samples]`: `[windows, labels]` or `[windows, frames, labels]`."""
        if not self._one_by_one:
            return self._said_of(windows, gpu)[self._output]
        return np.concatenate([self._said_of(window[None], gpu)[self._output] for window in windows])

    def _said_of(self, windows: NDArray[np.float32], gpu: bool) -> list[Any]:
        """All outputs."""
        audio = windows if len(self._input.shape) == 2 else windows[:, None]
        outputs: list[Any] = self._session(gpu).run(None, {self._input.name: audio})
        return outputs

    def _session(self, gpu: bool) -> Any:
        gpu = gpu and GPU in self._runtime.get_available_providers()
        if gpu not in self._sessions:
            self._sessions[gpu] = self._open([GPU, "CPUExecutionProvider"] if gpu else ["CPUExecutionProvider"])
        return self._sessions[gpu]

    def _open(self, providers: list[str]) -> Any:
        options = self._runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = 4  # What goes wrong is told below.
        try:
            return self._runtime.InferenceSession(self._content, options, providers=providers)
        except Exception as error:  # onnxruntime has a kind of exception for each of its own codes
            raise UserError(
                f"{self._path}: onnxruntime cannot read it as a network ({first_line(error)}); export it anew as one "
                "file, with operators of onnx alone"
            ) from None

    def _only_input(self, samples: int) -> Any:
        inputs = self._session(gpu=False).get_inputs()
        shapes = "; ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
        wanted = "one input of floats, [batch, samples] or [batch, 1, samples]"
        if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) not in (2, 3):
            raise UserError(f"{self._path}: a tagger has {wanted}, and this network has {shapes}; export it with one")
        batch, *channels, length = inputs[0].shape
        if isinstance(length, int) and length != samples:
            raise UserError(
                f"{self._path}: the network hears {length:,} samples at once, not {samples:,}; correct window_seconds "
                "or sample_rate of the tagger"
            )
        if any(isinstance(number, int) and number != 1 for number in (batch, *channels)):
            raise UserError(f"{self._path}: a tagger has {wanted}, and this network has {shapes}; export it with one")
        return inputs[0]

    def _output_for(self, samples: int, labels: int) -> int:
        """The place of the output that has a number for each label, by what it says of silence."""
        try:
            outputs = self._said_of(np.zeros((1, samples), dtype=np.float32), gpu=False)
        except Exception as error:
            raise UserError(
                f"{self._path}: the network cannot hear {samples:,} samples ({first_line(error)}); correct "
                "window_seconds or sample_rate of the tagger, or export it anew"
            ) from None
        shapes = [list(np.shape(output)) for output in outputs]
        fitting = [at for at, shape in enumerate(shapes) if shape[:1] == [1] and len(shape) in (2, 3)]
        fitting = [at for at in fitting if shapes[at][-1] == labels]
        if len(fitting) != 1:
            raise UserError(
                f"{self._path}: there are {labels} labels, so one output has to be [batch, {labels}] or "
                f"[batch, frames, {labels}]; those of this network are {', '.join(map(str, shapes))}: correct the list "
                "of labels, or export the network anew"
            )
        return fitting[0]
