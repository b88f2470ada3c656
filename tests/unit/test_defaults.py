"""The sample of the configuration shows the defaults that daemons have."""

from importlib import metadata

from oslo_log import _options as log_opts
from oslo_messaging import opts as messaging_opts

from tests import base


class TestDefaults(base.TestCase):

    def test_the_generator_of_samples_is_told(self):
        hook, = metadata.entry_points(group="oslo.config.opts.defaults",
                                      name="tachyon")
        hook.load()()
        found = {(group, opt.dest): opt.default
                 for group, opts in (*messaging_opts.list_opts(),
                                     *log_opts.list_opts())
                 for opt in opts}
        self.assertEqual(
            ["fake://", "tachyon", True, 16],
            [found[key] for key in (
                (None, "transport_url"), (None, "control_exchange"),
                ("oslo_messaging_rabbit", "rabbit_quorum_queue"),
                ("oslo_messaging_rabbit", "rabbit_qos_prefetch_count"))])
        levels = found[None, "default_log_levels"]
        self.assertEqual(1, levels.count("neo4j=WARNING"))
        self.assertIn("amqp=WARN", levels)
