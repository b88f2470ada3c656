import os
import subprocess
import sys
import time
import unittest

from tests.benchmark import usage

BUSY = """
import subprocess, sys
if len(sys.argv) > 1:
    child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
    print(flush=True)
    child.wait()
"""
SPIN = "while True: pass"


class TestUsage(unittest.TestCase):

    def test_children_count_too(self):
        parent = subprocess.Popen([sys.executable, "-c", BUSY, SPIN],
                                  stdout=subprocess.PIPE,
                                  start_new_session=True)
        try:
            parent.stdout.readline()
            end = time.monotonic() + 60
            start = usage.cpu([parent.pid])
            while usage.cpu([parent.pid]) < start + 0.2:
                self.assertLess(time.monotonic(), end)
            self.assertEqual(2, len(usage.memory([parent.pid])))
            self.assertLess(0.5, min(usage.memory([parent.pid]).values()))
        finally:
            os.killpg(parent.pid, 9)
            parent.communicate()

    def test_what_has_gone_is_nothing(self):
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        self.assertEqual((0.0, {}), (usage.cpu([gone.pid]),
                                     usage.memory([gone.pid])))
