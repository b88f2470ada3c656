"""Sphinx configuration. A warning is an error: see tools/docs.sh."""

from tachyon import backend

backend.choose()

project = "Tachyon"
author = "The Tachyon developers"
copyright = "The Tachyon developers"

extensions = [
    "oslo_config.sphinxext",
    "oslo_policy.sphinxext",
    "sphinx.ext.autodoc",
]
exclude_patterns = []
pygments_style = "sphinx"
nitpicky = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"

html_theme = "alabaster"
html_static_path = ["_static"]
html_theme_options = {
    "description": "Scheduler and resource inventory",
    "fixed_sidebar": True,
    "page_width": "1080px",
}
