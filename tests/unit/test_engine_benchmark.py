"""The engine's benchmarks: what they count, where they say time goes, and what they say when something is missing."""

import importlib
import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from reference_vqvae import SAMPLES, reference_vqvae
from stemsteer.errors import UserError
from stemsteer.generators.jukebox.architecture import Architecture
from stemsteer.sound.resampling import Resampler
from stemsteer.taggers.loading import load_tagger

ENGINE = Path(__file__).parents[2] / "benchmarks" / "engine"
PARTS = ("quantiser", "decoder", "mask", "resampler", "tagger front ends", "network of MTT_musicnn", "optimiser")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a module of the benchmark by its name."""
    monkeypatch.syspath_prepend(ENGINE)
    return importlib.import_module


def small_setting(engine: Any, **changes: Any) -> Any:
    setting = engine("setting")
    values = {
        "audio": str(setting.AUDIO),
        "seconds": 0.5,
        "taggers": ["MTT_musicnn"],
        "fft_sizes": [512],
        "source": "drums",
        "steps": 2,
        "threads": torch.get_num_threads(),
        "device": "cpu",
        "codec": "embedded",
    }
    return setting.Setting(**{**values, **changes})


def test_throughput_prints_and_writes_all_parts(tmp_path: Path) -> None:
    table = tmp_path / "throughput.tsv"
    options = [
        "--codec=embedded",
        "--taggers=MTT_musicnn",
        "--fft-sizes=512",
        "--seconds=0.5",
        "--steps=2",
        "--threads=1",
    ]
    command = [sys.executable, str(ENGINE / "throughput.py"), str(table), *options]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = pd.read_csv(table, sep="\t", keep_default_na=False)
    assert list(found) == ["quantity", "value", "unit"]
    value = found.set_index("quantity")["value"]
    number = pd.to_numeric(value, errors="coerce")
    assert float(number["throughput"]) == pytest.approx(0.5 / float(number["step"]))
    for part in PARTS:
        assert part in printed
        assert number[f"{part}, forward"] > 0, part
        assert part in ("quantiser", "optimiser") or number[f"{part}, backward"] > 0, part
    of_parts = number[number.index.str.endswith((", forward", ", backward"))]
    assert of_parts.sum() == pytest.approx(number["profiled step"])
    assert number["rest, forward"] < number["profiled step"] / 2
    needed = number[number.index.str.endswith(", needed")].sum()
    assert number["floor"] == pytest.approx(needed / number["matrix product"])
    assert number["carried out"] > number["decoder, needed"]
    assert number["peak memory"] > 1e8
    assert 1e7 < number["kept"] < number["peak memory"]
    assert value["machine: threads"] == "1"
    assert value["machine: torch"] == torch.__version__


@pytest.mark.parametrize("multipliers", [(2,), (1,)])
def test_the_decoders_operations_are_those_of_jukeboxs_own(multipliers: tuple[int], engine: Any) -> None:
    vqvae = reference_vqvae(multipliers)
    latents = torch.randn(1, 64, SAMPLES // 8)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        vqvae.decoders[0]([latents], all_levels=False)
    shape = Architecture(width=32 * multipliers[0], depth=4 * multipliers[0])
    assert engine("floor").decoder_operations(shape, latents.shape[-1]) == counter.get_total_flops()


def test_all_of_a_tagger_is_needed_for_audio_that_fills_its_window_and_less_for_less(engine: Any) -> None:
    """Forward, as PyTorch counts a pass through the network, and as much again backward."""
    tagger = load_tagger("MTT_vgg")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        tagger.network(torch.randn(1, 187, 96))
    needed = engine("floor").needed
    settings = [small_setting(engine, seconds=seconds, taggers=["MTT_vgg"]) for seconds in (2.99, 1.5)]
    whole, half = (needed(setting.workload())["network of MTT_vgg"] for setting in settings)
    # By hand: five convolutions of 3 x 3 with 128 filters, the first only in every second band, and 50 tags.
    pixels, tags = 92 * 48 + 46 * 24 + 23 * 12 + 11 * 6, 2 * 128 * 50
    assert counter.get_total_flops() == 2 * (187 * 48 * 9 * 128 + pixels * 9 * 128 * 128 + tags)
    assert whole == 2 * counter.get_total_flops()
    assert 0.5 < half / whole < 0.75


def test_operations_depend_on_what_is_not_a_number(engine: Any) -> None:
    audio = torch.cat([torch.full((1, 1, 10), torch.nan), torch.zeros(1, 1, 10)], dim=2)
    convolution = nn.Conv1d(1, 1, kernel_size=3, padding=1)
    with engine("floor").Counting(depending=True) as counting, torch.no_grad():
        convolution(audio)
    assert counting.operations.total() == 11 * 3 * 2  # one more result than samples: that beside the last


def test_products_that_are_added_to_their_output_count_as_others(engine: Any) -> None:
    matrix = torch.ones(10, 10)
    with engine("floor").Counting() as counting:
        matrix.addmm_(torch.ones(10, 3), torch.ones(3, 10))
    assert counting.operations.total() == 2 * 10 * 3 * 10


def test_what_is_kept_for_the_way_back_counts_once(engine: Any) -> None:
    signal = torch.ones(1000, requires_grad=True)
    with engine("floor").noting_what_is_kept() as kept:
        powered = signal.exp()  # keeps its result
        (powered * powered).sum()  # keeps it too
        signal + 1  # keeps nothing
    assert sum(kept.values()) == 4 * 1000


class Slow(torch.autograd.Function):
    """The identity, which takes 0.2 s forward and 0.4 s backward."""

    @staticmethod
    def forward(ctx: Any, signal: Tensor) -> Tensor:
        time.sleep(0.2)
        return signal.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        time.sleep(0.4)
        return gradient


def test_a_profile_finds_the_part_that_is_slow(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the way back too, where nothing tells of parts but the graph's nodes."""
    resample = Resampler.forward
    monkeypatch.setattr(Resampler, "forward", lambda self, signal: Slow.apply(resample(self, signal)))
    setting = small_setting(engine)
    costs, _ = engine("parts").profiled(setting.workload(), steps=1)
    resampler = costs.pop("resampler")
    assert resampler.forward > 0.2
    assert resampler.backward > 0.4
    assert all(cost.backward < 0.4 for cost in costs.values())


