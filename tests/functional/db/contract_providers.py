"""Resource providers: what every driver must do."""

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception


class ProvidersContract:

    def test_root_is_its_own_root(self):
        made = self.driver.resource_providers.create(uuids.host, "host")
        self.assertEqual(
            (uuids.host, "host", 0, None, uuids.host),
            (made.uuid, made.name, made.generation, made.parent_uuid,
             made.root_uuid))
        self.assertEqual(({}, frozenset(), frozenset()),
                         (made.inventories, made.traits, made.aggregates))
        self.assertIsNotNone(made.created_at.tzinfo)
        self.assertEqual(made, self.driver.resource_providers.get(uuids.host))

    def test_get_returns_it_whole(self):
        made = self.make_provider(
            "host", traits=["HW_CPU_X86_AVX"], aggregates=[uuids.agg],
            VCPU=8, MEMORY_MB=1024)
        self.assertEqual(made, self.driver.resource_providers.get(uuids.host))
        self.assertEqual({"VCPU", "MEMORY_MB"}, set(made.inventories))
        self.assertEqual({"HW_CPU_X86_AVX"}, made.traits)
        self.assertEqual({uuids.agg}, made.aggregates)

    def test_unknown_is_not_found(self):
        providers = self.driver.resource_providers
        for call in (lambda: providers.get(uuids.nope),
                     lambda: providers.update(uuids.nope, "x", None),
                     lambda: providers.delete(uuids.nope)):
            self.assertRaises(exception.ResourceProviderNotFound, call)

    def test_descendants_know_parent_and_root(self):
        self._make_line("root", "child", "leaf")
        leaf = self.driver.resource_providers.get(uuids.leaf)
        self.assertEqual((uuids.child, uuids.root),
                         (leaf.parent_uuid, leaf.root_uuid))

    def test_uuid_and_name_are_unique(self):
        self.make_provider("host")
        for field, uuid, name in (("uuid", uuids.host, "other"),
                                  ("name", uuids.other, "host")):
            error = self.assertRaises(
                exception.DuplicateProvider,
                self.driver.resource_providers.create, uuid, name)
            self.assertEqual(field, error.field)
        self.assertRaises(exception.ResourceProviderNotFound,
                          self.driver.resource_providers.get, uuids.other)

    def test_unknown_parent(self):
        self.make_provider("host")
        providers = self.driver.resource_providers
        self.assertRaises(exception.ParentProviderNotFound,
                          providers.create, uuids.new, "new", uuids.nope)
        self.assertRaises(exception.ParentProviderNotFound,
                          providers.create, uuids.new, "new", uuids.new)
        self.assertRaises(exception.ParentProviderNotFound,
                          providers.update, uuids.host, "renamed", uuids.nope)
        self.assertEqual("host", providers.get(uuids.host).name)
        self.assertRaises(exception.ResourceProviderNotFound,
                          providers.get, uuids.new)

    def test_unknown_parent_is_told_before_a_name_that_is_taken(self):
        self.make_provider("host")
        self.make_provider("other")
        providers = self.driver.resource_providers
        self.assertRaises(exception.ParentProviderNotFound,
                          providers.create, uuids.host, "host", uuids.nope)
        self.assertRaises(exception.ParentProviderNotFound,
                          providers.update, uuids.host, "other", uuids.nope)

    def test_rename_keeps_generation(self):
        before = self.make_provider("host", VCPU=1)
        after = self.driver.resource_providers.update(
            uuids.host, "renamed", None)
        self.assertEqual(("renamed", before.generation),
                         (after.name, after.generation))
        self.assertGreater(after.updated_at, before.updated_at)
        self.assertEqual(before.created_at, after.created_at)
        self.assertEqual(after, self.driver.resource_providers.get(uuids.host))

    def test_rename_to_a_name_that_is_taken(self):
        self.make_provider("host")
        self.make_provider("other")
        self.assertRaises(
            exception.DuplicateProvider,
            self.driver.resource_providers.update, uuids.host, "other", None)
        self.assertRaises(
            exception.DuplicateProvider,
            self.driver.resource_providers.update, uuids.host, "other",
            uuids.other)
        self.assertIsNone(
            self.driver.resource_providers.get(uuids.host).parent_uuid)

    def test_names_can_be_used_again(self):
        self.make_provider("host")
        self.driver.resource_providers.update(uuids.host, "renamed", None)
        made = self.driver.resource_providers.create(uuids.other, "host")
        self.assertEqual("host", made.name)

    def test_moving_takes_the_subtree_along(self):
        self._make_line("a", "b", "c", "d")
        self._make_line("other", "place")
        self.driver.resource_providers.update(uuids.b, "b", uuids.place)
        self.assertEqual(
            {"a": (None, "a"), "b": ("place", "other"), "c": ("b", "other"),
             "d": ("c", "other"), "other": (None, "other"),
             "place": ("other", "other")},
            self._forest("a", "b", "c", "d", "other", "place"))

    def test_a_child_becomes_a_root(self):
        self._make_line("a", "b", "c")
        self.driver.resource_providers.update(uuids.b, "b", None)
        self.assertEqual({"a": (None, "a"), "b": (None, "b"), "c": ("b", "b")},
                         self._forest("a", "b", "c"))

    def test_moving_within_a_tree(self):
        self._make_line("a", "b", "c", "d")
        self.driver.resource_providers.update(uuids.d, "d", uuids.a)
        self.assertEqual(
            {"a": (None, "a"), "b": ("a", "a"), "c": ("b", "a"),
             "d": ("a", "a")}, self._forest("a", "b", "c", "d"))

    def test_no_loops(self):
        self._make_line("a", "b", "c")
        for parent in ("a", "b", "c"):
            self.assertRaises(
                exception.ProviderLoop,
                self.driver.resource_providers.update, uuids.a, "renamed",
                getattr(uuids, parent))
        self.assertEqual({"a": (None, "a"), "b": ("a", "a"), "c": ("b", "a")},
                         self._forest("a", "b", "c"))
        self.assertEqual("a", self.driver.resource_providers.get(
            uuids.a).name)

    def test_delete(self):
        self.make_provider("host", traits=["HW_CPU_X86_AVX"],
                           aggregates=[uuids.agg], VCPU=1)
        self.driver.resource_providers.delete(uuids.host)
        self.assertRaises(exception.ResourceProviderNotFound,
                          self.driver.resource_providers.get, uuids.host)
        made = self.driver.resource_providers.create(uuids.host, "host")
        self.assertEqual((0, {}, frozenset(), frozenset()),
                         (made.generation, made.inventories, made.traits,
                          made.aggregates))

    def test_parents_stay(self):
        self._make_line("a", "b")
        self.assertRaises(exception.ProviderHasChildren,
                          self.driver.resource_providers.delete, uuids.a)
        self.driver.resource_providers.delete(uuids.b)
        self.driver.resource_providers.delete(uuids.a)
        self.assertRaises(exception.ResourceProviderNotFound,
                          self.driver.resource_providers.get, uuids.a)

    def test_what_is_in_use_stays(self):
        self.make_provider("host", VCPU=1)
        self.take(uuids.vm)
        self.assertRaises(exception.ProviderInUse,
                          self.driver.resource_providers.delete, uuids.host)
        self.assertEqual(1, self.used(uuids.host))
        self.driver.allocations.delete(uuids.vm)
        self.driver.resource_providers.delete(uuids.host)

    def _make_line(self, *names):
        parent = None
        for name in names:
            parent = self.make_provider(name, parent).uuid

    def _forest(self, *names):
        by_uuid = {getattr(uuids, name): name for name in names}
        found = [self.driver.resource_providers.get(uuid) for uuid in by_uuid]
        return {one.name: (by_uuid.get(one.parent_uuid),
                           by_uuid[one.root_uuid]) for one in found}
