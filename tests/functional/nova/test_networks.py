"""Routed networks: Neutron is asked for segments, Placement for hosts."""

import threading

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.conf import neutron as neutron_conf
from tachyon.scheduler.networks import base as networks_base
from tachyon.scheduler.networks import routes
from tachyon.scheduler.nova import errors
from tests import base as tests_base
from tests.functional.nova import base
from tests.functional.nova import neutron
from tests.unit.scheduler.nova import messages

OPTION = "query_placement_for_routed_network_aggregates"
# Seconds in which what happens at once has happened.
DEADLINE = 30.0


def configure(test, url, **options):
    neutron_conf.register_opts(test.conf)
    test.config("neutron", auth_type="none", endpoint_override=url,
                **options)


def requested(*networks, ports=()):
    """Return what a RequestSpec has of networks and ports."""
    return messages.envelope("NetworkRequestList", "1.1", objects=[
        messages.envelope("NetworkRequest", "1.3", network_id=network,
                          port_id=None) for network in networks] + [
        messages.envelope("NetworkRequest", "1.3", network_id=None,
                          port_id=port) for port in ports])


class TestNeutron(tests_base.TestCase):
    """What NeutronNetworks makes of what Neutron says."""

    def setUp(self):
        super().setUp()
        self.neutron = self.useFixture(neutron.Neutron())
        configure(self, self.neutron.url)
        self.neutron.add_subnet(uuids.s1, uuids.net, uuids.seg1)
        self.neutron.add_subnet(uuids.s2, uuids.net, uuids.seg2)
        self.neutron.add_subnet(uuids.s3, uuids.net, None)
        self.neutron.add_subnet(uuids.flat, uuids.other, None)
        self.neutron.add_port(uuids.bound, uuids.net, uuids.s2, uuids.s3)
        self.neutron.add_port(uuids.deferred, uuids.net)
        self.networks = routes.connect(self.conf)

    def test_ports(self):
        self.assertEqual(networks_base.Port(uuids.net, uuids.s2),
                         self.networks.port(uuids.bound))
        self.assertEqual(networks_base.Port(uuids.net),
                         self.networks.port(uuids.deferred))

    def test_segments(self):
        self.assertEqual((uuids.seg1, uuids.seg2),
                         self.networks.segments_of_network(uuids.net))
        self.assertEqual((), self.networks.segments_of_network(uuids.other))
        self.assertEqual(uuids.seg1,
                         self.networks.segment_of_subnet(uuids.s1))
        self.assertIsNone(self.networks.segment_of_subnet(uuids.s3))

    def test_what_is_not_there(self):
        for ask in (self.networks.port, self.networks.segment_of_subnet):
            error = self.assertRaises(exception.NotFound, ask, uuids.gone)
            self.assertIn(uuids.gone, str(error))

    def test_one_that_fails(self):
        for status in (401, 403, 500, 503):
            with self.subTest(status):
                self.neutron.status = status
                for ask in (self.networks.port,
                            self.networks.segment_of_subnet,
                            self.networks.segments_of_network):
                    error = self.assertRaises(
                        exception.HostSourceUnavailable, ask, uuids.net)
                    self.assertIn("Neutron can't be asked", str(error))
                    self.assertNotIn(self.neutron.url, str(error))

    def test_one_that_is_silent(self):
        self.config("neutron", timeout=1)
        self.neutron.going_on.clear()
        error = self.assertRaises(
            exception.HostSourceUnavailable,
            routes.connect(self.conf).segments_of_network, uuids.net)
        self.assertIn("Timeout", str(error))

    def test_without_credentials(self):
        self.config("neutron", auth_type=None)
        self.assertRaises(exception.HostSourceUnavailable, routes.connect,
                          self.conf)

    def test_by_default_it_does_not_wait_for_ever(self):
        self.assertEqual(neutron_conf.TIMEOUT, self.conf.neutron.timeout)


class Case(base.NovaCase):
    """``n1`` is on segment 1, ``n2`` on segment 2, ``n3`` on both, ``n4`` on
    none."""

    db_driver = "sqlite"

    def setUp(self):
        self.neutron = neutron.Neutron()
        super().setUp()
        for number, name in enumerate(
                ("n1", "n2", "n3", "n4"), start=1):
            aggregates = [getattr(uuids, f"agg{each}") for each in (1, 2)
                          if number in (each, 3)]
            self.add_node(name, aggregates=aggregates)
        for segment, aggregate in ((uuids.seg1, uuids.agg1),
                                   (uuids.seg2, uuids.agg2)):
            self.driver.resource_providers.create(segment, segment, None)
            self.driver.aggregates.replace(segment, None,
                                           frozenset((aggregate,)))
        self.neutron.add_subnet(uuids.s1, uuids.net, uuids.seg1)
        self.neutron.add_subnet(uuids.s2, uuids.net, uuids.seg2)
        self.neutron.add_port(uuids.p1, uuids.net, uuids.s1)
        self.neutron.add_port(uuids.p2, uuids.net, uuids.s2)
        self.neutron.add_port(uuids.deferred, uuids.net)

    def make_scheduler(self, *args, **kwargs):
        self.useFixture(self.neutron)
        configure(self, self.neutron.url)
        self.config("scheduler", **{OPTION: True})
        return super().make_scheduler(*args, **kwargs)

    def candidates(self, **fields):
        """Return the names of all nodes that a server may have."""
        self.config("nova", max_attempts=9)
        (found,) = self.select_nodes([uuids.vm], alternates=True, **fields)
        self.driver.allocations.delete(uuids.vm)
        self.source.consumed.clear()
        return sorted(found)

    def refusal(self, *servers, **fields):
        error = self.assertRaises(errors.NoValidHost, self.select,
                                  servers or [uuids.vm], **fields)
        decision, = self.decisions((servers or [uuids.vm])[0])
        return decision.verdict, str(error)


