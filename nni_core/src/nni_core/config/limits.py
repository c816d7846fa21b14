"""How much one document may hold. A config that a person wrote stays far below; a hostile one is stopped early."""

from __future__ import annotations

from nni_core.config.codes import TextCode
from nni_core.config.source_text import SourceText

#: values, counting those that an alias repeats
MAX_NODES = 50_000
#: mappings and lists inside one another
MAX_DEPTH = 64
MAX_ALIASES = 100
#: of a whole number; more than any float can tell apart
MAX_DIGITS = 300


class Budget:
    """Counts what one document has used, and refuses what goes beyond."""

    def __init__(self, source: SourceText) -> None:
        self._source = source
        self._nodes = 0
        self._aliases = 0

    def spend(self, nodes: int, line: int, column: int) -> None:
        """Count values. :raises ConfigError: when there are too many."""
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            message = f"the file holds more than {MAX_NODES} values, aliases counted as often as they are used"
            raise self._source.error(TextCode.TOO_MANY_NODES, message, line, column)

    def spend_alias(self, line: int, column: int) -> None:
        """Count an alias. :raises ConfigError: when there are too many."""
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            message = f"the file uses more than {MAX_ALIASES} aliases"
            raise self._source.error(TextCode.TOO_MANY_NODES, message, line, column, "write the values out")

    def check_depth(self, depth: int, line: int, column: int) -> None:
        """:raises ConfigError: when values lie inside one another too deeply."""
        if depth > MAX_DEPTH:
            message = f"values are nested more than {MAX_DEPTH} deep"
            raise self._source.error(TextCode.TOO_DEEP, message, line, column)
