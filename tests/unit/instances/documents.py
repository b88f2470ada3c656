"""An Explain document with a host's name wherever one can be."""

HOST = "secret-host"


def make(verdict="no_candidates", summary="0/1 hosts: 1 short of VCPU"):
    reason = {"code": "INSUFFICIENT_RESOURCE",
              "params": {"resource_class": "VCPU"}, "text": "short of VCPU"}
    score = {"rank": 1, "weight": 0.5, "weighers": {
        "RAMWeigher": {"raw": 1.0, "normalised": 0.5, "weighted": 0.5}}}
    return {
        "version": 1, "request_id": "req-1", "consumer_uuid": "c",
        "project_id": "demo", "dry_run": False, "attempt": 1,
        "verdict": verdict, "reason": reason, "summary": summary,
        "host": HOST, "service": HOST,
        "allocations": [{"provider": HOST, "uuid": HOST,
                         "resources": {"VCPU": 1}}],
        "tries": 1, "conflicts": [{"host": HOST, "detail": "taken"}],
        "funnel": [{"stage": "resources", "before": 1, "after": 0,
                    "removed": [{**reason, "count": 1,
                                 "examples": [HOST]}]}],
        "scores": [{"host": HOST, **score}],
        "nearest": [{"host": HOST, "reasons": [reason]}],
        "hosts": [{"host": HOST, "known": True, "fits": False,
                   "reasons": [reason], "rank": None}],
        "limits": {"dropped": []},
        "inputs": {"query": {"groups": []}, "preferred_traits": ["A"],
                   "avoided_traits": [], "scheduler_hints": {},
                   "tried": [HOST], "generations": {HOST: 1}, "seed": 1},
    }
