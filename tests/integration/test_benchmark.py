"""The benchmark itself, at its smallest: that it runs, and is fair."""

import csv
import subprocess
import sys
from unittest import mock

import sqlalchemy as sa
from placement.db.sqlalchemy import models as placement_models

from tachyon.transfer import comparing
from tachyon.transfer import database
from tachyon.transfer import generated
from tests.benchmark import placement_rows
from tests.benchmark import rows
from tests.integration import base
from tests.integration.parts import mariadb
from tests.integration.parts import processes


class TestBenchmark(base.TestCase):

    def test_every_row(self):
        directory = self.make_directory()
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmark", "--sides", "sqlite",
             "--hosts", "20", "--numa-hosts", "5", "--seconds", "0.05",
             "--warm", "0.05", "--output", str(directory)],
            cwd=processes.ROOT, text=True, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=self.LIMIT)
        self.assertEqual(0, done.returncode, done.stderr)
        with open(directory / "table.csv") as file:
            head, *found = csv.reader(file)
        self.assertEqual(["Row", "Bar", "sqlite", ""], head)
        self.assertEqual([row.name for row in rows.ROWS],
                         [line[0] for line in found])
        self.assertNotIn("wrong", [line[3] for line in found])

    def test_placement_gets_the_same_cloud(self):
        server = self.start(mariadb.MariaDB())
        engine = sa.create_engine(server.url)
        self.addCleanup(engine.dispose)
        for shape in generated.SHAPES:
            with self.subTest(shape):
                placement_models.BASE.metadata.drop_all(engine)
                placement_models.BASE.metadata.create_all(engine)
                cloud = generated.GeneratedCloud(7, shape)
                placement_rows.load(server.url, cloud)
                with database.DatabaseSource(server.url, "", "") as there:
                    self.assertEqual([], list(comparing.run(
                        cloud, there, mock.Mock())))
