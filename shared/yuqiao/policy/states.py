"""The Chinese term beside each code: states (data/states.yaml) and other closed lists (data/codes.yaml)."""

from functools import lru_cache

from pydantic import TypeAdapter, model_validator

from yuqiao.policy.datafile import Row, read_yaml


class CodeList(Row):
    """One list of codes: what it is called, and each code's term. No term may stand for two codes."""

    term: str
    codes: dict[str, str]

    @model_validator(mode="after")
    def _unambiguous(self) -> "CodeList":
        if len(set(self.codes.values())) != len(self.codes):
            raise ValueError(f"{self.term}：同一用语对应多个代码")
        return self


def term(kind: str, code: str) -> str:
    """The Chinese term of a code, or the code itself when the list does not know it. Raises KeyError for a bad kind."""
    return _lists()[kind].codes.get(code, code)


def issue_list(raised_by: str) -> str:
    """In which list the category of an issue stands: a bank's own, or what others find."""
    return "issue_category" if raised_by == "bank" else "issue_found"


def known_codes(kind: str) -> tuple[str, ...]:
    """The codes of a list, in its order. Raises KeyError for an unknown kind."""
    return tuple(_lists()[kind].codes)


def listed(kind: str) -> str:
    """The codes of a list, each with its term, as people list them. Raises KeyError for an unknown kind."""
    return "、".join(f"{code} {term}" for code, term in _lists()[kind].codes.items())


def code_of(kind: str, term: str) -> str | None:
    """The code of a Chinese term (exact), or None. Raises KeyError for an unknown kind."""
    return _reverse()[kind].get(term)


def kinds() -> tuple[str, ...]:
    """The names of all lists."""
    return tuple(_lists())


@lru_cache(maxsize=1)
def _lists() -> dict[str, CodeList]:
    shape = TypeAdapter(dict[str, CodeList])
    return read_yaml("states.yaml", shape) | read_yaml("codes.yaml", shape)


@lru_cache(maxsize=1)
def _reverse() -> dict[str, dict[str, str]]:
    return {kind: {term: code for code, term in one.codes.items()} for kind, one in _lists().items()}
