"""The examples of docs/python.md run, one after the other, and print what the document says."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs" / "python.md"
EXAMPLE = re.compile(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"-?\d+(?:\.(\d+))?")
"""Its group is the digits after the point."""

EXAMPLES: list[tuple[str, str]] = EXAMPLE.findall(DOCUMENT.read_text(encoding="utf-8"))
"""Each program with what it prints."""


def disagreement(documented: str, printed: str) -> str | None:
    """What is wrong with a documented text, if anything.

    Other processors round otherwise: the last digit after a point may differ by one, and so may the blanks of a table.
    """
    if NUMBER.sub("#", documented).split() != NUMBER.sub("#", printed).split():
        return "the texts differ"
    for one, other in zip(NUMBER.finditer(documented), NUMBER.finditer(printed), strict=True):
        step = 10.0 ** -len(one[1]) if one[1] else 0.0
        if abs(float(one[0]) - float(other[0])) > 1.01 * step:
            return f"{one[0]} is documented, and {other[0]} was printed"
    return None


def test_figures_may_be_rounded_otherwise() -> None:
    assert disagreement("drums -5.4 of 3", "drums -5.3 of 3") is None
    assert disagreement("drums 5.4 of 3", "drums 5.6 of 3") == "5.4 is documented, and 5.6 was printed"
    assert disagreement("drums 5.4 of 3", "drums 5.4 of 4") == "3 is documented, and 4 was printed"
    assert disagreement("drums 5.4", "vocals 5.4") == "the texts differ"


def test_examples_print_what_the_document_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(EXAMPLES) > 5
    names: dict[str, Any] = {"__name__": "__main__"}
    for program, documented in EXAMPLES:
        with redirect_stdout(io.StringIO()) as output:
            exec(compile(program, str(DOCUMENT), "exec"), names)
        wrong = disagreement(documented, output.getvalue())
        assert wrong is None, f"{wrong}\n\n{program}\n{output.getvalue()}"
