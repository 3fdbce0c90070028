"""The JSON schema of `config.yaml`, by which editors complete and check it."""

import json
from typing import Any

from stemsteer.settings.config import Config


def schema_text() -> str:
    """The schema as it stands in `config.schema.json`."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
    return json.dumps(_with_any_of({**schema, "title": "StemSteer's config.yaml"}), indent=2)


def _with_any_of(schema: Any) -> Any:
    """The schema with `anyOf` for `oneOf`: a group that does not say its kind may fit several."""
    if isinstance(schema, dict):
        return {"anyOf" if key == "oneOf" else key: _with_any_of(value) for key, value in schema.items()}
    return [_with_any_of(item) for item in schema] if isinstance(schema, list) else schema
