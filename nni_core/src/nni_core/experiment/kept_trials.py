"""The trials of a stopped experiment, kept beside its log as the log was folded last.

Ten thousand trials are read from there in a tenth of the time that their events take. The file is good for as long as
the log is the same, and losing it costs time only.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import attrs
import msgspec
from attrs import frozen

from nni_core import __version__
from nni_core.folders import replace_file
from nni_core.model import Metric, Trial
from nni_core.store.log_state import log_state

#: trials below which folding is as quick
FEWEST = 1_000

#: what the records were when they were kept: those of another version may mean something else
_FORM = [__version__, *(field.name for cls in (Trial, Metric) for field in attrs.fields(cls))]


@frozen(kw_only=True)
class _Kept:
    form: Sequence[str]
    log: Sequence[int]
    trials: list[Trial]


def kept_trials(database: Path, file: Path) -> Sequence[Trial] | None:
    """The trials that a log tells of, in order, when they are kept in a file; None when they are not, or no longer."""
    state = log_state(database)
    try:
        kept = _DECODER.decode(file.read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None
    return kept.trials if list(kept.log) == list(state) and list(kept.form) == _FORM else None


def keep_trials(file: Path, trials: list[Trial], state: Sequence[int]) -> None:
    """Keep the trials that a log told of when it was in this state. Does nothing where that is not worth it, where the
    folder cannot be written to, and with values that MessagePack has no form for: the log is read again then."""
    if len(trials) < FEWEST or not state[0]:
        return
    with suppress(OSError, OverflowError, UnicodeEncodeError, TypeError, RecursionError):
        replace_file(file, msgspec.msgpack.encode(_Kept(form=_FORM, log=state, trials=trials)))


_DECODER = msgspec.msgpack.Decoder(_Kept)
