"""How the embedded codecs are trained and evaluated (`snakemake codec`)."""
