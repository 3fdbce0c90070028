"""A real Slurm cluster on this machine's loopback: a node without and one with two stand-in GPUs."""

import fcntl
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("munged", "setpriv", "slurmctld", "slurmd", "sbatch", "srun", "scontrol")
# Steps of a job look here, whatever SLURM_CONF says: Snakemake's executor takes that away from them.
SYSTEM_CONFIG = Path("/etc/slurm/slurm.conf")
PREFIX = "stemsteer-slurm-"

SLURM_CONF = """\
ClusterName=stemsteer
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/controller
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdSpoolDir={folder}/node-%n
SlurmdPidFile={folder}/node-%n.pid
SlurmdLogFile={folder}/node-%n.log
SlurmdParameters=config_overrides
SlurmdTimeout=10
ReturnToService=2
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
# Without cgroups, memory is enforced by sampling it (seconds).
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=sched_interval=1,batch_sched_delay=0
DefMemPerCPU=500
GresTypes=gpu
MinJobAge=3600
KillWait=5
NodeName=cpu1 NodeHostname=localhost NodeAddr=127.0.0.1 Port={cpu_port} CPUs=16 RealMemory=64000
NodeName=gpu1 NodeHostname=localhost NodeAddr=127.0.0.1 Port={gpu_port} CPUs=16 RealMemory=64000 Gres=gpu:2
PartitionName=cpu Nodes=cpu1 Default=YES State=UP
PartitionName=gpu Nodes=gpu1 State=UP
"""
GRES_CONF = """\
AutoDetect=off
NodeName=gpu1 Name=gpu File={folder}/dev/gpu[0-1]
"""


@dataclass(frozen=True)
class SlurmJob:
    """What scontrol says of a job."""

    facts: dict[str, str]

    @classmethod
    def parse(cls, line: str) -> "SlurmJob":
        """A line of `scontrol --oneliner show jobs`."""
        return cls(dict(re.findall(r"(\S+?)=(.*?)(?= +\S+?=| *$)", line)))

    @property
    def id(self) -> str:
        return self.facts["JobId"]

    @property
    def state(self) -> str:
        return self.facts["JobState"]

    @property
    def work(self) -> str:
        """What Snakemake wrote into the comment: the rule or group, and its wildcards."""
        return self.facts.get("Comment", "")

    @property
    def memory_mb(self) -> int:
        return int(self.facts["MinMemoryNode"].removesuffix("M"))

    @property
    def gpus(self) -> tuple[str, str]:
        """What it asked for, and what it was given."""
        return self.facts.get("TresPerJob", ""), self.facts["JOB_GRES"]


class Cluster:
    """A cluster whose controller runs; its nodes are started, and may be killed, by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.nodes: dict[str, subprocess.Popen[bytes]] = {}

    def jobs(self, folder: Path) -> list[SlurmJob]:
        """All jobs that were submitted from a folder, the first one first."""
        lines = slurm("scontrol", "--oneliner", "--details", "show", "jobs").splitlines()
        jobs = [SlurmJob.parse(line) for line in lines if line.startswith("JobId=")]
        return [job for job in jobs if folder in Path(job.facts["StdOut"]).parents]

    def cancel(self, job: SlurmJob) -> None:
        slurm("scancel", job.id)

    def end_time_of(self, job: SlurmJob) -> None:
        """Have a job's time be over: two seconds from now, as the controller refuses a time that is past on arrival."""
        slurm("scontrol", "update", f"JobId={job.id}", "EndTime=now+2")

    def start_now(self, job: SlurmJob) -> None:
        """Spare a job that is queued again the two minutes that it is to wait."""
        slurm("scontrol", "update", f"JobId={job.id}", "StartTime=now")

    def start_node(self, name: str) -> None:
        self.nodes[name] = start(self.folder, "slurmd", "-D", "-N", name)

    def kill_node(self, name: str) -> None:
        """Take a node away with all that runs there, as when its power fails."""
        self.nodes[name].kill()
        tasks = processes_with(f"SLURMD_NODENAME={name}")
        # Those that watch over the tasks first, or they would report the end of these.
        for pid in (*watchers_of(tasks), *tasks):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.nodes.pop(name).wait()

    def stop_nodes(self) -> None:
        for daemon in self.nodes.values():
            stop(daemon)

    def wait_for_nodes(self) -> None:
        """Until all nodes that were started can take jobs."""

        def ready() -> bool:
            states = dict(
                line.split() for line in slurm("sinfo", "--noheader", "--Node", "--format=%N %T").splitlines()
            )
            return all(states.get(name) in ("idle", "mixed", "allocated") for name in self.nodes)

        wait_until(ready, 30, "node that takes jobs")

    def empty(self) -> None:
        """Cancel all jobs, and wait until they are gone."""
        slurm("scancel", "--user=root")
        wait_until(lambda: not slurm("squeue", "--noheader"), 30, "empty queue")


