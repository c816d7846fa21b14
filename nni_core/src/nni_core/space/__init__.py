"""The search space: its grammar, and everything that is true of it whatever the tuner."""

from nni_core.space.constraints import Constraints, validate_constraints
from nni_core.space.dedup import Deduplicator
from nni_core.space.domains import Choice, Integers, OutsideError
from nni_core.space.expression import Expression, ExpressionError, ExpressionProblem
from nni_core.space.filling import filled
from nni_core.space.numeric import Normal, Numeric, Scale, Uniform
from nni_core.space.parameter import NAME, Domain, Key, Parameter
from nni_core.space.parameter_type import ParameterType
from nni_core.space.space import SearchSpace, validate

__all__ = [
    "NAME",
    "Choice",
    "Constraints",
    "Deduplicator",
    "Domain",
    "Expression",
    "ExpressionError",
    "ExpressionProblem",
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
    "filled",
    "validate",
    "validate_constraints",
]
