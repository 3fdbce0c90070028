"""Print what the workflow would do and how long it would take."""

from stemsteer.errors import told_in_log
from stemsteer.jobs.forecast import forecast
from stemsteer.settings.config import load_config
from stemsteer.settings.plan import make_plan

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        print(forecast(make_plan(load_config(job.config))))
