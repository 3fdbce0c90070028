"""Hears what Snakemake says: a logger plugin of Snakemake's, registered under the name `stemsteer`."""

import sys
from logging import LogRecord
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

from stemsteer.command_line.workflow.state import RunningJob, State, rule_of

PLUGIN = "stemsteer"


class LogHandler(LogHandlerBase):
    """Keeps a `State` up to date. Snakemake makes the handler, so that the state is the class's."""

    state = State()
    writes_to_stream = True  # in the place of Snakemake's own text
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def emit(self, record: LogRecord) -> None:
        """Take in what a record says."""
        match getattr(record, "event", None):
            case LogEvent.RUN_INFO:
                self.state.plan({rule: n for rule, n in record.stats.items() if rule != "total"})  # type: ignore[attr-defined]
            case LogEvent.JOB_INFO:
                job = _job(record)
                job.forget_share()
                self.state.start(record.jobid, job)  # type: ignore[attr-defined]
            case LogEvent.JOB_FINISHED:
                self.state.finish(record.job_id)  # type: ignore[attr-defined]
            case LogEvent.JOB_ERROR:
                self.state.fail(record.jobid)  # type: ignore[attr-defined]
            case LogEvent.GROUP_ERROR:
                for job in record.job_error_info:  # type: ignore[attr-defined]
                    self.state.fail(job["jobid"])
            case LogEvent.ERROR if record.exception == "LockException":  # type: ignore[attr-defined]
                self.state.locked = True
            case LogEvent.ERROR:
                self.state.messages.append(record.getMessage())


def _job(record: LogRecord) -> RunningJob:
    logs = record.log  # type: ignore[attr-defined]
    return RunningJob(
        rule_of(record.rule_name),  # type: ignore[attr-defined]
        dict(record.wildcards),  # type: ignore[attr-defined]
        Path(logs[0].split(" (send to", 1)[0]) if logs else None,
    )


def listen() -> State:
    """Let Snakemake know the plugin; what it will say is in the state that is returned."""
    LogHandler.state = State()
    LoggerPluginRegistry().register_plugin(f"snakemake_logger_plugin_{PLUGIN}", sys.modules[__name__])
    return LogHandler.state
