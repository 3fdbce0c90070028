"""Write the listening page: as a job of the workflow, or by hand, as when jobs have failed."""

import argparse
from pathlib import Path

from stemsteer.errors import UserError, told_in_log
from stemsteer.report import write_report


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="report.py",
        description="Write the listening page over whatever a workflow has made so far. "
        "What is missing is listed on the page, with the reason from the logs.",
        epilog="Example: python scripts/report.py results/plan.json results/report/index.html",
    )
    parser.add_argument(
        "plan",
        type=Path,
        metavar="PLAN",
        help="the runs, tracks and sources that were asked for, as the workflow wrote them (results/plan.json)",
    )
    parser.add_argument(
        "output",
        type=Path,
        metavar="OUTPUT",
        help="the page to write; audio/ and images/ are made beside it (results/report/index.html)",
    )
    arguments = parser.parse_args()
    try:
        write_report(arguments.plan, arguments.output)
    except UserError as error:
        parser.exit(1, f"error: {error}\n")


if "snakemake" in globals():
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        write_report(Path(job.input.plan), Path(job.output.page))
elif __name__ == "__main__":
    main()
