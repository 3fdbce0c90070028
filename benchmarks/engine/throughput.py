"""How fast StemSteer steers on this machine, where a step's time goes, and how far it is from what it must cost.

    python benchmarks/engine/throughput.py throughput.tsv

Printed, and written to a table with the columns quantity, value and unit:

- the throughput, in seconds of audio times steps a second, from the median step (the first one, in which caches are
  filled, is not timed), and the peak memory of the whole process;
- a profile by part, forward and backward, from a few steps under PyTorch's profiler, which slows them down a little;
- the floor: the floating-point operations that a step cannot do without, at the rate of a large float32 matrix product,
  which is measured between the steps with the same threads;
- beside it the operations that the step does carry out, and the bytes that it keeps from its way forward for its way
  back, which go to main memory and come from it at the rate of a large copy.
"""

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
import torch
from floor import CarriedOut, Products, carried_out, copying_rate, needed
from machine import facts, in_words, peak_memory
from official_size import write_official_size
from parts import Cost, profiled, synchronise
from setting import Setting, Workload, add_arguments, from_arguments
from tqdm import tqdm

from stemsteer.errors import UserError, told_on_terminal
from stemsteer.files import written_whole
from stemsteer.steering.base import Solver, solve

EXAMPLES = """\
examples:
  python benchmarks/engine/throughput.py 6s.tsv        6 s, FCN and Musicnn: the reference's setting
  python benchmarks/engine/throughput.py demo.tsv --codec embedded --taggers MTT_musicnn --windows cover \\
      --set generator.codebook=frozen                            what the demo does
  python benchmarks/engine/throughput.py gpu.tsv --device cuda --batch 8 --seconds 12 --set steering.precision=tf32
"""

OFFICIAL_SIZE = "official-size"
STEPS, PROFILED_STEPS = 6, 3
GIGA = 1e9


@dataclass
class Measured:
    """All figures of a run."""

    setting: Setting
    machine: dict[str, str]
    steps: list[float]  # seconds
    product_rates: list[float]  # operations a second, one after each step
    peak: int  # bytes
    device_peak: int | None
    profile: dict[str, Cost]
    profiled_step: float  # seconds
    needed: dict[str, int]
    carried_out: CarriedOut
    copying_rate: float

    @property
    def step(self) -> float:
        return statistics.median(self.steps)

    @property
    def throughput(self) -> float:
        """Seconds of audio times steps a second."""
        return self.setting.seconds * self.setting.batch / self.step

    @property
    def product_rate(self) -> float:
        return statistics.median(self.product_rates)

    @property
    def floor(self) -> float:
        """Seconds a step."""
        return sum(self.needed.values()) / self.product_rate


def main() -> None:
    arguments = parser().parse_args()
    if arguments.steps < 2:
        raise UserError(f"--steps {arguments.steps}: give at least 2; the first one is not timed")
    if arguments.batch < 1:
        raise UserError(f"--batch {arguments.batch}: give at least 1")
    if arguments.windows:
        arguments.set.append(("taggers.windows", arguments.windows))
    with tempfile.TemporaryDirectory() as folder:
        official = arguments.codec == OFFICIAL_SIZE
        codec = write_official_size(Path(folder)) if official else arguments.codec
        measured = measure(from_arguments(arguments, codec, batch=arguments.batch))
    with written_whole(arguments.table) as part:
        rows(measured).to_csv(part, sep="\t", index=False)
    print(report(measured))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("table", type=Path, metavar="TABLE", help="the TSV file to write")
    made.add_argument(
        "--codec",
        default=OFFICIAL_SIZE,
        metavar="NAME",
        help="official-size with random weights (default), embedded, or a checkpoint's file",
    )
    made.add_argument("--windows", choices=("pad", "cover"), help="how taggers hear short audio (default: pad)")
    made.add_argument(
        "--batch", type=int, default=1, metavar="N", help="copies of the excerpt, steered at once (default: 1)"
    )
    made.add_argument(
        "--steps", type=int, default=STEPS, metavar="N", help=f"to time, but for the first one (default: {STEPS})"
    )
    add_arguments(made)
    return made


def measure(setting: Setting) -> Measured:
    """Run everything.

    Raises:
        UserError: something that the setting names is not there.
    """
    workload = setting.workload()
    device = workload.method.device
    machine = facts(device, torch.get_num_threads())
    seconds, rates = timed(workload)
    peak = peak_memory()
    device_peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    tqdm.write("profiling", file=sys.stderr)
    profile, profiled_step = profiled(workload, min(PROFILED_STEPS, setting.steps))
    tqdm.write("counting", file=sys.stderr)
    return Measured(
        setting=setting,
        machine=machine,
        steps=seconds[1:],
        product_rates=rates[1:],
        peak=peak,
        device_peak=device_peak,
        profile=profile,
        profiled_step=profiled_step,
        needed=needed(workload),
        carried_out=carried_out(workload),
        copying_rate=copying_rate(device),
    )


