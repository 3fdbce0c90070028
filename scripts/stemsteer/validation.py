"""The base of all settings: what pydantic is asked to refuse."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

Precision = Literal["float32", "tf32", "bfloat16"]
"""Of large products."""


class Settings(BaseModel):
    """Settings in which a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_all_defaults(cls, value: Any) -> Any:
        """A key without anything below it, as when all its lines are commented out."""
        return {} if value is None else value
