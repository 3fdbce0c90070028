"""StemSteer's side of `against_reference.py`: the ascent, a step whenever one is asked for.

python stemsteer_steps.py SETTING

SETTING is JSON of a `Setting`.
"""

import json
import sys

from pace import Pace
from setting import RUN, Setting

from stemsteer.errors import UserError
from stemsteer.steering.ascent import Ascent, ascend


def main() -> None:
    pace = Pace()
    setting = Setting(**json.loads(sys.argv[1]))
    steering = setting.steering()

    def on_step(ascent: Ascent) -> None:
        pace.taken(ascent.histories[0][-1].loss)

    pace.ready()
    ascend(steering, setting.config().runs[RUN], on_step)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(str(error))
