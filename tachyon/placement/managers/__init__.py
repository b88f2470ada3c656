"""The logic of the placement plane, one module a noun.

``tachyon.placement.manager`` is the door to them.
"""
