"""The store's SQL: statements by name from ``queries.sql``, and the migrations in order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files


def _load_queries() -> dict[str, str]:
    text = (files(__package__) / "queries.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)[1:]
    return {name: statement.strip().rstrip(";") for name, statement in zip(parts[::2], parts[1::2], strict=True)}


def _load_migrations() -> tuple[str, ...]:
    folder = files(__package__) / "migrations"
    scripts = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name)
    return tuple(script.read_text(encoding="utf-8") for script in scripts)


#: statement by name
QUERIES: Mapping[str, str] = _load_queries()

#: the script at index n brings a database from user_version n to n + 1
MIGRATIONS: Sequence[str] = _load_migrations()
