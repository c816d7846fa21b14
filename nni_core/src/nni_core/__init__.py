"""A plugin framework for tuning hyper-parameters: the core.

Plugin authors read :mod:`nni_core.hookspecs` and :mod:`nni_core.api`; everything else is the host's own.
"""

__version__ = "0.1.0"
