"""What crosses the bus arrives as it was sent, whatever version it is."""

import json

from oslo_utils import versionutils
from oslo_versionedobjects import fixture

from tachyon import context
from tachyon import exception
from tachyon import objects
from tachyon.objects import base as objects_base
from tachyon.rpc import serializer
from tests import base

ID = "0d6c8c5e-3f1c-4b62-8a6e-0d1f6a1c0001"
OTHER = "0d6c8c5e-3f1c-4b62-8a6e-0d1f6a1c0002"

# A changed fingerprint needs a new version, with its reason in the comment
# above it, obj_make_compatible for older receivers, and a line in FORMER.
FINGERPRINTS = {
    "ActionResult": "1.0-23818f50938488ad043f1232103f7d3c",
    "Domain": "1.0-2a1f5a15049b7f5219debb4032a236c5",
    "DomainList": "1.0-b474568d8cfe7c95c8d5727e02f3d4ef",
    "HeartbeatReport": "1.0-3fe8de0b65b0e55a5b6a51c733c46257",
    "InstanceAction": "1.0-c0fd8095b2a68f395c52c16e87a79a1e",
    "InventoryItem": "1.0-ceb3880899262f30b3b3607e2fbe2d5d",
    "InventoryReport": "1.0-8aebae14b84ea5c47d83f569954f468e",
    "RequestNotice": "1.0-719674ba56092c5b3dcfb062fd118bc1",
    "SchedulingRequest": "1.0-703230fa85a21cefbc5531d0e0d3d029",
    "WorkItem": "1.0-3c67b0f46bb939bbe678db0343a05c63",
}

# One of each, with every field set.
SAMPLES = {
    "ActionResult": objects.ActionResult(
        instance_id=ID, attempt=3, host="cn1", action="create",
        succeeded=False, ip_address="10.0.0.1", fault="no disk"),
    "Domain": objects.Domain(
        instance_id=ID, attempt=3, host="cn1", state="PAUSED"),
    "DomainList": objects.DomainList(objects=[
        objects.Domain(instance_id=ID, attempt=1, host="a", state="STOPPED"),
        objects.Domain(instance_id=OTHER, attempt=2, host="b",
                       state="RUNNING")]),
    "HeartbeatReport": objects.HeartbeatReport(
        host="h1", binary="tachyon-compute", serves=["cn*"],
        work=[objects.WorkItem(instance_id=ID, attempt=4)]),
    "InstanceAction": objects.InstanceAction(
        message_id=OTHER, instance_id=ID, attempt=1, action="restart",
        host="cn1", name="vm", image="cirros",
        resources={"VCPU": 1, "MEMORY_MB": 512}),
    "InventoryItem": objects.InventoryItem(
        resource_class="VCPU", total=8, reserved=1, min_unit=2, max_unit=4,
        step_size=2, allocation_ratio=4.5),
    "InventoryReport": objects.InventoryReport(
        provider_uuid=ID, name="cn1", traits=["HW_CPU_X86_AVX2"],
        inventories=[objects.InventoryItem(resource_class="VCPU", total=8)]),
    "RequestNotice": objects.RequestNotice(
        message_id=ID, instance_id=OTHER, action="create"),
    "SchedulingRequest": objects.SchedulingRequest(
        name="vm", flavor="m1.tiny", image="cirros", resources={"VCPU": 1},
        required_traits=["A"], forbidden_traits=["B"],
        preferred_traits=["C"], avoided_traits=["D"], aggregates=[ID],
        scheduler_hints={"group": "g"}, hosts=["cn1"]),
    "WorkItem": objects.WorkItem(instance_id=ID, attempt=1),
}

# Former versions that must still be readable by older receivers and be read
# from older senders: (class, version): the fields that version did not have.
FORMER: dict[tuple[str, str], set[str]] = {}


def wire(entity, **kwargs):
    return json.loads(json.dumps(entity.obj_to_primitive(**kwargs)))


def tachyons():
    """Return Tachyon's classes by name: nova's may be in the registry, too,
    and some have the same names."""
    found = {name: [each for each in classes
                    if each.OBJ_PROJECT_NAMESPACE == "tachyon"]
             for name, classes
             in objects_base.TachyonObjectRegistry.obj_classes().items()}
    return {name: classes for name, classes in found.items() if classes}