def timed(workload: Workload) -> tuple[list[float], list[float]]:
    """Seconds of each step, and the rate of a matrix product after it."""
    device = workload.method.device
    solver = workload.begin()
    products = Products(device)
    rates: list[float] = []
    ends: list[float] = []
    progress = tqdm(total=workload.method.settings.steering.steps, desc="timing", unit="step")
    starts = [time.perf_counter()]

    def on_step(_: Solver) -> None:
        synchronise(device)
        ends.append(time.perf_counter())
        rates.append(products.rate())
        progress.update()
        starts.append(time.perf_counter())

    solve(solver, on_step)
    progress.close()
    return [end - start for start, end in zip(starts, ends, strict=False)], rates


def rows(measured: Measured) -> pd.DataFrame:
    """All figures as a table with the columns quantity, value and unit."""
    found: list[tuple[str, object, str]] = [
        ("throughput", measured.throughput, "s of audio x steps / s"),
        ("step", measured.step, "s"),
        ("shortest step", min(measured.steps), "s"),
        ("longest step", max(measured.steps), "s"),
        ("peak memory", measured.peak, "bytes"),
        ("floor", measured.floor, "s"),
        ("matrix product", measured.product_rate, "operations / s"),
        ("copy", measured.copying_rate, "bytes / s"),
        ("carried out", measured.carried_out.operations, "operations"),
        ("kept", measured.carried_out.kept, "bytes"),
        ("profiled step", measured.profiled_step, "s"),
    ]
    if measured.device_peak is not None:
        found.append(("peak memory of the device", measured.device_peak, "bytes"))
    for part, cost in measured.profile.items():
        found += [(f"{part}, forward", cost.forward, "s"), (f"{part}, backward", cost.backward, "s")]
    found += [(f"{part}, needed", count, "operations") for part, count in measured.needed.items()]
    found += [(f"setting: {name}", value, "") for name, value in asdict(measured.setting).items()]
    found += [(f"machine: {name}", value, "") for name, value in measured.machine.items()]
    return pd.DataFrame(found, columns=["quantity", "value", "unit"])


def report(measured: Measured) -> str:
    """The figures for people."""
    carried, operations = measured.carried_out, sum(measured.needed.values())
    moving = 2 * carried.kept / measured.copying_rate
    device = f", of the device {measured.device_peak / GIGA:.2f} GB" if measured.device_peak is not None else ""
    rate = measured.product_rate / GIGA
    return "\n".join(
        [
            "",
            measured.setting.in_words(),
            in_words(measured.machine),
            "",
            profile_table(measured),
            "",
            f"throughput: {measured.throughput:.2f} s of audio x steps / s; the median of {len(measured.steps)} steps "
            f"is {measured.step:.3f} s (from {min(measured.steps):.3f} to {max(measured.steps):.3f})",
            f"peak memory: {measured.peak / GIGA:.2f} GB{device}",
            f"floor: {operations / GIGA:.1f} GFLOP at {rate:.1f} GFLOP/s take {measured.floor:.3f} s; the step takes "
            f"{measured.step / measured.floor:.2f} times as long",
            f"carried out: {carried.operations / GIGA:.1f} GFLOP; {carried.kept / GIGA:.2f} GB kept for the way back, "
            f"{moving:.3f} s there and back at the {measured.copying_rate / GIGA:.1f} GB/s of a copy",
        ]
    )


def profile_table(measured: Measured) -> str:
    """One line for each part; the last for the whole step."""
    head = f"{'part':28}{'forward':>10}{'backward':>10}{'both':>10}{'share':>8}{'GFLOP':>9}{'floor':>10}{'x floor':>9}"
    lines = [head + "  (seconds a step, under the profiler; GFLOP: needed)"]
    for part, cost in measured.profile.items():
        lines.append(line(part, cost, measured, measured.needed.get(part, 0)))
    whole = Cost(
        sum(cost.forward for cost in measured.profile.values()),
        sum(cost.backward for cost in measured.profile.values()),
    )
    return "\n".join([*lines, line("step", whole, measured, sum(measured.needed.values()))])


def line(part: str, cost: Cost, measured: Measured, operations: int) -> str:
    times = f"{part:28}{cost.forward:10.4f}{cost.backward:10.4f}{cost.total:10.4f}"
    share = f"{cost.total / measured.profiled_step:8.1%}"
    if not operations:
        return times + share
    floor = operations / measured.product_rate
    return f"{times}{share}{operations / GIGA:9.2f}{floor:10.4f}{cost.total / floor:9.2f}"


if __name__ == "__main__":
    with told_on_terminal():
        main()
