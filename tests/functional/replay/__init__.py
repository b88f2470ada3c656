"""One sequence of requests over the whole HTTP surface, and its answers.

``sequence.yaml`` is played to the application over a store; ``answers.yaml``
is what the sqlite driver answered. Whatever the driver, status, headers and
body of every answer are the same, but for ids, times and request ids, which
are numbered in the order in which they appear. To record them anew, and to
see in the diff what changed for callers::

    $ TACHYON_REPLAY_RECORD=1 python -m unittest \\
        tests.functional.replay.test_replay.TestReplay
"""
