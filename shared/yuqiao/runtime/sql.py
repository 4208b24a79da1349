"""SQL lives in .sql files: `-- name: load_cases` starts a query, its text runs to the next name."""

import re
from pathlib import Path

_NAME = re.compile(r"^--\s*name:\s*([a-z][a-z0-9_]*)\s*$", re.MULTILINE)


class Queries:
    """The queries of one file, as attributes: `Q = Queries.beside(__file__)`, then `Q.load_cases`."""

    def __init__(self, text: str, source: str) -> None:
        """`text` in the format above; a name given twice is an error."""
        parts = _NAME.split(text)
        self.source = source
        self.texts: dict[str, str] = {}
        for name, body in zip(parts[1::2], parts[2::2], strict=True):
            if name in self.texts:
                raise ValueError(f"{source}: query {name} is there twice")
            self.texts[name] = body.strip().rstrip(";")

    @classmethod
    def beside(cls, module_file: str, name: str = "queries.sql") -> "Queries":
        """The queries of the .sql file in the module's folder."""
        path = Path(module_file).with_name(name)
        return cls(path.read_text(encoding="utf-8"), str(path))

    def __getattr__(self, name: str) -> str:
        try:
            return self.texts[name]
        except KeyError:
            raise AttributeError(f"{self.source} has no query named {name}") from None
