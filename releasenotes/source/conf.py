"""Sphinx configuration of the release notes."""

project = "Tachyon release notes"
author = "The Tachyon developers"
copyright = "The Tachyon developers"

extensions = ["reno.sphinxext"]
html_theme = "alabaster"
