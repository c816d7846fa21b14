"""Says in one line where foreign code failed, by the line of its author and not by that of the importing machinery."""

from __future__ import annotations

import linecache
import traceback
from pathlib import Path


def blame(error: BaseException, root: str) -> str:
    """``file:line: ErrorType: message``, with the source line where there is one.

    ``root`` is the file, directory or top package that the author is responsible for: the innermost frame inside it is
    named, and the innermost of all when there is none.
    """
    place = _place(error, root)
    message = _message(error)
    shown = f"{type(error).__name__}: {message}" if message else type(error).__name__
    if isinstance(error, SyntaxError):
        # Its own text repeats file and line.
        shown = f"{type(error).__name__}: {error.msg}"
    if place is None:
        return shown
    file, line = place
    source = linecache.getline(file, line).strip()
    return f"{file}:{line}: {shown}" + (f" (at: {source})" if source else "")


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as another:  # noqa: BLE001 - it is a stranger's, too
        return f"its message cannot be shown, for that raises {type(another).__name__}"


def _place(error: BaseException, root: str) -> tuple[str, int] | None:
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return error.filename, error.lineno
    frames = [
        (frame.filename, frame.lineno or 0)
        for frame in traceback.extract_tb(error.__traceback__)
        if not _is_machinery(frame.filename)
    ]
    own = [frame for frame in frames if _belongs(frame[0], root)]
    chosen = own or frames
    return chosen[-1] if chosen else None


def _is_machinery(file: str) -> bool:
    """Frames of the import system and of this package, which say nothing to an author."""
    return file.startswith("<frozen") or "importlib" in Path(file).parts or Path(file).parent == Path(__file__).parent


def _belongs(file: str, root: str) -> bool:
    path = Path(file)
    if Path(root).is_absolute():
        return path == Path(root) or Path(root) in path.parents
    return root in path.parts or path.stem == root
