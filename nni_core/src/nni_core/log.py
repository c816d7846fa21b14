"""structlog, imported without the library that it would colour tracebacks with.

structlog takes rich when it finds it, and rich would be a third of what a manager imports: its log is a plain file.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import structlog


def load_structlog() -> Any:
    """The module ``structlog``."""
    if "structlog" in sys.modules or "rich" in sys.modules:
        return importlib.import_module("structlog")
    # None in sys.modules makes the import of rich fail, for as long as structlog is being imported.
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("structlog")
    finally:
        del sys.modules["rich"]


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger that takes an event and its key-value pairs."""
    logger: structlog.stdlib.BoundLogger = load_structlog().get_logger(name)
    return logger
