"""The device that a job computes on."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from stemsteer.errors import UserError
from stemsteer.validation import Precision

# Options of glibc's mallopt(), from its malloc.h.
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4


def choose_device(wanted: str, threads: int) -> torch.device:
    """The device named in the config; `auto` takes a GPU of NVIDIA's where there is one.

    Apple's GPUs have no float64, which filters are stored in: they are taken only by name.

    Also sets PyTorch's CPU threads, which are a setting of the method because they change the last bits of a sum, and
    keeps the memory that it frees.

    Raises:
        UserError: the named device is not on this machine.
    """
    torch.set_num_threads(threads)
    keep_freed_memory()
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(wanted)
    available = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not available[device.type]:
        raise UserError(f"config: device {wanted!r} is not available on this machine; set device: auto or cpu")
    return device


def choose_device_for_light_work(wanted: str, threads: int) -> torch.device:
    """As `choose_device`, but without the named device any other will do.

    What prepares and follows steering runs on a cluster's nodes without a GPU.
    """
    try:
        return choose_device(wanted, threads)
    except UserError:
        return choose_device("auto", threads)


@contextmanager
def threads_left_alone() -> Iterator[None]:
    """Give PyTorch back the number of threads that it had before the block."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


def keep_freed_memory() -> None:
    """Let malloc() keep what a step frees for the next one, which asks for the same again.

    By default large blocks go back to the system, which fills every page with zeros before it hands it out again: on a
    CPU a tenth of a step. Where the C library is not glibc, nothing changes.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, TypeError):  # another C library; Windows
        return
    mallopt(M_MMAP_MAX, 0)
    mallopt(M_TRIM_THRESHOLD, -1)


def default_batch(device: torch.device) -> int:
    """Excerpts to be steered at once: a CPU is busy with one."""
    return 1 if device.type == "cpu" else 8


def describe(device: torch.device) -> str:
    """The device in words, for the record."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)


@contextmanager
def multiplying_in(precision: Precision) -> Iterator[None]:
    """Give products of float32 on CUDA the precision that a run asks for, in the block: its own or that of TF32.

    Unlike `computing_in` this goes for backward passes, which compute with what holds when they run.
    """
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before[0])
        torch.backends.cudnn.allow_tf32 = before[1]


@contextmanager
def computing_in(precision: Precision, device: torch.device) -> Iterator[None]:
    """Compute with the precision that a run asks for, in the block: only large products are rounded, never sums.

    `float32` keeps the products of GPUs that could do with less at full precision too; `tf32` rounds their inputs to 10
    bits of mantissa (CUDA; elsewhere as float32); `bfloat16` to 7, on every device.
    """
    autocast = torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")
    with multiplying_in(precision), autocast:
        yield


def out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory has run out, on a GPU or on the CPU."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    # What PyTorch's allocators for the CPU and for Apple's GPUs say, and the libraries that have one of their own.
    messages = ("allocate memory", "out of memory", "ALLOC_FAILED")
    return isinstance(error, RuntimeError) and any(message in str(error) for message in messages)
