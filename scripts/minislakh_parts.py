"""Unpack what minislakh is made of: the MIDI pieces of OpenMSX (GPL-2) and the SoundFont Fluid (R3) Mono (MIT)."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from stemsteer.datasets.debian import unpack
from stemsteer.errors import told_in_log
from stemsteer.files import written_whole

MUSIC = ("openttd-openmsx", "0.4.2-1", "1a728a4ac37a1c614de1f597d3024caa7f54ce93d28f5b979b5758305b916a54")
PIECES = Path("usr/share/games/openttd/baseset/openmsx")
SOUNDS = ("fluidr3mono-gm-soundfont", "2.315-7", "4098301bf29f4253c2f5799a844f42dd4aa733d91a210071ad16d7757dea51d6")
SOUNDFONT = Path("usr/share/fluidr3mono-gm-soundfont/FluidR3Mono_GM.sf3")


def main(job: Any) -> None:
    wanted = {
        MUSIC: {PIECES / Path(piece).name: piece for piece in job.output.pieces},
        SOUNDS: {SOUNDFONT: job.output.sounds},
    }
    for package, files in wanted.items():
        with tempfile.TemporaryDirectory() as folder:
            unpack(*package, Path(folder))
            for file, output in files.items():
                with written_whole(output) as part:
                    shutil.copyfile(Path(folder) / file, part)


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
