"""The trial of ``changes``, for as long as it takes to meet what is rare.

``TACHYON_EXACTNESS_SECONDS`` (60) is how long it takes for each driver.
"""

import os

from tests.functional.db import contract_exactness
from tests.functional.db import test_neo4j
from tests.functional.db import test_sqlite

SECONDS = float(os.environ.get("TACHYON_EXACTNESS_SECONDS") or 60)


class TestSQLite(contract_exactness.ExactnessTrials, test_sqlite.SQLiteCase):
    SECONDS = SECONDS


class TestNeo4j(contract_exactness.ExactnessTrials, test_neo4j.Neo4jCase):
    SECONDS = SECONDS
