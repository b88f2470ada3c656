"""Whole Placements in and out, and what Nova knows of what is in there.

A *source* reads one: from Placement's database, over its HTTP API, or from
Tachyon's store; ``generated`` makes one up. ``importing`` copies a source into
the store, ``exporting`` writes a source to another Placement, ``comparing``
tells two of them apart, and ``audit`` looks for what nobody owns.
"""
