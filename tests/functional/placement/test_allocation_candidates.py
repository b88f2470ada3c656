"""Allocation candidates over HTTP: the query string, and the answer."""

from tests.functional.placement import base
from tests.functional.placement.base import uuids

PATH = "/allocation_candidates"
SHARES = "MISC_SHARES_VIA_AGGREGATE"


class AnswerTestCase(base.TestCase):

    def test_body(self):
        h1 = self.make_provider("h1", MEMORY_MB=1000,
                                traits=("HW_CPU_X86_VMX", "CUSTOM_A"))
        numa = self.make_provider("numa", h1, VCPU={
            "total": 8, "reserved": 2, "allocation_ratio": 1.5})
        bare = self.make_provider("bare", h1)
        self.make_provider("full", VCPU=1, MEMORY_MB=1)
        self.allocate(numa, VCPU=1)
        answer = self.ask("GET", f"{PATH}?resources=MEMORY_MB:10"
                                 "&resources_CPU=VCPU:2")
        self.assertEqual({
            "allocation_requests": [{
                "allocations": {h1: {"resources": {"MEMORY_MB": 10}},
                                numa: {"resources": {"VCPU": 2}}},
                "mappings": {"": [h1], "_CPU": [numa]}}],
            "provider_summaries": {
                h1: {"resources": {"MEMORY_MB": {"capacity": 1000,
                                                 "used": 0}},
                     "traits": ["HW_CPU_X86_VMX", "CUSTOM_A"],
                     "parent_provider_uuid": None, "root_provider_uuid": h1},
                numa: {"resources": {"VCPU": {"capacity": 9, "used": 1}},
                       "traits": [], "parent_provider_uuid": h1,
                       "root_provider_uuid": h1},
                bare: {"resources": {}, "traits": [],
                       "parent_provider_uuid": h1, "root_provider_uuid": h1},
            }}, answer.json)
        self.assertEqual("no-cache", answer.headers["Cache-Control"])
        self.assertIn("Last-Modified", answer.headers)

    def test_sharing_providers_are_in_the_summaries(self):
        h1 = self.make_provider("h1", VCPU=8, aggregates=(uuids.agg,))
        disk = self.make_provider("disk", DISK_GB=10, traits=(SHARES,),
                                  aggregates=(uuids.agg,))
        self.make_provider("h2", VCPU=8)
        body = self.tell("GET", f"{PATH}?resources=VCPU:1,DISK_GB:1")
        self.assertEqual({h1, disk}, set(body["provider_summaries"]))
        self.assertEqual([{h1, disk}], [
            set(request["allocations"])
            for request in body["allocation_requests"]])

    def test_nothing_fits(self):
        self.make_provider("h1", VCPU=8)
        for query in ("resources=VCPU:9", "resources=DISK_GB:1",
                      f"resources=VCPU:{10 ** 30}",
                      f"resources=VCPU:1&member_of={uuids.agg}",
                      f"resources=VCPU:1&in_tree={uuids.nobody}",
                      "resources=VCPU:1&required=HW_CPU_X86_VMX",
                      "resources1=VCPU:8&resources2=VCPU:8"
                      "&group_policy=none"):
            self.assertEqual({"allocation_requests": [],
                              "provider_summaries": {}},
                             self.tell("GET", f"{PATH}?{query}"), query)


class QueryTestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.h1 = self.make_provider(
            "h1", MEMORY_MB=64, traits=("CUSTOM_A",), aggregates=(uuids.az,))
        self.n1 = self.make_provider("n1", self.h1, VCPU=4)
        self.n2 = self.make_provider("n2", self.h1, VCPU=4,
                                     traits=("HW_NUMA_ROOT",))
        self.pf = self.make_provider("pf", self.n2, SRIOV_NET_VF=2)
        self.h2 = self.make_provider("h2", MEMORY_MB=64, VCPU=4)

    def find(self, query):
        """Return for each candidate who gives something, by name."""
        names = {value: name for name, value in vars(self).items()
                 if name in ("h1", "n1", "n2", "pf", "h2")}
        body = self.tell("GET", f"{PATH}?{query}")
        return sorted("+".join(sorted(names[uuid]
                                      for uuid in request["allocations"]))
                      for request in body["allocation_requests"])

    def test_queries(self):
        cpu, memory = "resources=VCPU:1", "resources=MEMORY_MB:1"
        two = "resources1=VCPU:1&resources2=VCPU:1"
        near = ("resources_N=VCPU:1&resources_V=SRIOV_NET_VF:1"
                "&group_policy=none")
        bare = f"{near}&required_R=HW_NUMA_ROOT&same_subtree=_R,_V"
        for query, found in {
            cpu: ["h2", "n1", "n2"],
            "resources=VCPU:1,MEMORY_MB:1": ["h1+n1", "h1+n2", "h2"],
            f"{cpu}&limit=1": None,
            f"{cpu}&required=HW_NUMA_ROOT": ["n2"],
            f"{cpu}&required=!HW_NUMA_ROOT": ["h2", "n1"],
            f"{cpu}&required=in:HW_NUMA_ROOT,CUSTOM_A": ["n2"],
            f"{memory}&required=in:HW_NUMA_ROOT,CUSTOM_A": ["h1"],
            f"{memory}&member_of={uuids.az}": ["h1"],
            f"{memory}&member_of=!{uuids.az}": ["h2"],
            f"{memory}&member_of=in:{uuids.az},{uuids.no}": ["h1"],
            f"{cpu}&in_tree={self.pf}": ["n1", "n2"],
            f"resources7=VCPU:1&in_tree7={self.n1}": ["n1", "n2"],
            "resources_a-B1=VCPU:1&required_a-B1=HW_NUMA_ROOT": ["n2"],
            f"{two}&group_policy=isolate": ["n1+n2", "n1+n2"],
            f"{two}&group_policy=none": ["h2", "n1", "n1+n2", "n1+n2", "n2"],
            f"{cpu}&root_required=CUSTOM_A": ["n1", "n2"],
            f"{cpu}&root_required=!CUSTOM_A": ["h2"],
            near: ["n1+pf", "n2+pf"],
            f"{near}&same_subtree=_N,_V": ["n2+pf"],
            bare: ["n1+pf", "n2+pf"],
            f"{cpu}&resources=VCPU:5": [],            # the last one counts
        }.items():
            if found is None:
                self.assertEqual(1, len(self.find(query)))
            else:
                self.assertEqual(found, self.find(query), query)

    def test_limits(self):
        every = self.find("resources=VCPU:1")
        for limit in (len(every) - 1, len(every), len(every) + 1, 10 ** 30):
            found = self.find(f"resources=VCPU:1&limit={limit}")
            self.assertEqual(min(limit, len(every)), len(found))

    def test_limit_of_the_operator(self):
        for most, limit, expected in ((2, None, 2), (2, 1, 1), (2, 3, 2),
                                      (0, None, 0), (-1, None, 3)):
            self.config(group="placement", max_allocation_candidates=most)
            query = "" if limit is None else f"&limit={limit}"
            self.assertEqual(expected,
                             len(self.find(f"resources=VCPU:1{query}")))

    def test_order_of_the_operator(self):
        for root in ("r1", "r2"):
            made = self.make_provider(root)
            for child in "ab":
                self.make_provider(f"{root}{child}", made, VGPU=1)
        for strategy, roots in (("depth-first", 1), ("breadth-first", 2)):
            self.config("placement",
                        allocation_candidates_generation_strategy=strategy)
            body = self.tell("GET", f"{PATH}?resources=VGPU:1&limit=2")
            self.assertEqual(2, len(body["allocation_requests"]))
            self.assertEqual(roots, len({
                summary["root_provider_uuid"]
                for summary in body["provider_summaries"].values()}))

    def test_random_order(self):
        self.config(group="placement", randomize_allocation_candidates=True)
        self.assertEqual(["h2", "n1", "n2"], self.find("resources=VCPU:1"))

    def test_refused(self):
        cpu = "resources=VCPU:1"
        for query, text, code in (
                ("", "There must be at least one resources or resources[$S]",
                 "placement.query.missing_value"),
                ("required=CUSTOM_A", "at least one resources",
                 "placement.query.missing_value"),
                (f"{cpu}&required1=CUSTOM_A", "Resourceless suffixed group "
                 "request should be specified in `same_subtree` query param: "
                 "bad group(s) - ['1'].", "placement.query.bad_value"),
                (f"{cpu}&same_subtree=_X", "Real suffixes should be specified"
                 " in `same_subtree`: ['_X'] not found in [''].",
                 "placement.query.bad_value"),
                (f"{cpu}&same_subtree=,_X", "Empty string (unsuffixed group) "
                 "can not be specified", "placement.query.bad_value"),
                ("resources1=VCPU:1&resources2=VCPU:1", 'The "group_policy" '
                 "parameter is required", None),
                (f"{cpu}&group_policy=any", "'any' is not one of", None),
                (f"{cpu}&limit=0", "'0' does not match", None),
                (f"{cpu}&limit=x", "'x' does not match", None),
                (f"{cpu}&limit=-1", "'-1' does not match", None),
                (f"{cpu}&limit=x&limit=1", "'x' does not match", None),
                (f"{cpu}&limit=%D9%A1", "does not match", None),
                (f"{cpu}&required=CUSTOM_A,!CUSTOM_A", "Conflicting required "
                 "and forbidden traits found in the following traits keys: "
                 "required: (CUSTOM_A)", None),
                (f"{cpu}&required=in:CUSTOM_A,HW_NUMA_ROOT"
                 "&required=!CUSTOM_A,!HW_NUMA_ROOT", "required: (CUSTOM_A, "
                 "HW_NUMA_ROOT)", None),
                (f"{cpu}&root_required=CUSTOM_A,!CUSTOM_A", "Conflicting "
                 "required and forbidden traits found in root_required: "
                 "CUSTOM_A", "placement.query.bad_value"),
                (f"{cpu}&root_required=A&root_required=B", "Query parameter "
                 "'root_required' may be specified only once.",
                 "placement.query.duplicate_key"),
                (f"{cpu}&root_required=in:A,B", "in:A,B", None),
                (f"{cpu}&root_required=", "Got an empty trait in:", None),
                ("resources=CUSTOM_NONE:1", "Invalid resource class in "
                 "resources parameter: No such resource class CUSTOM_NONE.",
                 None),
                (f"{cpu}&required=CUSTOM_NONE", "No such trait(s): "
                 "CUSTOM_NONE.", None),
                (f"{cpu}&required=!CUSTOM_NONE", "No such trait(s): "
                 "CUSTOM_NONE.", None),
                (f"{cpu}&root_required=CUSTOM_NONE", "No such trait(s): "
                 "CUSTOM_NONE.", None),
                (f"{cpu}&in_tree=x", "Expected 'in_tree' parameter to be a "
                 "format of uuid. Got: x", None),
                (f"{cpu}&member_of=x", "valid UUID(s). Got: x", None),
                (f"{cpu}&resources.x=VCPU:1", "does not match any of "
                 "the regexes", None),
                ("resources=VCPU", "Badly formed resources parameter.",
                 None)):
            problem = self.refuse(400, "GET", f"{PATH}?{query}")
            self.assertIn(text, problem.detail, query)
            self.assertEqual(code or "placement.undefined_code",
                             problem.code, query)

    def test_longest_suffix(self):
        for length, status in ((63, 200), (64, 200), (65, 400)):
            answer = self.ask(
                "GET", f"{PATH}?resources{'x' * length}=VCPU:1")
            self.assertEqual(status, answer.status_code, length)
