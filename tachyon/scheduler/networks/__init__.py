"""Which segments of routed networks a request's ports are on.

Neutron knows; Placement knows which hosts a segment reaches. ``base`` is what
is asked of Neutron, ``neutron`` asks it, ``routes`` decides when.
"""
