"""``from nni.tuner import Tuner``: the base class of custom tuners, under the name that NNI users know."""

from nni_core.api import Tuner

__all__ = ["Tuner"]
