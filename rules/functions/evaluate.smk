"""Input and parameter functions of evaluation."""


def parts_of(run: str) -> tuple[str, str]:
    return PLAN.config.runs[run].parts
