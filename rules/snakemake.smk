"""All that reaches into Snakemake beyond its documented language, in one place.

Seen in Snakemake 9.27; a later version may need other lines here, and nowhere else.
"""

import importlib
import inspect
import shlex
import sys
import tempfile
from collections.abc import Callable

from snakemake.executors import local
from snakemake.script import PythonScript, ScriptBase
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry


def config_file_is_given() -> bool:
    """Whether the command line, or the workflow that includes this one, names a config file."""
    return bool(workflow.configfiles)


def inspected(function: Callable) -> Callable:
    """A function of the wildcards of thousands of jobs.

    Snakemake inspects the signature of such a function for every job, which takes longer than the call. The signature
    is kept here, where `inspect` finds it at once.
    """
    function.__signature__ = inspect.signature(function)
    return function


def is_dry_run() -> bool:
    """Whether Snakemake only tells what it would do."""
    return workflow.output_settings.dryrun


def system_tmpdir() -> dict[str, str]:
    """Snakemake's own default of `tmpdir` as a plain value, unless another default is set.

    It is an expression, which takes longer for each job of a rule than all else that the rule says of its resources.
    """
    given = workflow.resource_settings.default_resources
    if given is not None and given["tmpdir"].raw != "system_tmpdir":
        return {}
    return {"tmpdir": tempfile.gettempdir()}


def paths_are_moved() -> bool:
    """Whether the workflow that has this one as a module moves its files (`prefix`)."""
    return workflow.modifier.path_modifier.replace_prefix("results/") != "results/"


# The name by which this call of Snakemake knows a rule: another one, where the rules are those of a module
# (`use rule * from stemsteer as separate_*`); None for a rule that is left out there.
called = workflow.modifier.avail_rulename


def set_for(rule: str):
    """The resources that a profile or the command line sets for a rule."""
    return workflow.resource_settings.overwrite_resources.get(called(rule), {})


def set_as_for(rule: str, other: str) -> None:
    """Give a rule the resources and the group of jobs that a profile or the command line sets for another one."""
    if called(rule) is None:
        return
    same = workflow.get_rule(called(rule))
    same.resources.update(set_for(other))

    # The groups are known only after the workflow is read.
    def group(wildcards):
        return workflow.get_rule(called(other)).group

    same.group = group


def cores_here() -> int:
    """How many cores jobs on this machine may have together; 1 where they run on others."""
    return (workflow.resource_settings.cores or 1) if runs_here() else 1


def is_main_process() -> bool:
    """Whether this process plans all jobs, rather than doing some of them for another one."""
    return workflow.is_main_process


def runs_here() -> bool:
    """Whether jobs run on this machine, rather than on those of a cluster."""
    return workflow.local_exec


def is_needed(file: str) -> bool:
    """Whether a file is to be made in this call of Snakemake and is not done."""
    return any(file in job.output for job in workflow.dag.needrun_jobs())


def quote_the_interpreter() -> None:
    """Let jobs be started by a Python below a folder with a blank or another special character in its name.

    Snakemake puts the path of the interpreter into shell commands as it is.
    """

    def run_script(self, command, **given):
        if "py_exec" in given:
            given["py_exec"] = shlex.quote(given["py_exec"])
        return ScriptBase._execute_cmd(self, command, **given)

    def interpreter(self):
        return shlex.quote(sys.executable)

    PythonScript._execute_cmd = run_script
    executors = [local.Executor, RemoteExecutor]
    if ExecutorPluginRegistry().is_installed("slurm-jobstep"):
        executors.append(importlib.import_module("snakemake_executor_plugin_slurm_jobstep").Executor)
    for executor in executors:
        executor.get_python_executable = interpreter


quote_the_interpreter()


def lift_limits_of_this_machine() -> None:
    """Do not bind jobs on other machines to the cores of this one.

    profiles/default says `cores: all`, those of this machine.
    """
    if workflow.non_local_exec:
        workflow.resource_settings.cores = None
        workflow.global_resources["_cores"] = None


def lift_limit_of_jobs_a_second() -> None:
    """Do without Snakemake's default limit of 100 jobs a second; another limit stays.

    The limit lets the scheduler look for new jobs once a second for each job that has ended, until that is all it does.
    """
    limit = workflow.scheduler.job_rate_limiter
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None
