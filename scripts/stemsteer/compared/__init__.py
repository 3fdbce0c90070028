"""Methods that runs are compared with: baselines, which need no steering, and peers, separators of other packages.

A new baseline is a file beside this with a subclass of `Baseline`, and a line in `BASELINES`. A new peer is a file with
a subclass of `Peer`, and a line in `PEERS`. Reading these imports none of them.
"""

from typing import Any

from stemsteer.compared.kinds import BaselineKind
from stemsteer.registries import Registry

BASELINES = {
    "oracle-mask": BaselineKind("stemsteer.compared.oracle_mask:OracleMask", is_told_reference=True),
    "codec": BaselineKind("stemsteer.compared.codec_baselines:Unsteered", needs_codec=True, stem_is="reconstruction"),
    "codec-oracle": BaselineKind(
        "stemsteer.compared.codec_baselines:CodecOracle", needs_codec=True, is_told_reference=True
    ),
    "hpss": BaselineKind("stemsteer.compared.hpss:Hpss"),
    "repet-sim": BaselineKind("stemsteer.compared.repet_sim:RepetSim"),
}

PEERS: Registry[Any] = Registry(
    {
        "open-unmix": "stemsteer.compared.open_unmix:OpenUnmix",
        "demucs": "stemsteer.compared.demucs:Demucs",
    }
)
