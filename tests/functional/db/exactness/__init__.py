"""The trial of ``changes``: many processes write, many views follow.

``registers`` are what is written, and how a view must show it; ``writers``
and ``readers`` are the processes; ``board`` is the memory that they share;
``trial`` starts, stops and judges them. Nothing here names a backend.
"""
