"""StemSteer's step against that of TagBox's released code: how many times faster, and how different the losses are.

Both get the same weights, audio and settings, and take steps in turn, each in a process of its own, so that whatever
else the machine does slows both down. A ratio is that of a pair of steps taken one after the other.

The reference is three checkouts and an interpreter that can run them:

    git clone https://github.com/ethman/tagbox && git -C tagbox checkout e323d16
    git clone https://github.com/openai/jukebox && git -C jukebox checkout 08efbbc
    git clone https://github.com/ethman/sota-music-tagging-models && git -C sota-music-tagging-models checkout 2969b12
    uv venv reference
    uv pip install --python reference torch torchaudio librosa matplotlib pandas scikit-learn fire soundfile \\
        tensorboard tqdm

The codec has the official size and random weights, since a step's cost does not depend on them. The reference computes
all of its three levels, as it always does; ours loads the one that is steered.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from machine import facts, in_words
from official_size import write_official_size
from setting import RATE, RUN, SEED, Setting, add_arguments, from_arguments
from tqdm import tqdm

from stemsteer.errors import UserError, told_on_terminal
from stemsteer.models.registry import VocabularyTaggerModel, tagger_models
from stemsteer.models.weights import find
from stemsteer.sound import audio
from stemsteer.taggers.labels import labels_of

EXAMPLES = """\
examples, with the checkouts beside each other in ref/:
  python benchmarks/engine/against_reference.py --tagbox ref/tagbox --jukebox ref/jukebox \\
      --sota ref/sota-music-tagging-models --reference-python reference/bin/python
  ... --float64                        20 steps in float64, where the losses of all of them can be compared
  ... --set steering.precision=bfloat16  what another setting of ours is worth
"""

HERE = Path(__file__).resolve().parent
STEPS, STEPS_IN_FLOAT64 = 6, 20
# Of each checkout, a file that tells that it is one.
CHECKOUTS = {
    "tagbox": ("github.com/ethman/tagbox", "tagbox/runners.py"),
    "jukebox": ("github.com/openai/jukebox", "jukebox/make_models.py"),
    "sota": ("github.com/ethman/sota-music-tagging-models", "sota_music_taggers/predict.py"),
}
NEEDED = "torch, torchaudio, librosa, matplotlib, pandas, sklearn, fire, soundfile, tensorboard, tqdm"
# With fewer frames than it has codes a codebook is filled up with noise, which is not drawn alike on both sides.
SHORTEST = 0.5  # seconds
KIBIBYTE = 1024


@dataclass(frozen=True)
class Step:
    """One step of one side; `loss` is what was heard before it, `peak` the process's memory in bytes."""

    seconds: float
    loss: float
    peak: int


class Side:
    """A process that takes steps, one whenever it is asked to; everything is loaded when this is made."""

    def __init__(self, name: str, command: Sequence[str], setting: dict[str, Any], folder: Path) -> None:
        self.name = name
        self.steps: list[Step] = []
        self._log = folder / f"{name}.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [*command, json.dumps(setting)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self._answer()

    def step(self) -> None:
        """Take one.

        Raises:
            UserError: the process has ended.
        """
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # what the process said at last is told below
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        answer = self._answer()
        self.steps.append(Step(answer["seconds"], answer["loss"], answer["peak"] * KIBIBYTE))

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            answer: dict[str, Any] = json.loads(line)
            return answer
        said = self._log.read_text().strip()
        print(said, file=sys.stderr)
        raise UserError(f"{self.name} ended before its time: {said.rpartition(chr(10))[2] or 'it said nothing'}")

    def end(self) -> None:
        """Ask for no more steps."""
        with self._process:
            self._process.kill()


def main() -> None:
    arguments = parser().parse_args()
    check_reference(arguments)
    steps = arguments.steps or (STEPS_IN_FLOAT64 if arguments.float64 else STEPS)
    if steps < 2:
        raise UserError(f"--steps {steps}: give at least 2; the first one, in which caches are filled, is not timed")
    if arguments.seconds < SHORTEST:
        raise UserError(
            f"--seconds {arguments.seconds}: give at least {SHORTEST}, for as many frames as there are codes"
        )
    arguments.steps = steps
    with tempfile.TemporaryDirectory() as folder:
        sides = start(arguments, Path(folder))
        try:
            for _ in tqdm(range(steps), desc="steps", unit="pair"):
                for side in sides:
                    side.step()
        finally:
            for side in sides:
                side.end()
    print(report(*sides, in_float64=arguments.float64))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, (address, _) in CHECKOUTS.items():
        made.add_argument(f"--{name}", type=Path, required=True, metavar="FOLDER", help=f"a checkout of {address}")
    made.add_argument("--reference-python", required=True, metavar="FILE", help=f"an interpreter with {NEEDED}")
    made.add_argument(
        "--steps",
        type=int,
        metavar="N",
        help=f"to time, but for the first one (default: {STEPS}; in float64 {STEPS_IN_FLOAT64})",
    )
    made.add_argument("--float64", action="store_true", help="compute in float64 and compare the losses of all steps")
    add_arguments(made)
    return made


