"""A config that is filled in attribute by attribute, as NNI's Python interface has it. Checked when it is used."""

from __future__ import annotations

from typing import Any

import attrs

from nni_core.config.schema import AlgorithmConfig
from nni_core.config.schema import ExperimentConfig as Schema
from nni_core.errors import nearest
from nni_core.model import Json


class _Section:
    """Attributes that may be set, and no others; ``None`` means not set."""

    _known: frozenset[str] | None = None

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if self._known is not None and name not in self._known:
            close = nearest(name, self._known)
            hint = f"; did you mean '{close}'?" if close else ""
            raise AttributeError(f"{type(self).__name__} has no field '{name}'{hint}")
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or (self._known is not None and name not in self._known):
            raise AttributeError(f"{type(self).__name__} has no field '{name}'")
        return None

    def as_data(self) -> dict[str, Json]:
        """What was set, as a config file would say it."""
        plain = {name: _plain(value) for name, value in vars(self).items()}
        return {name: value for name, value in plain.items() if value is not None and value != {}}


def _plain(value: Any) -> Json:
    if isinstance(value, _Section):
        return value.as_data()
    return str(value) if hasattr(value, "__fspath__") else value


def _settable(record: type) -> frozenset[str]:
    return frozenset(one.name for one in attrs.fields(record) if not one.metadata.get("derived"))


class AlgorithmSection(_Section):
    """A tuner or an assessor: ``name`` or ``class_name`` and ``code_directory``, with ``class_args``."""

    _known = _settable(AlgorithmConfig)

    def __init__(self, **values: Any) -> None:
        super().__init__(**{"class_args": {}, **values})

    def as_data(self) -> dict[str, Json]:
        data = super().as_data()
        return data if data.keys() - {"class_args"} else {}


class TrainingServiceSection(_Section):
    """A training service: ``platform`` and the service's own fields."""


class ExperimentConfig(_Section):
    """The config of an experiment; fields are those of ``config.yaml`` in snake case."""

    _known = _settable(Schema) | {"advisor"}

    def __init__(self, training_service_platform: str | None = None, **values: Any) -> None:
        service = TrainingServiceSection(platform=training_service_platform) if training_service_platform else None
        sections = {"tuner": AlgorithmSection(), "assessor": AlgorithmSection(), "training_service": service}
        super().__init__(**{**sections, **values})
