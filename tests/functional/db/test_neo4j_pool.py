"""What was given back to the library's pool is not touched any more.

Another thread may have it by then: see ``connection._part``.
"""

from unittest import mock

import neo4j.exceptions
from neo4j._sync.io import Bolt
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tests.functional.db import test_neo4j

NONSENSE = "NONSENSE"


class TestGivenBack(test_neo4j.Neo4jCase):

    def setUp(self):
        super().setUp()
        self.make_provider("host", VCPU=8)
        self.looked_at: list[bool] = []     # was it lent then?
        look = Bolt.defunct

        def note(connection):
            self.looked_at.append(connection.in_use)
            return look(connection)

        patcher = mock.patch.object(Bolt, "defunct", note)
        self.addCleanup(patcher.stop)
        patcher.start()

    def assert_only_while_lent(self):
        self.assertEqual({True}, set(self.looked_at))

    def test_by_a_constraint_that_is_broken(self):
        self.assertRaises(exception.DuplicateProvider,
                          self.driver.resource_providers.create,
                          uuids.other, "host")
        self.assert_only_while_lent()

    def test_by_a_transaction_that_fails(self):
        self.assertRaises(neo4j.exceptions.CypherSyntaxError,
                          self.driver._store.look,
                          lambda txn: txn.all(NONSENSE))
        self.assert_only_while_lent()

    def test_by_a_statement_that_fails(self):
        self.assertRaises(neo4j.exceptions.CypherSyntaxError,
                          self.driver._store.ask, NONSENSE)
        self.assert_only_while_lent()

    def test_by_a_refusal_of_our_own(self):
        """The transaction is well, and rolled back on its connection."""
        self.assertRaises(exception.ConcurrentUpdate,
                          self.driver.inventories.replace, uuids.host, 99, {})
        self.assert_only_while_lent()