def check_reference(arguments: argparse.Namespace) -> None:
    """See that the reference is all there.

    Raises:
        UserError: a checkout or a package of its interpreter is missing.
    """
    for name, (address, file) in CHECKOUTS.items():
        folder = getattr(arguments, name)
        if not (folder / file).is_file():
            raise UserError(f"--{name} {folder}: there is no {file} in it; give a checkout of {address}")
    command = [arguments.reference_python, "-c", f"import {NEEDED}"]
    try:
        tried = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise UserError(
            f"--reference-python {command[0]} cannot be run ({error}); give a Python interpreter"
        ) from error
    if tried.returncode:
        reason = tried.stderr.strip().rpartition("\n")[2]
        raise UserError(f"--reference-python {command[0]} lacks something ({reason}); it needs {NEEDED}")


def start(arguments: argparse.Namespace, folder: Path) -> tuple[Side, Side]:
    """Both sides on the same weights and audio, which are written to a folder.

    Raises:
        UserError: an option has an impossible value, or weights are missing.
    """
    dtype = "float64" if arguments.float64 else "float32"
    setting = from_arguments(arguments, write_official_size(folder), dtype=dtype)
    excerpt = folder / "excerpt.wav"
    audio.write(excerpt, setting.excerpt()[:, None], RATE)
    print(setting.in_words())
    print(in_words(facts(torch.device(setting.device), setting.threads)), flush=True)
    setting = replace(setting, audio=str(excerpt))
    theirs = reference_setting(setting, arguments, folder)
    python = arguments.reference_python
    return (
        Side("reference", [python, str(HERE / "reference_steps.py")], theirs, folder),
        Side("StemSteer", [sys.executable, str(HERE / "stemsteer_steps.py")], asdict(setting), folder),
    )


def reference_setting(setting: Setting, arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """What `reference_steps.py` asks for.

    Raises:
        UserError: the reference has no such taggers, or not together.
    """
    known = tagger_models()
    models = [model for name in setting.taggers if isinstance(model := known.get(name), VocabularyTaggerModel)]
    if len(models) < len(setting.taggers) or any(model.family != "sota-music-tagging" for model in models):
        raise UserError(
            f"--taggers {' '.join(setting.taggers)}: the reference has those of sota-music-tagging-models alone, "
            "such as fcn-mtat; `stemsteer models` lists them"
        )
    vocabularies = {model.vocabulary for model in models}
    if len(vocabularies) > 1:
        raise UserError(f"--taggers {' '.join(setting.taggers)}: the reference's must be trained on the same data")
    (data,) = vocabularies
    architectures = [model.architecture for model in models]
    for architecture, tagger in zip(architectures, setting.taggers, strict=True):
        place = folder / "models" / data / architecture / "best_model.pth"
        place.parent.mkdir(parents=True)
        place.symlink_to(find(tagger).resolve())
    return {
        **{name: str(getattr(arguments, name).resolve()) for name in CHECKOUTS},
        "models": str(folder / "models"),
        "codec": setting.codec,
        "audio": setting.audio,
        "architectures": architectures,
        "data": data,
        "tags": labels_of(models[0]).find(setting.source),
        "fft_sizes": setting.fft_sizes,
        "learning_rate": setting.config().runs[RUN].learning_rate,
        "steps": setting.steps,
        "seed": SEED,
        "threads": setting.threads,
        "device": setting.device,
        "dtype": setting.dtype,
    }


def report(reference: Side, ours: Side, in_float64: bool) -> str:
    """The table and what follows from it."""
    pairs = list(zip(reference.steps, ours.steps, strict=True))
    ratios = [theirs.seconds / own.seconds for theirs, own in pairs[1:]]
    differences = [abs(own.loss - theirs.loss) / abs(theirs.loss) for theirs, own in pairs]
    lines = [
        "",
        f"{'':12}{'first step':>12}{'median step':>14}{'shortest':>12}{'longest':>12}{'peak memory':>14}",
        *map(row, (reference, ours)),
        "",
        f"ratio per step: {statistics.median(ratios):.2f}, the median of {len(ratios)} pairs "
        f"(from {min(ratios):.2f} to {max(ratios):.2f})",
        f"first loss: {pairs[0][0].loss:.9g} and {pairs[0][1].loss:.9g}, relative difference {differences[0]:.1e}",
    ]
    if in_float64:
        lines.append(
            f"{len(pairs)} losses, the last {pairs[-1][0].loss:.9g}: largest relative difference {max(differences):.1e}"
        )
    return "\n".join(lines)


def row(side: Side) -> str:
    first, *others = [step.seconds for step in side.steps]
    median, peak = statistics.median(others), side.steps[-1].peak / 1e9
    times = f"{first:10.2f} s{median:12.2f} s{min(others):10.2f} s{max(others):10.2f} s"
    return f"{side.name:12}{times}{peak:11.2f} GB"


if __name__ == "__main__":
    with told_on_terminal():
        main()
