"""The plugin module is sound, cheap to list, and what it offers can be used."""

from nni_core.testing.plugin import PluginContract


class TestPlugin(PluginContract):
    """Everything a plugin module must do."""

    plugin = "hillclimb_tuner.plugin"
