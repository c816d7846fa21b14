"""Races of tuners: ours through the plugin manager, those of other projects through their public interfaces."""
