"""A simulator: domains that exist in a journal, and run nowhere.

It does all that a real driver must, on as many hosts as you like and on any
that were loaded through the Placement API, and remembers it across restarts
and kills. ``grep -c '"event":"create"'`` on its journal,
``<state_path>/fake-<service_host>.journal``, counts what was ever made.
"""

import dataclasses
import hashlib
import ipaddress
import logging
import os
import random
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any

from oslo_config import cfg

from tachyon import exception
from tachyon.compute.drivers import base
from tachyon.compute.drivers import journal

LOG = logging.getLogger(__name__)

# Addresses come from private space (RFC 1918), less its first and last.
NETWORK = ipaddress.ip_network("10.0.0.0/8")
_NAMESPACE = uuid.UUID("6f1c2d5e-3b0f-5c6e-9a43-7d0f0b6f4a11")

_STOPPED, _RUNNING, _PAUSED = (base.State.STOPPED, base.State.RUNNING,
                               base.State.PAUSED)
# Action: the states it is allowed in, and the state after it.
_TRANSITIONS = {
    "start": ({_STOPPED}, _RUNNING),
    "stop": ({_RUNNING, _PAUSED}, _STOPPED),
    "restart": ({_RUNNING}, _RUNNING),
    "pause": ({_RUNNING}, _PAUSED),
    "resume": ({_PAUSED}, _RUNNING),
}


def journal_path(conf: cfg.ConfigOpts) -> str:
    """Return where the simulator of this configuration keeps its journal."""
    return os.path.join(conf.state_path, f"fake-{conf.service_host}.journal")


class FakeDriver(base.DomainDriver):
    """Simulates ``[fake] hosts`` hosts, and any other that it is asked for.
    """

    def __init__(self, conf: cfg.ConfigOpts):
        super().__init__(conf)
        self._domains: dict[str, base.Domain] = {}
        self._addresses: set[str] = set()
        self._lock = threading.Lock()
        self._journal = journal.Journal(journal_path(conf))
        for event in self._journal.replay():
            self._replay(event)

    def close(self) -> None:
        with self._lock:
            self._journal.close()

    # ------------------------------------------------------------- what is
    def inventory(self) -> Sequence[base.Host]:
        fake = self.conf.fake
        inventories = {
            name: base.Inventory(total=total, max_unit=total)
            for name, total in (("VCPU", fake.vcpus),
                                ("MEMORY_MB", fake.memory_mb),
                                ("DISK_GB", fake.disk_gb))}
        names = [f"{self.conf.service_host}-{number}"
                 for number in range(1, fake.hosts + 1)]
        return [base.Host(uuid=str(uuid.uuid5(_NAMESPACE, name)), name=name,
                          inventories=inventories,
                          traits=frozenset(fake.traits)) for name in names]

    def list(self) -> Sequence[base.Domain]:
        with self._lock:
            return sorted(self._domains.values(),
                          key=lambda domain: domain.instance_id)

    def get(self, instance_id: str) -> base.Domain | None:
        with self._lock:
            return self._domains.get(instance_id)

    # ------------------------------------------------------------- actions
    def create(self, spec: base.DomainSpec) -> base.Domain:
        self._take_time()
        with self._lock:
            known = self._domains.get(spec.instance_id)
            if known is not None and known.host != spec.host:
                raise _error("create", spec.instance_id,
                             f"it is on {known.host}, not on {spec.host}")
            if known is not None:
                return self._write("adopt", dataclasses.replace(
                    known, attempt=spec.attempt))
            if random.random() < self.conf.fake.failure_rate:
                raise _error("create", spec.instance_id,
                             "the simulator was told to fail")
            return self._write("create", base.Domain(
                instance_id=spec.instance_id, attempt=spec.attempt,
                host=spec.host, state=_STOPPED,
                ip_address=self._make_address(spec.instance_id)))

    def destroy(self, instance_id: str) -> None:
        self._take_time()
        with self._lock:
            domain = self._domains.get(instance_id)
            if domain is not None:
                self._write("destroy", domain)

    def start(self, instance_id: str) -> None:
        self._move("start", instance_id)

    def stop(self, instance_id: str) -> None:
        self._move("stop", instance_id)

    def restart(self, instance_id: str) -> None:
        self._move("restart", instance_id)

    def pause(self, instance_id: str) -> None:
        self._move("pause", instance_id)

    def resume(self, instance_id: str) -> None:
        self._move("resume", instance_id)

    def _move(self, action: str, instance_id: str) -> None:
        before, after = _TRANSITIONS[action]
        self._take_time()
        with self._lock:
            domain = self._domains.get(instance_id)
            if domain is None:
                raise _error(action, instance_id, "there is no such domain")
            if domain.state in before:
                self._write(action, dataclasses.replace(domain, state=after))
            elif domain.state is not after:
                raise _error(action, instance_id, f"it is {domain.state}")

    def _take_time(self) -> None:
        if self.conf.fake.delay:
            time.sleep(self.conf.fake.delay)

    def _make_address(self, instance_id: str) -> str:
        """Return a free address, usually the same for the same instance."""
        usable = NETWORK.num_addresses - 2
        digest = hashlib.sha256(instance_id.encode()).digest()
        number = int.from_bytes(digest[:8], "big")
        while (address := str(NETWORK[1 + number % usable])
               ) in self._addresses:
            number += 1
        return address

    # -------------------------------------------------------------- memory
    def _write(self, event: str, domain: base.Domain) -> base.Domain:
        """Remember what happened, and only then let it have happened."""
        try:
            self._journal.append({
                "event": event, "time": round(time.time(), 3),
                **dataclasses.asdict(domain)})
        except OSError as exc:
            raise _error(event, domain.instance_id, str(exc))
        self._apply(event, domain)
        return domain

    def _apply(self, event: str, domain: base.Domain) -> None:
        if event == "destroy":
            self._domains.pop(domain.instance_id, None)
            self._addresses.discard(str(domain.ip_address))
        else:
            self._domains[domain.instance_id] = domain
            self._addresses.add(str(domain.ip_address))

    def _replay(self, event: dict[str, Any]) -> None:
        try:
            domain = base.Domain(
                instance_id=event["instance_id"], attempt=event["attempt"],
                host=event["host"], state=base.State(event["state"]),
                ip_address=event["ip_address"])
            name = event["event"]
        except (KeyError, ValueError) as exc:
            LOG.error("Passed over an event that makes no sense (%r): %s",
                      exc, event)
            return
        self._apply(name, domain)


def _error(action: str, instance_id: str,
           reason: str) -> exception.DomainError:
    return exception.DomainError(action=action, id=instance_id, reason=reason)
