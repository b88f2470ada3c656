"""Schemas of bodies and query strings, one module a resource.

A later version of a schema stands beside the earlier one, named by the
microversion that brought it, and a route names the one it needs.
"""
