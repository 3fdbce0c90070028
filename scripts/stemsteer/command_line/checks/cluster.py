"""Check of Slurm."""

import shutil
import subprocess

from stemsteer.command_line.checks.finding import Finding, note, ok, problem

SECONDS = 5
"""That the controller may take to answer."""

PROGRAMS = ("sbatch", "sinfo")


def slurm() -> Finding:
    """Whether jobs can be submitted to Slurm from this machine, and to which partitions."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if len(missing) == len(PROGRAMS):
        return note("none; jobs run on this machine", "Nothing has to be done; on a cluster, use its login node.")
    if missing:
        return problem(f"{missing[0]} is not on PATH", "Use a login node of the cluster, or load its module of Slurm.")
    try:
        # The partition with an asterisk is the default.
        asked = ["sinfo", "--noheader", "--format=%P (%a, %D nodes)"]
        ended = subprocess.run(asked, capture_output=True, encoding="utf-8", errors="replace", timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return _unanswered(f"the controller does not answer within {SECONDS} s")
    if ended.returncode:
        said = ended.stderr.strip().splitlines()
        return _unanswered(f"sinfo fails: {said[-1] if said else f'it ends with status {ended.returncode}'}")
    partitions = list(dict.fromkeys(ended.stdout.strip().splitlines()))
    if not partitions:
        return _unanswered("sinfo lists no partition that you may use")
    return ok(f"the controller answers; partitions: {', '.join(partitions)}")


def _unanswered(found: str) -> Finding:
    return problem(
        found, "Until Slurm answers, jobs run on this machine only. Ask who runs the cluster, or try:", "scontrol ping"
    )
