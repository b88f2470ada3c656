"""Nova's own functional tests, unmodified, with Tachyon in the place of parts.

    python -m tests.nova_suite --help

The tests are those of the installed package nova 34. Each run of some of them
is two or three processes:

* ``program``: nova's tests, with nova's services in threads, on databases in
  files;
* tachyon-api, which they find where they would start a Placement;
* ``scheduler``, if the scheduler is swapped, too: what tachyon-scheduler has
  for nova, which ``stand_in`` calls where nova-scheduler would be.

``modules.txt`` says which modules are run, ``exceptions.txt`` which of their
tests can't pass and why, ``share.txt`` which few are part of every check.
"""
