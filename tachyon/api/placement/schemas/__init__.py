"""Schemas of bodies and query strings, one module a resource.

One that changed over time is a dict of all its variants, by the microversion
that brought each; whoever reads it takes the newest that is not too new.
"""
