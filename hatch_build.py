"""Put the workflow into wheels: what lies at the top of a checkout goes to the folder `shipped` of the package."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = ("Snakefile", "config.yaml", "config.schema.json", "rules", "envs", "profiles", "resources", "report")


class ShippedWorkflow(BuildHookInterface[Any]):
    """The rules' own scripts lie beside the library, which is not to be shipped twice: they are added one by one."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files, unless the checkout is only pointed to (`pip install --editable`)."""
        if version == "editable":
            return
        scripts = [f"scripts/{path.name}" for path in Path(self.root, "scripts").glob("*.py")]
        build_data["force_include"] |= {name: f"stemsteer/shipped/{name}" for name in (*SHIPPED, *scripts)}
