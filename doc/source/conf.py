"""Sphinx configuration. A warning is an error: see tools/docs.sh."""

import warnings

# A library that oslo imports, and Tachyon does not use, warns of itself.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")

from tachyon import backend  # noqa: E402

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
