"""The listening page: what was made, how it scores, how it sounds, and what failed."""

from stemsteer.report.page import write_report

__all__ = ["write_report"]
