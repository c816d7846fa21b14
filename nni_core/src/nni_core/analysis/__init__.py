"""What the results of an experiment tell: which parameters matter, and which of their values do well. Pure."""

from nni_core.analysis.analyse import FEWEST, Analysis, Result, analyse
from nni_core.analysis.effects import Effect, Level
from nni_core.analysis.volume import hypervolume

__all__ = ["FEWEST", "Analysis", "Effect", "Level", "Result", "analyse", "hypervolume"]
