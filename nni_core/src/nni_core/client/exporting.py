"""Results of an experiment as a file: NNI's rows, or every trial with all that is known of it.

JSON and CSV are by default what scripts written for NNI read: the trials that succeeded, with strings of JSON where NNI
has them. JSON lines and Parquet are for data frames, and hold everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from attrs import frozen

from nni_core.client.export_rows import Row, full_rows, nni_rows
from nni_core.client.export_text import csv_lines, json_lines, json_text
from nni_core.client.output import write_output
from nni_core.errors import ConfigError, Problem, nearest
from nni_core.folders import ExperimentFolder


class ExportFormat(StrEnum):
    """What an export is written as."""

    JSON = "json"
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"

    @property
    def holds_everything(self) -> bool:
        """Whether it has all trials and all that is known of them in any case."""
        return self in {ExportFormat.JSONL, ExportFormat.PARQUET}


#: endings of file names
_ENDINGS: Mapping[str, ExportFormat] = {
    **{f".{one}": one for one in ExportFormat},
    ".ndjson": ExportFormat.JSONL,
    ".pq": ExportFormat.PARQUET,
}

#: stands for stdout
STDOUT = Path("-")


@frozen(kw_only=True)
class ExportOrder:
    """What is asked for."""

    #: :data:`STDOUT`, or a file to write
    file: Path
    format: ExportFormat
    #: trials that failed or were ended, too, and what is known of each beside parameters and result
    all_trials: bool = False
    intermediate: bool = False


def format_of(file: Path) -> ExportFormat:
    """The format that a file's name asks for; JSON for stdout.

    :raises ConfigError: when it asks for none.
    """
    if file == STDOUT:
        return ExportFormat.JSON
    ending = file.suffix.lower()
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    close = nearest(ending, _ENDINGS) if ending else None
    message = (
        f"'{file.name}' ends like no format that is known" if ending else f"'{file.name}' does not tell its format"
    )
    formats = ", ".join(ExportFormat)
    hint = f"did you mean '{file.with_suffix(close).name}'? --type also tells the format" if close else ""
    raise ConfigError(Problem(code="NNI535", message=message, help=hint or f"--type tells it: {formats}"))


def export(folder: ExperimentFolder, order: ExportOrder) -> int:
    """Write the results of an experiment, which may run or not; the answer is the number of trials that are in there.
    A file is there wholly or not at all.

    :raises MachineError: when it cannot be written.
    :raises PluginError: when the package that writes Parquet is not installed.
    """
    if order.format is ExportFormat.PARQUET:
        from nni_core.client.export_parquet import parquet_bytes, require_pyarrow

        # Before anything is read.
        require_pyarrow()
        rows = full_rows(folder, intermediate=True)
        write_output(order.file, lambda: iter([parquet_bytes(rows)]))
        return len(rows)
    everything = order.all_trials or order.format.holds_everything
    rows = (
        full_rows(folder, intermediate=order.intermediate or order.format.holds_everything)
        if everything
        else nni_rows(folder, intermediate=order.intermediate)
    )
    written = _WRITERS[order.format]
    write_output(order.file, lambda: (piece.encode("utf-8", "surrogatepass") for piece in written(rows)))
    return len(rows)


_WRITERS: Mapping[ExportFormat, Callable[[Sequence[Row]], Iterator[str]]] = {
    ExportFormat.JSON: json_text,
    ExportFormat.JSONL: json_lines,
    ExportFormat.CSV: csv_lines,
}