def test_official_size_has_all_three_levels_and_codes_that_are_used(engine: Any, tmp_path: Path) -> None:
    path = engine("official_size").write_official_size(tmp_path)
    tensors = torch.load(path, weights_only=True)["model"]
    assert tensors["decoders.2.level_blocks.0.model.0.weight"].shape[0] == 32
    solver = small_setting(engine, codec=str(path)).workload().begin()
    codec, start = solver.latents.codec, solver.latents.start
    assert codec.vqvae.architecture == Architecture(width=64, depth=8)
    codes = codec.codes(start)
    assert len(codes.unique()) > 20
    with torch.no_grad():
        assert codec.decode_codes(codes).std() > 1e-4


def test_a_misspelt_tagger_is_told_in_a_sentence(engine: Any) -> None:
    with pytest.raises(UserError, match=r"'MTT_musicn' is not a tagger \(did you mean MTT_musicnn\?\)"):
        small_setting(engine, taggers=["MTT_musicn"]).config()


def reference_options(tmp_path: Path, *others: str) -> list[str]:
    """Options for checkouts that look complete, and for an interpreter that finds nothing missing."""
    for file in ("tagbox/runners.py", "jukebox/make_models.py", "sota_music_taggers/predict.py"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    checkouts = [f"--{name}={tmp_path}" for name in ("tagbox", "jukebox", "sota")]
    return [*checkouts, "--reference-python=true", *others]


def check(engine: Any, options: list[str]) -> None:
    against = engine("against_reference")
    against.check_reference(against.parser().parse_args(options))


def test_a_missing_checkout_is_told_in_a_sentence(engine: Any, tmp_path: Path) -> None:
    options = reference_options(tmp_path)
    check(engine, options)
    (tmp_path / "jukebox" / "make_models.py").unlink()
    sentence = f"--jukebox {tmp_path}: there is no jukebox/make_models.py in it; give a checkout of github.com/openai"
    with pytest.raises(UserError, match=sentence):
        check(engine, options)


def test_an_interpreter_without_the_references_packages_is_told_in_a_sentence(engine: Any, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'torchaudio'\" >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(UserError, match=r"lacks something \(ModuleNotFoundError: No module named 'torchaudio'\)"):
        check(engine, reference_options(tmp_path, "--reference-python", str(python)))
    with pytest.raises(UserError, match="cannot be run"):
        check(engine, reference_options(tmp_path, "--reference-python", str(tmp_path / "none")))


@pytest.mark.parametrize(
    ("taggers", "reason"),
    [(["MTT_musicnn"], "those of sota-music-tagging-models alone"), (["fcn-mtat", "crnn-msd"], "on the same data")],
)
def test_taggers_that_the_reference_lacks_are_told_in_a_sentence(
    taggers: list[str], reason: str, engine: Any, tmp_path: Path
) -> None:
    against = engine("against_reference")
    arguments = against.parser().parse_args(reference_options(tmp_path))
    with pytest.raises(UserError, match=reason):
        against.reference_setting(small_setting(engine, taggers=taggers), arguments, tmp_path)


def test_a_side_takes_a_step_when_asked_and_says_nothing_else(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What libraries print goes to its log."""
    program = "from pace import Pace; pace = Pace(); print('noise'); pace.ready(); pace.taken(1.5)"
    monkeypatch.setenv("PYTHONPATH", str(ENGINE))
    side = engine("against_reference").Side("ours", [sys.executable, "-c", program], {}, tmp_path)
    side.step()
    [step] = side.steps
    assert step.loss == 1.5
    assert 0 < step.seconds < 5
    assert step.peak > 1e6
    with pytest.raises(UserError, match="ours ended before its time: noise"):
        side.step()
    side.end()


def test_a_side_that_fails_is_quoted(engine: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the other ended before its time: no such thing"):
        engine("against_reference").Side("the other", [sys.executable, "-c", "exit('no such thing')"], {}, tmp_path)


def test_a_report_pairs_the_steps(engine: Any) -> None:
    """The first pair is not timed; the ratio is the median of the others'; all losses are compared."""

    class Past:
        def __init__(self, name: str, seconds: list[float], losses: list[float]) -> None:
            self.name = name
            step = engine("against_reference").Step
            self.steps = [step(s, loss, 10**9) for s, loss in zip(seconds, losses, strict=True)]

    reference = Past("reference", [9, 8, 12, 8], [0.5, 0.4, 0.3, 0.2])
    ours = Past("StemSteer", [9, 2, 2, 4], [0.5, 0.4, 0.3003, 0.2])
    text = engine("against_reference").report(reference, ours, in_float64=True)
    assert "ratio per step: 4.00, the median of 3 pairs (from 2.00 to 6.00)" in text
    assert "4 losses, the last 0.2: largest relative difference 1.0e-03" in text


def test_settings_can_be_sent_to_another_process(engine: Any) -> None:
    setting = small_setting(engine, changes={"generator.codebook": "frozen"})
    assert type(setting)(**json.loads(json.dumps(asdict(setting)))) == setting
    assert setting.config().runs["benchmark"].generator.codebook == "frozen"
