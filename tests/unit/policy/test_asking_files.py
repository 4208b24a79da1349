"""The files that the commands are asked with: what cannot be read says why, what stands twice is refused."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from deploy.policy_files import unreadable


def refused(path: Path) -> str:
    """What is said of the file, in one line, without its path."""
    done = CliRunner().invoke(app, ["policy", "check", "--outcome", str(path)])
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    return done.stderr.strip().replace(f"file 的值 {path} 有误：", "")


def test_a_file_that_is_not_there_or_no_file_says_so(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere.yaml") == "文件不存在（file_unreadable）"
    assert refused(tmp_path) == "是目录，须为文件（file_unreadable）"
    (tmp_path / "file").touch()
    assert refused(tmp_path / "file" / "x.yaml") == "文件不存在：路径中有一段不是目录（file_unreadable）"


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", forbidden)
    assert refused(tmp_path / "x.yaml") == "没有读取权限（file_unreadable）"
    assert unreadable(OSError(5, "Input/output error")) == "读取失败（Input/output error）"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.yaml", "措施".encode("gb18030"), "不是 UTF-8 文本（file_unreadable）"),
        ("x.json", "措施".encode("gb18030"), "不是 UTF-8 文本（file_unreadable）"),
        ("x.yaml", b"measure: 2\nlabel: [bridge\n", "不是 YAML（第 3 行）（file_unreadable）"),
        ("x.yaml", b"measure: 2\nlabel: a: b\n", "不是 YAML（第 2 行）（file_unreadable）"),
        ("x.yaml", b"measure: 2\nlabel: \x01\n", "不是 YAML（第 2 行）（file_unreadable）"),
        ("x.yaml", b"- 2\n", "须为一个对象（字段: 值）（wrong_type）"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_says_what_it_is_not(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert refused(tmp_path / name) == said


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.json", '{"measure": 2, "measure": 3}', "JSON 对象中有重复的键（duplicate_key）"),
        ("x.yaml", "measure: 2\nmeasure: 3\n", "YAML 对象中有重复的键：measure（第 2 行）（duplicate_key）"),
        ("x.yaml", "measure: 2\nlabel: {a: 1, a: 1}\n", "YAML 对象中有重复的键：a（第 2 行）（duplicate_key）"),
    ],
)
def test_a_key_that_stands_twice_is_refused(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert refused(tmp_path / name) == said
