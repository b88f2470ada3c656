"""Filters and weighers that somebody wrote against nova's base classes.

They run as they are, in the process of the scheduler, on nova's own objects,
which are made of what Tachyon knows. So nova has to be installed, and is
imported only where the configuration names such a plug-in:

* ``library`` imports nova beside Tachyon, and finds the classes;
* ``look`` is what plug-ins are shown in one try of a decision;
* ``states`` and ``specs`` make nova's objects, and are the only modules that
  import nova themselves: they are imported by ``look``, when nova is there;
* ``filters`` and ``weighers`` are Tachyon's plug-ins around theirs.
"""
