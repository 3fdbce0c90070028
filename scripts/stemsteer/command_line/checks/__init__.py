"""The checks of `stemsteer doctor`. Their modules import nothing heavy, so that one that is broken is a finding."""
