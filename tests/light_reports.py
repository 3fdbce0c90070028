"""Reports without the work of sounds and pictures, for tests in which only their number matters."""

import os
from pathlib import Path

import pytest

from stemsteer.report import views, write_report
from stemsteer.report.pictures import Axis, Picture


def write_light_report(plan: Path, output: Path) -> None:
    """Write a report whose audio and pictures are links."""
    picture = plan.with_name("pixel.gif")
    picture.write_bytes(b"GIF89a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\0;")

    def link(links: dict[Path, Path]) -> float:
        for path, target in links.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(target, path)
        return 1.0

    def draw(_: object, audio: Path, image: Path, name: str) -> Picture:
        link({image: picture})
        return Picture(image, name, Axis("", []), Axis("", []))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "write_copies", link)
        for plot in ("draw_curves", "draw_spectra"):
            patch.setattr(views, plot, lambda *_: None)
        patch.setattr(views.TrackSpectrograms, "draw", draw)
        write_report(plan, output)
