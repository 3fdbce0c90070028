"""StemSteer's side of `against_reference.py`: steering by gradient, a step whenever one is asked for.

python stemsteer_steps.py SETTING

SETTING is JSON of a `Setting`.
"""

import json
import sys

from pace import Pace
from setting import Setting

from stemsteer.errors import UserError
from stemsteer.steering.base import solve
from stemsteer.steering.gradient import GradientSolver


def main() -> None:
    pace = Pace()
    setting = Setting(**json.loads(sys.argv[1]))
    solver = setting.workload().begin()

    def on_step(running: GradientSolver) -> None:
        pace.taken(running.histories[0][-1].loss)

    pace.ready()
    solve(solver, on_step)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(str(error))
