"""What every implementation must do, as pytest classes to subclass, and fakes to test against.

One module for each kind of plugin: :mod:`~nni_core.testing.tuner`, :mod:`~nni_core.testing.assessor`,
:mod:`~nni_core.testing.training_service`, :mod:`~nni_core.testing.sink`; :mod:`~nni_core.testing.plugin` for the plugin
module of any of them. Needs pytest, which nni-core itself does not install.
"""
