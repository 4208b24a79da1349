"""A field of a body that takes a code of a closed list: checked, and listed where bodies are described."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from services.intake.identity import BadValue
from yuqiao.policy.states import known_codes


@dataclass(frozen=True, slots=True)
class OneOf:
    """For `Annotated[str, OneOf(kind)]`: a code of this list. BadValue says which there are."""

    kind: str

    def checked(self, code: str) -> str:
        """The code. Raises BadValue when the list does not have it."""
        if code not in known_codes(self.kind):
            raise BadValue(f"{self.kind}_unknown", f"可选值：{'、'.join(known_codes(self.kind))}")
        return code

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic's hook: what the type says, then `checked`."""
        return core_schema.no_info_after_validator_function(self.checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Pydantic's hook: what the type says, and the codes."""
        return handler(schema) | {"enum": list(known_codes(self.kind))}
