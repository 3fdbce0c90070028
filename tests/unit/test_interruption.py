"""The first signal to stop is noted, a second one stops the process, and afterwards signals do what they did before."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stemsteer.steering.interruption import STOPPING, interruption_noticed

SCRIPTS = Path(__file__).parents[2] / "scripts"
TWO_SIGNALS = """
import os, sys
from stemsteer.steering.interruption import interruption_noticed

first, second = map(int, sys.argv[1:])
with interruption_noticed() as interruption:
    os.kill(os.getpid(), first)
    print("noted", interruption.signal, flush=True)
    os.kill(os.getpid(), second)
    print("survived", flush=True)
"""


@pytest.fixture(autouse=True)
def handlers_as_before():
    before = {number: signal.getsignal(number) for number in STOPPING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_is_noted_and_the_block_goes_on(number: signal.Signals) -> None:
    with interruption_noticed() as interruption:
        assert interruption.signal is None
        signal.raise_signal(number)
        assert interruption.signal == number.name


@pytest.mark.parametrize("first", STOPPING)
@pytest.mark.parametrize("second", STOPPING)
def test_a_second_signal_stops_the_process(first: signal.Signals, second: signal.Signals) -> None:
    command = [sys.executable, "-c", TWO_SIGNALS, str(int(first)), str(int(second))]
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    stopped = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert stopped.stdout == f"noted {first.name}\n", stopped.stderr
    assert stopped.returncode == -second


@pytest.mark.parametrize("noticed", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_afterwards_signals_do_what_they_did_before(noticed: bool, fails: bool) -> None:
    received: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def block() -> None:
        with interruption_noticed():
            if noticed:
                signal.raise_signal(signal.SIGTERM)
            if fails:
                raise ValueError("a block's own")

    if fails:
        with pytest.raises(ValueError, match="a block's own"):
            block()
    else:
        block()
    assert received == []
    signal.raise_signal(signal.SIGTERM)
    assert received == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_other_signals_are_left_alone() -> None:
    others = [signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD]
    before = [signal.getsignal(number) for number in others]
    with interruption_noticed():
        assert [signal.getsignal(number) for number in others] == before
