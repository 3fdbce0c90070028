"""What the workflow was asked to make, as it wrote it down before its first job (`results/plan.json`)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stemsteer.errors import UserError
from stemsteer.files import read_json
from stemsteer.jobs.layout import Layout


@dataclass(frozen=True)
class WrittenPlan:
    """A plan that was written to a file; see `Plan.as_dict` in settings/plan.py."""

    results: Path
    logs: Path
    runs: dict[str, dict[str, Any]]
    """The settings of each run."""
    tracks: list[dict[str, Any]]
    stem_suffix: str
    sources_together: bool
    """Whether one job steers a track to all its sources."""
    baselines: list[str] = field(default_factory=list)
    """Names of the methods that runs are compared with, where a reference is known."""
    peers: dict[str, list[str]] = field(default_factory=dict)
    """Those of them that are peers, with the sources that they can separate."""
    judges: list[str] = field(default_factory=list)
    """The taggers that no run steers with and that say how probable they find the sources' tags."""
    notes: list[str] = field(default_factory=list)
    """What a user should know of what is left out, in sentences."""

    @classmethod
    def read(cls, path: Path) -> "WrittenPlan":
        """Read a plan (JSON; its keys are the names of the attributes).

        Raises:
            UserError: the file is missing, is no JSON or lacks a key.
        """
        try:
            return cls.of(read_json(path))
        except FileNotFoundError:
            raise UserError(f"{path}: there is no such plan; the workflow writes it before its first job.") from None
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise UserError(f"{path}: this plan is not JSON ({error}); let the workflow write it again.") from None
        except KeyError as error:
            raise UserError(f"{path}: this plan lacks the key {error}; let the workflow write it again.") from None

    @classmethod
    def of(cls, plan: Mapping[str, Any]) -> "WrittenPlan":
        """A plan as `Plan.as_dict` gives it.

        Raises:
            KeyError: it lacks a key.
        """
        return cls(
            results=Path(plan["results"]),
            logs=Path(plan["logs"]),
            runs=plan["runs"],
            tracks=plan["tracks"],
            stem_suffix=plan["stem_suffix"],
            sources_together=plan["sources_together"],
            baselines=plan.get("baselines", []),
            peers=plan.get("peers", {}),
            judges=plan.get("judges", []),
            notes=plan.get("notes", []),
        )

    @property
    def layout(self) -> Layout:
        """Where the files of the workflow lie."""
        return Layout(self.results, self.logs, self.stem_suffix, self.sources_together)

    def runs_of(self, source: str) -> list[str]:
        """The runs that make a source's stems."""
        return [name for name, run in self.runs.items() if source in (run.get("sources") or [source])]

    def compared_with(self, source: str) -> list[str]:
        """The baselines and peers that make a source's stems."""
        return [name for name in self.baselines if source in self.peers.get(name, [source])]

    def codec_of(self, run: str) -> str | None:
        """The codec that a run steers, if it steers one."""
        codec: str | None = self.runs[run].get("generator", {}).get("codec")
        return codec

    @property
    def codecs(self) -> list[str]:
        """The codecs that runs steer."""
        return sorted({codec for run in self.runs if (codec := self.codec_of(run))})
