"""The precision of the large products in steering, and what is said when its numbers are none any more."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from small_problems import WITHOUT_MASK, BandTagger, Excerpt, method_of, settings, small_generator, solved
from stemsteer.devices import computing_in
from stemsteer.errors import UserError
from stemsteer.generators.jukebox.codec import JukeboxCodec
from stemsteer.settings.run import RunSettings
from stemsteer.steering.gradient import GradientSolver, GradientSteering
from stemsteer.validation import Precision

CPU = torch.device("cpu")
Flags = tuple[str, bool]


def flags() -> Flags:
    """Whether float32 products may be rounded to TF32: those of matrices, those of convolutions."""
    return torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32


@pytest.fixture(params=[("highest", True), ("high", False)])
def before(request: pytest.FixtureRequest) -> Iterator[Flags]:
    """Flags that another part of the process has set."""
    usual = flags()
    torch.set_float32_matmul_precision(request.param[0])
    torch.backends.cudnn.allow_tf32 = request.param[1]
    yield request.param
    torch.set_float32_matmul_precision(usual[0])
    torch.backends.cudnn.allow_tf32 = usual[1]


class Watched(torch.autograd.Function):
    """The identity, that notes the flags on the way there and on the way back."""

    @staticmethod
    def forward(context, signal: Tensor, seen: list[Flags]) -> Tensor:
        context.seen = seen
        seen.append(flags())
        return signal.clone()

    @staticmethod
    def backward(context, gradient: Tensor) -> tuple[Tensor, None]:
        context.seen.append(flags())
        return gradient, None


class WatchedGenerator(JukeboxCodec):
    def __init__(self, seen: list[Flags]) -> None:
        super().__init__(small_generator().vqvae, fingerprint="", licence="")
        self.seen = seen

    def encode(self, audio: Tensor) -> Tensor:
        return super().encode(Watched.apply(audio, self.seen))

    def decode(self, quantised: Tensor) -> Tensor:
        return super().decode(Watched.apply(quantised, self.seen))


class WatchedTagger(BandTagger):
    def __init__(self, seen: list[Flags]) -> None:
        super().__init__()
        self.seen = seen

    def window_logits(self, windows: Tensor) -> Tensor:
        return super().window_logits(Watched.apply(windows, self.seen))


def solver(changes: RunSettings, tagger: BandTagger, generator: JukeboxCodec | None = None) -> GradientSolver:
    problem = Excerpt((300, 4000), ()).problem(0, torch.float32, 6003, {tagger.name: [0]})
    return GradientSteering(changes.steering, method_of(changes, [tagger], generator)).begin([problem])


@pytest.mark.parametrize(
    ("precision", "expected"),
    [("float32", ("highest", False)), ("tf32", ("high", True)), ("bfloat16", ("highest", False))],
)
def test_products_are_rounded_to_tf32_where_that_is_asked_for_and_nowhere_else(
    before: Flags, precision: Precision, expected: Flags
) -> None:
    """In the encoder, the decoder and the tagger, there and back; afterwards the process is as it was."""
    seen: list[Flags] = []
    changes = settings(steps=2, precision=precision, compared_with="reconstruction")
    running = solver(changes, WatchedTagger(seen), WatchedGenerator(seen))
    assert seen == 2 * [expected]  # encoded, and decoded for the reconstruction
    while not running.done:
        running.advance()
    running.finish()
    # Two steps there and back and the last one there, each through the decoder and the tagger.
    assert seen == (2 + (2 * 2 + 1) * 2) * [expected]
    assert flags() == before


@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
def test_an_error_leaves_the_process_as_it_was(before: Flags, precision: Precision) -> None:
    with pytest.raises(ValueError, match="a block's own"), computing_in(precision, CPU):
        raise ValueError("a block's own")
    assert flags() == before
    assert not torch.is_autocast_enabled("cpu")


def test_products_are_rounded_and_sums_are_not() -> None:
    x = torch.tensor([[1 + 2**-9]])
    with computing_in("bfloat16", CPU):
        assert (x @ x).item() == 1
        assert (x + x).item() == 2 + 2**-8
        assert x.sum().dtype == torch.float32
    for precision in ("float32", "tf32"):
        with computing_in(precision, CPU):
            assert (x @ x).item() == 1 + 2**-8 + 2**-18


def test_bfloat16_changes_the_result_a_little() -> None:
    exact, rounded = (settings(steps=3, learning_rate=0.02, precision=name) for name in ("float32", "bfloat16"))
    running = solver(rounded, BandTagger())
    assert running.latents.latents[0].dtype == torch.float32
    while not running.done:
        running.advance()
    assert running.latents.latents[0].dtype == torch.float32
    ((found,),) = running.finish()
    (expected,) = solved(solver(exact, BandTagger()))
    assert found.audio.dtype == torch.float32
    difference = (found.audio - expected.audio).square().mean() / expected.audio.square().mean()
    assert 1e-7 < difference.item() < 1e-2  # -70 to -20 dB
    assert found.history[0].loss == pytest.approx(expected.history[0].loss, rel=0.05)
    assert found.history[0].loss != expected.history[0].loss


class FailingTagger(BandTagger):
    """Hears `value` from its `first` hearing on."""

    def __init__(self, first: int, value: float) -> None:
        super().__init__()
        self.first, self.value = first, value
        self.hearings = 0

    def window_logits(self, windows: Tensor) -> Tensor:
        logits = super().window_logits(windows)
        self.hearings += 1
        return logits if self.hearings <= self.first else logits * self.value


class EdgedTagger(BandTagger):
    """Whose logits are numbers, and their gradient is none: the root of nothing."""

    def window_logits(self, windows: Tensor) -> Tensor:
        return super().window_logits(windows) + (0 * windows.sum(dim=1, keepdim=True)).abs().sqrt()


@pytest.mark.parametrize("step", [0, 2, 5])
def test_a_loss_that_is_no_number_is_told(step: int) -> None:
    """At the last step it is what the finished signal is heard as."""
    changes = settings(steps=5)
    with pytest.raises(UserError) as told:
        solved(solver(changes, FailingTagger(step, float("nan"))))
    assert str(told.value) == (
        f"at step {step} of 5 the loss became infinite or not a number: lower learning_rate, or set precision: float32"
    )


def test_a_gradient_that_is_no_number_is_told() -> None:
    changes = settings(steps=5)
    with pytest.raises(UserError, match=r"^at step 0 of 5 the latents became infinite or not a number: lower learn"):
        solved(solver(changes, EdgedTagger()))


def test_an_absurd_learning_rate_is_told() -> None:
    changes = settings(steps=5, learning_rate=1e30, codebook="reinit-ema", **WITHOUT_MASK)
    with pytest.raises(
        UserError, match=r"^at step [0-5] of 5 the \w+ became infinite or not a number: lower learning_"
    ):
        solved(solver(changes, BandTagger()))
