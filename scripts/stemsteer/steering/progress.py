"""A progress bar that another process can follow."""

from pathlib import Path
from typing import Any

from tqdm import tqdm


class FollowedBar(tqdm):  # type: ignore[type-arg]
    """A bar that also keeps its state in a file, as long as it is open: steps done, a blank, and all steps."""

    def __init__(self, path: Path | None, **options: Any) -> None:
        """`path` is the file, if any; `options` are tqdm's."""
        self.path = path
        super().__init__(**options)

    def display(self, *arguments: Any, **options: Any) -> None:
        """Show the bar, as tqdm does whenever it is time to, and write the file."""
        super().display(*arguments, **options)
        if self.path is not None:
            self.path.write_text(f"{self.n:g} {self.total:g}", encoding="utf-8")

    def close(self) -> None:
        """Remove the file with the bar."""
        super().close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)
