"""The search space: its grammar, and everything that is true of it whatever the tuner."""

from nni_core.space.dedup import Deduplicator
from nni_core.space.domains import Choice, Integers
from nni_core.space.numeric import Normal, Numeric, Scale, Uniform
from nni_core.space.parameter import Key, Parameter
from nni_core.space.parameter_type import ParameterType
from nni_core.space.space import SearchSpace, validate

__all__ = [
    "Choice",
    "Deduplicator",
    "Integers",
    "Key",
    "Normal",
    "Numeric",
    "Parameter",
    "ParameterType",
    "Scale",
    "SearchSpace",
    "Uniform",
    "validate",
]
