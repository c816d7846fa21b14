"""The search space: its grammar, and everything that is true of it whatever the tuner."""

from nni_core.space.dedup import Deduplicator
from nni_core.space.domains import Choice, Integers, OutsideError
from nni_core.space.numeric import Normal, Numeric, Scale, Uniform
from nni_core.space.parameter import NAME, Domain, Key, Parameter
from nni_core.space.parameter_type import ParameterType
from nni_core.space.space import SearchSpace, validate

__all__ = [
    "NAME",
    "Choice",
    "Deduplicator",
    "Domain",
    "Integers",
    "Key",
    "Normal",
    "Numeric",
    "OutsideError",
    "Parameter",
    "ParameterType",
    "Scale",
    "SearchSpace",
    "Uniform",
    "validate",
]
