"""The files that `yuqiao policy` is asked with, and how what is wrong with them is said."""

import re
from pathlib import Path
from typing import Any, NoReturn

import typer
import yaml

from deploy.asking import USAGE
from yuqiao.contracts.problems import NotJson, loads_strict
from yuqiao.contracts.values import Reason

_CAUSES: dict[type[OSError], str] = {
    FileNotFoundError: "文件不存在",
    PermissionError: "没有读取权限",
    IsADirectoryError: "是目录，须为文件",
    NotADirectoryError: "文件不存在：路径中有一段不是目录",
}


class _Texts(yaml.BaseLoader):
    """YAML whose every value is a text, but what stands for nothing: a need's first_loan left empty is unknown.

    A key that stands twice is refused, as in JSON.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        seen = set()
        for key, _ in node.value:
            name = self.construct_object(key)
            if name in seen:
                text = f"YAML 对象中有重复的键：{name}（第 {key.start_mark.line + 1} 行）"
                refuse(Reason(code="duplicate_key", values={"field": str(name)}, text=text))
            seen.add(name)
        return found


_Texts.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("(~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Texts.add_constructor("tag:yaml.org,2002:null", lambda loader, node: None)


def read(path: Path) -> dict[str, Any]:
    """A JSON or YAML file that holds one object; a value of YAML stays text, or is null. Refuses anything else."""
    try:
        text = path.read_text(encoding="utf-8")
        loaded = loads_strict(text.encode()) if path.suffix == ".json" else yaml.load(text, _Texts)  # noqa: S506 - texts only
    except NotJson as error:
        refuse(error.reason)
    except (OSError, UnicodeDecodeError) as error:
        refuse(wrong("file", str(path), unreadable(error), "file_unreadable"))
    except yaml.YAMLError as error:
        refuse(wrong("file", str(path), f"不是 YAML（第 {_line(error, text)} 行）", "file_unreadable"))
    if not isinstance(loaded, dict):
        refuse(wrong("file", str(path), "须为一个对象（字段: 值）", "wrong_type"))
    return loaded


def unreadable(error: OSError | UnicodeDecodeError) -> str:
    """Why a text file cannot be read."""
    if isinstance(error, UnicodeDecodeError):
        return "不是 UTF-8 文本"
    return _CAUSES.get(type(error), f"读取失败（{error.strerror}）")


def _line(error: yaml.YAMLError, text: str) -> int:
    """Where YAML went wrong; of a character that YAML does not have, the error tells the position alone."""
    mark = getattr(error, "problem_mark", None)
    return int(mark.line if mark else text.count("\n", 0, getattr(error, "position", 0))) + 1


def wrong(field: str, value: str, right: str, code: str) -> Reason:
    """The field, its value, and what would be right."""
    return Reason(code=code, values={"field": field, "value": value}, text=f"{field} 的值 {value} 有误：{right}")


def refuse(*reasons: Reason) -> NoReturn:
    """Say why on stderr; usage error."""
    say(*reasons)
    raise typer.Exit(USAGE)


def say(*reasons: Reason) -> None:
    """One line each, on stderr."""
    for reason in reasons:
        typer.echo(f"{reason.text}（{reason.code}）", err=True)
