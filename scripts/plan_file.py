"""Write down what the config asks for; the report compares it with what there is."""

from stemsteer.errors import told_in_log
from stemsteer.files import write_json

if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        write_json(job.output[0], job.params.plan)