class TestRoutedNetworks(Case):

    db_driver = "sqlite"

    def test_who_is_reached(self):
        for nodes, networks in (
                ("n1 n3", requested(ports=[uuids.p1])),
                ("n2 n3", requested(ports=[uuids.p2])),
                ("n3", requested(ports=[uuids.p1, uuids.p2])),
                ("n1 n2 n3", requested(uuids.net)),
                ("n1 n2 n3", requested(ports=[uuids.deferred])),
                ("n1 n3", requested(uuids.net, ports=[uuids.p1])),
                ("n1 n2 n3 n4", requested("auto")),
                ("n1 n2 n3 n4", requested(uuids.not_routed)),
                ("n1 n2 n3 n4", requested())):
            with self.subTest(nodes):
                self.assertEqual(
                    nodes.split(),
                    self.candidates(requested_networks=networks))

    def test_a_move_is_asked_like_a_boot(self):
        self.assertEqual(["n3"], self.candidates(
            ignore_hosts=["n1-service"],
            requested_networks=requested(ports=[uuids.p1])))

    def test_a_forced_host_has_to_be_reached(self):
        self.assertEqual("no_candidates", self.refusal(
            force_hosts=["n4-service"],
            requested_networks=requested(uuids.net))[0])

    def test_a_rebuild_asks_nobody(self):
        self.select([uuids.vm], requested_networks=requested(uuids.net),
                    scheduler_hints={"_nova_check_type": ["rebuild"]})
        self.assertEqual([], self.neutron.asked)

    def test_several_servers_ask_once(self):
        self.select([uuids.a, uuids.b, uuids.c],
                    requested_networks=requested(uuids.net))
        self.assertEqual(1, len(self.neutron.asked))

    def test_explain_tells_who_is_not_reached(self):
        self.assertEqual(
            ("no_candidates", "No valid host was found. 0/6 hosts: 5 outside "
             f"{uuids.agg1}, {uuids.agg2}, 1 refused by destination (it is "
             "to be ignored)."),
            self.refusal(requested_networks=requested(
                ports=[uuids.p1, uuids.p2]), ignore_hosts=["n3-service"]))

    def test_a_segment_without_aggregate(self):
        self.driver.aggregates.replace(uuids.seg2, None, frozenset())
        self.neutron.add_subnet(uuids.late, uuids.later, uuids.no_provider)
        for words, networks in (
                (f"the subnet {uuids.s2}", requested(ports=[uuids.p2])),
                (f"the network {uuids.later}", requested(uuids.later))):
            error = self.assertRaises(errors.NoValidHost, self.select,
                                      [uuids.vm], requested_networks=networks)
            self.assertEqual("No valid host was found. Aggregates not found "
                             f"for {words}.", str(error))

    def test_a_port_that_is_gone(self):
        self.assertEqual(
            ("bad_request", "No valid host was found. Neutron knows no port "
             f"{uuids.gone}."),
            self.refusal(requested_networks=requested(ports=[uuids.gone])))

    def test_neutron_is_down(self):
        self.neutron.status = 503
        verdict, words = self.refusal(requested_networks=requested(uuids.net))
        self.assertEqual("backend_error", verdict)
        self.assertIn("Neutron can't be asked about network", words)
        self.neutron.status = None
        self.assertEqual(["n1", "n2", "n3"], self.candidates(
            requested_networks=requested(uuids.net)))

    def test_nobody_waits_for_who_waits_for_neutron(self):
        self.neutron.going_on.clear()
        found = []
        waiting = threading.Thread(target=lambda: found.extend(
            self.select_nodes([uuids.vm],
                              requested_networks=requested(uuids.net))))
        waiting.start()
        self.assertTrue(self.neutron.called.wait(DEADLINE))
        # Others write, and look at what was written, meanwhile.
        self.add_node("n5")
        self.assertEqual([["n5"]], self.select_nodes(
            [uuids.other], force_hosts=["n5-service"]))
        self.assertEqual([], found)
        self.neutron.going_on.set()
        waiting.join(DEADLINE)
        self.assertEqual(1, len(found))


class TestWhereItIsOff(Case):

    db_driver = "sqlite"

    def make_scheduler(self, *args, **kwargs):
        self.useFixture(self.neutron)
        return base.NovaCase.make_scheduler(self, *args, **kwargs)

    def test_nobody_is_asked(self):
        self.assertEqual(["n1", "n2", "n3", "n4"], self.candidates(
            requested_networks=requested(uuids.net)))
        self.assertEqual([], self.neutron.asked)

    def test_a_bad_configuration_is_found_at_start(self):
        self.config("scheduler", **{OPTION: True})
        error = self.assertRaises(exception.PluginError,
                                  base.NovaCase.make_scheduler, self)
        self.assertIn("Neutron can't be asked", str(error))
