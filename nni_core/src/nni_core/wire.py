"""What a trial and the manager share: the trial's environment, its parameter file, and the spool of its results.

This is the manager's half. The trial's half, standard library only, is :mod:`nni.trial` and :mod:`nni.spool`; the
format of a record is described there.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import Attribute, field, frozen

from nni.spool import ERROR, HEADER, MAX_PAYLOAD, dump, load, next_line
from nni_core.model import Json, MetricKind, Parameters, ParameterSource, TrialId

#: the longest line that can be a record
_MAX_LINE = HEADER + MAX_PAYLOAD + 1
#: levels of a result, at most; twice what :mod:`nni.metric` lets through
_DEEPEST = 64


class TrialVariable(StrEnum):
    """Environment variables of a trial. The first seven are NNI's."""

    #: name of the training service
    PLATFORM = "NNI_PLATFORM"
    EXPERIMENT_ID = "NNI_EXP_ID"
    TRIAL_ID = "NNI_TRIAL_JOB_ID"
    SEQUENCE_ID = "NNI_TRIAL_SEQ_ID"
    #: where the trial may leave files; the same folder as SYSTEM_DIRECTORY
    OUTPUT_DIRECTORY = "NNI_OUTPUT_DIR"
    #: the folder of this attempt, with the parameter file and the spool in it
    SYSTEM_DIRECTORY = "NNI_SYS_DIR"
    CODE_DIRECTORY = "NNI_CODE_DIR"
    #: 1 for the first execution
    ATTEMPT = "NNI_TRIAL_ATTEMPT"
    #: the attempt's id, by which its processes are found
    TOKEN = "NNI_TRIAL_TOKEN"  # noqa: S105 - a name, and no secret
    #: shared by all attempts of the trial; the trial makes it
    CHECKPOINT_DIRECTORY = "NNI_CHECKPOINT_DIR"
    #: key of the number to optimize in dict results; set only when it is not ``default``
    OBJECTIVE = "NNI_OBJECTIVE"
    #: set only when the experiment says ``trial_gpu_number``
    GPUS = "CUDA_VISIBLE_DEVICES"


def parameter_file(
    *, trial_id: TrialId, parameter_id: int, parameters: Parameters, source: ParameterSource = ParameterSource.ALGORITHM
) -> bytes:
    """Content of a trial's ``parameter.cfg``."""
    return dump(
        {
            "parameter_id": parameter_id,
            "parameters": parameters,
            "parameter_source": source,
            "parameter_index": 0,
            "trial_job_id": trial_id,
        }
    )


def _is_count(_record: object, attribute: Attribute[int], value: int) -> None:
    # The annotation is a wish: the value comes from a file, and is to go into a database, which takes 64 bits.
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise ValueError(f"{attribute.name} must be a whole number, got {value!r}")


@frozen(kw_only=True)
class SpoolRecord:
    """One result, as the trial wrote it."""

    kind: MetricKind = field(converter=MetricKind)
    parameter_id: int = field(validator=_is_count)
    #: counts the intermediate results of this attempt from 0; 0 for the final one
    sequence: int = field(validator=_is_count)
    value: Json
    #: milliseconds since the epoch, by the trial's clock
    timestamp: int = field(validator=_is_count)
    #: offset in the spool of what follows this record
    end: int


@frozen(kw_only=True)
class SpoolError:
    """Why the trial gives up, as it wrote it."""

    message: str
    retryable: bool
    parameter_id: int = field(validator=_is_count)
    #: offset in the spool of what follows this record
    end: int


class SpoolReader:
    """Turns a spool's bytes, in pieces of any size, into records. Never raises for what the bytes are.

    A damaged record is skipped and counted; reading goes on with the next line.
    """

    def __init__(self, offset: int = 0) -> None:
        """``offset``: where to begin, an earlier reader's :attr:`offset`."""
        self._start = offset
        self._buffer = bytearray()
        #: damaged pieces seen so far
        self.skipped = 0
        #: the first error seen so far
        self.error: SpoolError | None = None

    @property
    def offset(self) -> int:
        """Everything before this offset is done with; a new reader may begin here."""
        return self._start

    def feed(self, offset: int, data: bytes) -> list[SpoolRecord]:
        """The records that are complete now that the bytes at ``offset`` have come. Bytes seen before are ignored."""
        expected = self._start + len(self._buffer)
        if offset > expected:
            self._give_up_until(offset)
            expected = offset
        self._buffer += data[expected - offset :]
        return self._take_records()

    def _take_records(self) -> list[SpoolRecord]:
        records: list[SpoolRecord] = []
        position = 0
        while line := next_line(self._buffer, position):
            payload, end = line
            is_blank = payload is None and end == position + 1
            record = None if payload is None else _decode(payload, self._start + end)
            if isinstance(record, SpoolRecord):
                records.append(record)
            elif record is not None:
                self.error = self.error or record
            else:
                self.skipped += not is_blank
            position = end
        self._start += position
        del self._buffer[:position]
        if len(self._buffer) > _MAX_LINE:
            self._give_up_until(self._start + len(self._buffer))
        return records

    def _give_up_until(self, offset: int) -> None:
        self.skipped += 1
        self._start = offset
        self._buffer.clear()


def _check_depth(value: Json, left: int = _DEEPEST) -> None:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if inner and not left:
        raise ValueError("nested too deeply")
    for one in inner:
        _check_depth(one, left - 1)


def _decode(payload: bytes, end: int) -> SpoolRecord | SpoolError | None:
    """The record in a sound payload, or None: a trial can write what it likes."""
    try:
        found = load(payload)
        if found["kind"] == ERROR:
            about = found["value"]
            message, retryable = str(about["message"]), bool(about["retryable"])
            return SpoolError(message=message, retryable=retryable, parameter_id=found["parameter_id"], end=end)
        _check_depth(found["value"])
        return SpoolRecord(
            kind=found["kind"],
            parameter_id=found["parameter_id"],
            sequence=found["sequence"],
            value=found["value"],
            timestamp=found["timestamp"],
            end=end,
        )
    except (LookupError, TypeError, ValueError, RecursionError):
        return None
