"""Sphinx's settings. ``build.py`` runs Sphinx so that every warning is an error."""

from nni_core import __version__

project = "nni-core"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["generators"]
html_theme = "furo"
html_title = f"nni-core {version}"
html_show_copyright = False
html_show_sphinx = False
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
add_module_names = False
