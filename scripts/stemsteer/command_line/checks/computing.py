"""Checks of what computes: PyTorch, GPUs, cores and memory."""

import os
import shutil
import warnings
from typing import TYPE_CHECKING

from stemsteer.command_line.checks.finding import Finding, note, ok, problem

if TYPE_CHECKING:
    import torch

MEMORY_NEEDED, MEMORY_WANTED = 2e9, 4e9
"""Bytes below which one job that steers has no room, or little beside other programs."""


def pytorch() -> Finding:
    """Whether PyTorch can be imported and computes."""
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: one of its libraries cannot be loaded
        return problem(f"cannot be imported: {error}", "Install it anew:", "pip install --force-reinstall torch")
    if fault := _fault_of(torch.device("cpu")):
        return problem(f"{torch.__version__} does not compute: {fault}", "Install a build for this processor.")
    return ok(f"{torch.__version__}, computes")


def _fault_of(device: "torch.device") -> str | None:
    """What is wrong with a product of two small matrices on a device, if anything."""
    import torch

    try:
        numbers = torch.arange(4.0, device=device).reshape(2, 2)
        product = (numbers @ numbers).tolist()
    except RuntimeError as error:
        return str(error).partition("\n")[0]
    return None if product == [[2.0, 3.0], [6.0, 11.0]] else f"a product of matrices is {product}"


def gpu() -> Finding:
    """The GPUs that PyTorch can use, and whether they compute."""
    import torch

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        cuda = torch.cuda.is_available()
    if cuda:
        devices = {torch.device("cuda", number): _described(number) for number in range(torch.cuda.device_count())}
    elif torch.backends.mps.is_available():
        devices = {torch.device("mps"): "Apple's, taken where the config says `device: mps`"}
    else:
        return _without_gpu([str(warning.message) for warning in told])
    faults = {name: fault for device, name in devices.items() if (fault := _fault_of(device))}
    if not faults:
        return ok(", ".join(devices.values()))
    return problem(
        "; ".join(f"{name} does not compute: {fault}" for name, fault in faults.items()),
        "Install a PyTorch that is built for it, or set `device: cpu` in the config.",
    )


def _described(number: int) -> str:
    import torch

    from stemsteer.jobs.disk import gigabytes

    device = torch.cuda.get_device_properties(number)
    return f"{device.name} ({gigabytes(device.total_memory)})"


def _without_gpu(warned: list[str]) -> Finding:
    import torch

    if shutil.which("nvidia-smi"):
        build = f"for CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"
        return note(
            "; ".join([f"none that PyTorch {torch.__version__}, built {build}, can use", *warned]),
            "If `nvidia-smi` lists a GPU, install a PyTorch whose CUDA is not newer than that of the driver.",
        )
    return note(
        "none; StemSteer computes on the CPU",
        "Nothing has to be done; with an NVIDIA GPU, install its driver and a PyTorch with CUDA.",
    )


def processor() -> Finding:
    """The cores that StemSteer may use."""
    from stemsteer.jobs.resources import usable_cores

    usable, all_cores = usable_cores(), os.cpu_count()
    return ok(f"{usable} cores" if usable == all_cores else f"{usable} of {all_cores} cores may be used")


def memory() -> Finding:
    """The memory of this machine."""
    from stemsteer.jobs.disk import gigabytes

    if not hasattr(os, "sysconf"):  # on Windows
        return note("not known", f"A job that steers needs {gigabytes(MEMORY_NEEDED)}.")
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if size < MEMORY_NEEDED:
        return problem(gigabytes(size), f"A job that steers needs {gigabytes(MEMORY_NEEDED)}: use another machine.")
    if size < MEMORY_WANTED:
        return note(gigabytes(size), "Run one job at a time, with one core:", "snakemake --cores 1")
    return ok(gigabytes(size))