def why_not() -> str | None:
    """What keeps this machine from having a cluster for the tests, if anything does."""
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        return f"Slurm is not installed (no {', '.join(missing)}); on Debian, tests/slurm/install does it"
    if os.geteuid() != 0:
        return "Slurm's daemons need root"
    if SYSTEM_CONFIG.exists() and PREFIX not in str(SYSTEM_CONFIG.resolve()):
        return f"this machine belongs to a cluster already ({SYSTEM_CONFIG})"
    return None


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a cluster; in the end, cancel its jobs and stop it. Where another test run has one, wait for its end."""
    with ExitStack() as stack:
        lock = os.open(SYSTEM_CONFIG.parent, os.O_RDONLY)
        stack.callback(os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=PREFIX)))
        write_settings(folder)
        SYSTEM_CONFIG.unlink(missing_ok=True)
        SYSTEM_CONFIG.symlink_to(folder / "slurm.conf")
        stack.callback(SYSTEM_CONFIG.unlink)
        paths = {name: folder / f"munge.{name}" for name in ("key", "socket", "pid", "log", "seed")}
        munged = start(
            folder,
            *("munged", "--foreground", "--key-file", paths["key"], "--socket", paths["socket"]),
            *("--pid-file", paths["pid"], "--log-file", paths["log"], "--seed-file", paths["seed"]),
        )
        stack.callback(stop, munged)
        wait_until(paths["socket"].exists, 10, "munged")
        stack.callback(stop, start(folder, "slurmctld", "-D"))
        wait_until(controller_answers, 10, "slurmctld")
        running = Cluster(folder)
        stack.callback(running.stop_nodes)
        for name in ("cpu1", "gpu1"):
            running.start_node(name)
        running.wait_for_nodes()
        stack.callback(running.empty)
        yield running


def write_settings(folder: Path) -> None:
    """The files from which the daemons start, and the stand-ins for GPUs."""
    folder.chmod(0o755)  # munged's socket is for all users
    settings = {"folder": folder, **dict(zip(("controller_port", "cpu_port", "gpu_port"), free_ports(3), strict=True))}
    (folder / "slurm.conf").write_text(SLURM_CONF.format(**settings))
    (folder / "gres.conf").write_text(GRES_CONF.format(**settings))
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(128))
    (folder / "controller").mkdir()
    (folder / "dev").mkdir()
    for number in range(2):
        os.mknod(folder / f"dev/gpu{number}", 0o666 | stat.S_IFCHR, os.stat("/dev/null").st_rdev)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def start(folder: Path, *command: str | Path) -> "subprocess.Popen[bytes]":
    """Start a daemon that ends with this process, however that ends."""
    with (folder / "daemons.out").open("ab") as out:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**os.environ, "SLURM_CONF": str(folder / "slurm.conf")},
            start_new_session=True,
        )


def stop(daemon: "subprocess.Popen[bytes]") -> None:
    daemon.terminate()
    try:
        daemon.wait(timeout=10)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def slurm(*command: str) -> str:
    """What one of Slurm's commands prints."""
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=30)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


def controller_answers() -> bool:
    return subprocess.run(["scontrol", "ping"], capture_output=True, timeout=30).returncode == 0


def processes_with(variable: str) -> list[int]:
    """Processes in whose environment is `NAME=value`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if variable.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def watchers_of(tasks: Iterable[int]) -> set[int]:
    """Slurm's own processes that have started these."""
    watchers = set()
    for pid in tasks:
        with suppress(OSError):
            parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
            if Path(f"/proc/{parent}/comm").read_text().strip() == "slurmstepd":
                watchers.add(int(parent))
    return watchers


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Look until a condition holds.

    Raises:
        TimeoutError: naming what did not come.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {what} after {seconds:g} s")
        time.sleep(0.1)
