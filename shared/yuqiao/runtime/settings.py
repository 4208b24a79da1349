"""Settings from the environment: prefix YUQIAO_, `_FILE` variants for secrets, unknown names refused."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from yuqiao.contracts.problems import reasons_of, visible
from yuqiao.contracts.values import Reason

PREFIX = "YUQIAO_"
REPOSITORY = Path(__file__).resolve().parents[3]
Port = Annotated[int, Field(ge=1, le=65535)]
Level = Annotated[Literal["debug", "info", "warning", "error", "critical"], BeforeValidator(str.lower)]


class BadSetting(ValueError):
    """A variable with our prefix that nothing reads, or whose value is wrong: one line with what would be right."""


class Settings(BaseSettings):
    """Everything a service process is told. Each field is YUQIAO_<NAME>; `<NAME>_FILE` reads it from a file."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid")

    service: str = ""
    instance: str = "1"
    kafka_bootstrap: str = "127.0.0.1:29092"
    kafka_security_protocol: str = "SASL_PLAINTEXT"
    kafka_sasl_mechanism: str = "SCRAM-SHA-512"
    kafka_username: str = ""
    kafka_password: SecretStr = SecretStr("")
    postgres_dsn: SecretStr = SecretStr("")
    host: str = "127.0.0.1"
    http_port: Port = 8100
    ops_port: Port = 9100
    clock: Literal["system", "stepped"] = "system"
    secret: SecretStr = SecretStr("")
    operator_key: SecretStr = SecretStr("")
    public_url: str = "http://127.0.0.1:8101"
    time_limits: Path = REPOSITORY / "deploy" / "time-limits.yaml"
    batch_size: int = Field(default=500, ge=1, le=5000)
    poll_seconds: float = Field(default=0.5, gt=0, le=60)
    held_days: int = Field(default=1, ge=1, le=30)
    log_level: Level = "info"

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name in cls.model_fields:
            variable = f"{PREFIX}{name.upper()}_FILE"
            path = os.environ.get(variable)
            if path and name not in given:
                given[name] = _read(variable, path)
        return given

    @classmethod
    def load(cls) -> "Settings":
        """The settings of this process. Raises BadSetting."""
        known = {f"{PREFIX}{name.upper()}" for name in cls.model_fields}
        known |= {f"{name}_FILE" for name in known}
        for name in os.environ:
            if name.startswith(PREFIX) and name not in known:
                raise BadSetting(f"未知的环境变量 {name}；可用的有：{'、'.join(sorted(known))}")
        try:
            return cls()
        except ValidationError as error:
            raise BadSetting("；".join(map(_text, reasons_of(error)))) from None

    def printable(self) -> dict[str, str]:
        """The effective settings, secrets hidden."""
        return {f"{PREFIX}{name.upper()}": str(value) for name, value in self}


def _read(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        why = "内容不是 UTF-8 编码的文本"
    except OSError as error:
        why = str(error.strerror)
    raise BadSetting(f"环境变量 {variable} 所指的 {visible(path)} 无法读取：{why}")


def _text(reason: Reason) -> str:
    """What is wrong with a variable, by its name; what is not of one variable does not repeat what was given."""
    field = reason.values["field"]
    if field not in Settings.model_fields:
        return reason.values["expected"]
    return f"环境变量 {PREFIX}{field.upper()}{reason.text.removeprefix(field)}"
