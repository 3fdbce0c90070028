"""Run a script until it has understood its arguments: python understood.py SCRIPT ARGUMENTS..."""

import argparse
import runpy
import sys
from pathlib import Path
from typing import Any, NoReturn

parse_args = argparse.ArgumentParser.parse_args


def parse_and_stop(*arguments: Any, **options: Any) -> NoReturn:
    print(parse_args(*arguments, **options))
    sys.exit(0)


if __name__ == "__main__":
    argparse.ArgumentParser.parse_args = parse_and_stop  # type: ignore[assignment]
    del sys.argv[0]
    sys.path.insert(0, str(Path(sys.argv[0]).parent))
    runpy.run_path(sys.argv[0], run_name="__main__")
    sys.exit(f"{sys.argv[0]} reads no arguments")