class TestVersions(base.TestCase):

    def setUp(self):
        super().setUp()
        self.classes = tachyons()
        self.checker = fixture.ObjectVersionChecker(self.classes)

    def test_fingerprints(self):
        expected, actual = self.checker.test_hashes(FINGERPRINTS)
        self.assertEqual(expected, actual)

    def test_every_former_version_is_listed(self):
        former = {
            (name, f"1.{minor}")
            for name, (newest, *_) in self.classes.items()
            for minor in range(
                versionutils.convert_version_to_tuple(newest.VERSION)[1])}
        self.assertEqual(former, set(FORMER))

    def test_former_versions_go_both_ways(self):
        for (name, version), missing in FORMER.items():
            with self.subTest(name=name, version=version):
                primitive = wire(SAMPLES[name], target_version=version)
                data = primitive["tachyon_object.data"]
                self.assertFalse(missing & set(data))
                read = serializer.Serializer().deserialize_entity(
                    self.context, primitive)
                read.obj_check()
                for field in set(read.fields) - missing:
                    self.assertEqual(getattr(SAMPLES[name], field),
                                     getattr(read, field))

    def test_all_can_be_made_compatible(self):
        self.checker.test_compatibility_routines(use_manifest=True)

    def test_a_new_field_needs_a_default(self):
        """An object without them is what a later version gets of today's."""
        for name, sample in SAMPLES.items():
            with self.subTest(name=name):
                primitive = wire(sample)
                optional = [field_name for field_name, field
                            in sample.fields.items() if field.nullable]
                for field_name in optional:
                    del primitive["tachyon_object.data"][field_name]
                read = serializer.Serializer().deserialize_entity(
                    self.context, primitive)
                self.assertEqual([None] * len(optional), [
                    getattr(read, field_name) for field_name in optional])


class TestWire(base.TestCase):

    def setUp(self):
        super().setUp()
        self.serializer = serializer.Serializer()

    def test_there_is_a_sample_of_each(self):
        self.assertEqual(
            set(tachyons()), set(SAMPLES))
        self.assertEqual(set(objects.__all__), set(SAMPLES))

    def test_each_survives(self):
        for name, sample in SAMPLES.items():
            with self.subTest(name=name):
                sent = json.loads(json.dumps(
                    self.serializer.serialize_entity(self.context, sample)))
                read = self.serializer.deserialize_entity(self.context, sent)
                self.assertIsNot(sample, read)
                self.assertEqual(sample, read)

    def test_plain_values_survive(self):
        for value in (None, True, 3, "x", ["a", {"b": [1]}]):
            sent = json.loads(json.dumps(
                self.serializer.serialize_entity(self.context, value)))
            self.assertEqual(value, self.serializer.deserialize_entity(
                self.context, sent))

    def test_defaults_are_no_ones_else(self):
        one, other = objects.DomainList(), objects.DomainList()
        one.objects.append(SAMPLES["Domain"])
        self.assertEqual([], other.objects)
        self.assertEqual(1, objects.InventoryItem(
            resource_class="VCPU", total=1).step_size)

    def test_differences_are_seen(self):
        one = objects.WorkItem(instance_id=ID, attempt=1)
        self.assertNotEqual(one, objects.WorkItem(instance_id=ID, attempt=2))
        self.assertNotEqual(one, SAMPLES["Domain"])
        self.assertNotEqual(one, None)

    def test_what_makes_no_sense_is_refused(self):
        def spoiled(change, name="HeartbeatReport"):
            primitive = wire(SAMPLES[name])
            change(primitive)
            return primitive

        def data(**values):
            return lambda primitive: primitive["tachyon_object.data"].update(
                values)

        cases = {
            "unknown class": spoiled(lambda primitive: primitive.update(
                {"tachyon_object.name": "Nope"})),
            "newer major version": spoiled(lambda primitive: primitive.update(
                {"tachyon_object.version": "2.0"})),
            "newer minor version": spoiled(lambda primitive: primitive.update(
                {"tachyon_object.version": "1.99"})),
            "no version": spoiled(lambda primitive: primitive.pop(
                "tachyon_object.version")),
            "other project": spoiled(lambda primitive: primitive.update(
                {"tachyon_object.namespace": "nova"})),
            "no data": spoiled(lambda primitive: primitive.pop(
                "tachyon_object.data")),
            "a field missing": spoiled(
                lambda primitive: primitive["tachyon_object.data"].pop(
                    "host")),
            "a list of the wrong kind": spoiled(data(work="x")),
            "no list": spoiled(data(serves=7)),
            "null where none may be": spoiled(data(host=None)),
            "text for a number": spoiled(data(attempt="many"), "WorkItem"),
            "an unknown action": spoiled(data(action="explode"),
                                         "InstanceAction"),
            "nested nonsense": spoiled(data(
                work=[{"tachyon_object.name": "WorkItem"}])),
        }
        for name, primitive in cases.items():
            with self.subTest(name):
                self.assertRaises(exception.MalformedMessage,
                                  self.serializer.deserialize_entity,
                                  self.context, primitive)


class TestContext(base.TestCase):

    def setUp(self):
        super().setUp()
        self.serializer = serializer.Serializer()

    def test_it_survives_without_its_token(self):
        sent = context.RequestContext(
            auth_token="secret", user_id="alice", project_id="demo",
            roles=["member"], request_id="req-1", overwrite=False)
        values = json.loads(json.dumps(
            self.serializer.serialize_context(sent)))
        self.assertNotIn("secret", json.dumps(values))
        read = self.serializer.deserialize_context(values)
        self.assertEqual(("alice", "demo", ["member"], "req-1"),
                         (read.user_id, read.project_id, read.roles,
                          read.request_id))

    def test_nonsense_is_refused(self):
        for values in (None, 3, "x", ["x"]):
            with self.subTest(values=values):
                self.assertRaises(exception.MalformedMessage,
                                  self.serializer.deserialize_context, values)
