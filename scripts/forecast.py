"""Print what the workflow would do and how long it would take."""

from stemsteer.config import load_config
from stemsteer.errors import told_in_log
from stemsteer.forecast import forecast
from stemsteer.plan import make_plan

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        print(forecast(make_plan(load_config(job.config))))
