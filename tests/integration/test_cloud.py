"""tachyon-api, tachyon-scheduler and tachyon-compute apart, on RabbitMQ."""

from tests.integration import cloud
from tests.integration import scenario


class LifecycleTest(scenario.Lifecycle, cloud.CloudCase):
    """What holds in one process holds in seven."""

    SIZE = {"api_workers": 2, "schedulers": 1, "computes": 2,
            "compute_options": {"fake": {"hosts": 2}}}

    def test_a_compute_opens_no_store(self):
        for daemon in self.cloud.computes:
            self.assertEqual([], list(daemon.directory.rglob("*.sqlite*")))
