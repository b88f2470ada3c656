"""The host source ``nova``: what nova's own databases know of its hosts.

Decisions share what was read for ``[nova_hosts] max_age`` seconds. Then one of
them looks again, at all cells at the same time, while the others go on with
what there is. A cell that does not answer keeps nobody waiting a second time;
its hosts are unknown until it does, since nothing can be started on them.

What happens in between is known at once: what decisions took (``consume``),
and what computes and nova's API tell about instances and aggregates.
"""

import concurrent.futures
import dataclasses
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from oslo_config import cfg
from oslo_log import log as logging

from tachyon import exception
from tachyon.db import base as db_base
from tachyon.placement import snapshot as snapshot_module
from tachyon.scheduler.host_sources import base
from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.host_sources.nova import api as api_module
from tachyon.scheduler.host_sources.nova import cell as cell_module
from tachyon.scheduler.host_sources.nova import known as known_module
from tachyon.scheduler.host_sources.nova import mapping
from tachyon.scheduler.host_sources.nova import tables

LOG = logging.getLogger(__name__)


@dataclasses.dataclass
class _Watched:
    """A cell, the look at it that is under way, and what the last found."""

    cell: cell_module.Cell
    url: str = dataclasses.field(repr=False)
    under_way: concurrent.futures.Future[cell_module.Look] | None = None
    found: cell_module.Look | None = None
    answers: bool = True


class NovaSource(base.HostSource):
    """Reads the API database, and through it the cells."""

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase,
                 name: str, clock: Callable[[], float] = time.monotonic,
                 wall: Callable[[], float] = time.time) -> None:
        """:raises HostSourceUnavailable: there is no good URL."""
        super().__init__(conf, driver, name)
        self._clock, self._wall = clock, wall
        url = conf.nova_hosts.api_connection
        if not url:
            raise exception.HostSourceUnavailable(
                reason="[nova_hosts] api_connection is not set.")
        self._api = api_module.ApiDatabase(
            tables.connect(url, conf.nova_hosts.cell_timeout))
        self._threads = concurrent.futures.ThreadPoolExecutor(
            thread_name_prefix="nova-cell")
        self._cells: dict[str, _Watched] = {}
        self._looking = threading.Lock()
        self._read_at = float("-inf")
        self.known = known_module.Known(clock)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._api.close()
        for watched in self._cells.values():
            watched.cell.close()

    # --------------------------------------------------------------- reading
    def refresh(self) -> known_module.Moment:
        moment = self.known.moment
        if moment is not None and self._is_fresh():
            return moment
        # Who finds somebody looking takes what there is, if anything.
        if self._looking.acquire(blocking=moment is None):
            try:
                if not self._is_fresh():
                    self._look()
            finally:
                self._looking.release()
        moment = self.known.moment
        if moment is None:
            raise exception.HostSourceUnavailable(
                reason="no database of nova's answers.")
        return moment

    def _is_fresh(self) -> bool:
        return (self._clock() - self._read_at
                < self.conf.nova_hosts.max_age)

    def _look(self) -> None:
        self._read_at = self._clock()
        aggregates = None
        try:
            found = self._api.look()
        except sa.exc.SQLAlchemyError as e:
            LOG.warning("nova's API database does not answer: %s",
                        _words(e))
        else:
            aggregates = found.aggregates
            self._watch(found.cells)
        looks = self._look_at_cells()
        if looks or self.known.moment is not None:
            self.known.take(looks, aggregates)

    def _watch(self, mappings: Sequence[api_module.CellMapping]) -> None:
        """Watch these cells, and no others."""
        urls = {each.uuid: each.database_connection for each in mappings}
        for uuid, watched in list(self._cells.items()):
            if urls.get(uuid) != watched.url:
                del self._cells[uuid]
                watched.cell.close()
        for uuid, url in urls.items():
            if uuid in self._cells:
                continue
            try:
                engine = tables.connect(
                    url, self.conf.nova_hosts.cell_timeout,
                    self.conf.nova_hosts.cell_connection)
            except exception.HostSourceUnavailable as e:
                LOG.error("Cell %s: %s", uuid, e)
                continue
            self._cells[uuid] = _Watched(
                cell_module.Cell(
                    uuid, engine,
                    self.conf.nova_hosts.service_down_time / 2, self._clock,
                    self._wall), url)

    def _look_at_cells(self) -> dict[str, cell_module.Look]:
        """Return by cell what is found in those that answer."""
        images = bool(
            self.conf.filter_scheduler.image_props_weight_multiplier)
        for watched in self._cells.values():
            if watched.under_way is None:
                watched.under_way = self._threads.submit(
                    watched.cell.look, images)
        concurrent.futures.wait(
            [each.under_way for each in self._cells.values()
             if each.answers and each.under_way is not None],
            timeout=self.conf.nova_hosts.cell_timeout)
        looks = {}
        for uuid, watched in self._cells.items():
            look = self._end(watched)
            if look is not None:
                looks[uuid] = look
        return looks

    def _end(self, watched: _Watched) -> cell_module.Look | None:
        """Return what was found in a cell, None if it does not answer."""
        future = watched.under_way
        assert future is not None
        words = "it is slow"
        if future.done():
            watched.under_way = None
            try:
                look = future.result()
            except sa.exc.SQLAlchemyError as e:
                words = _words(e)
            else:
                if not watched.answers:
                    LOG.info("Cell %s answers again.", watched.cell.uuid)
                watched.answers = True
                return look
        if watched.answers:
            LOG.warning("Cell %s does not answer, its hosts get nothing "
                        "new: %s", watched.cell.uuid, words)
        watched.answers = False
        return None

    def find_buried(self, seconds: float) -> Sequence[str]:
        try:
            return self._api.find_buried(tables.time(self._wall() - seconds))
        except sa.exc.SQLAlchemyError as e:
            raise exception.HostSourceUnavailable(
                reason=f"nova's API database: {_words(e)}") from e

    def discover_hosts(self) -> Sequence[str]:
        self.refresh()
        found = []
        for uuid, watched in list(self._cells.items()):
            try:
                found += mapping.map_hosts(self._api.engine,
                                           watched.cell.engine, uuid)
            except sa.exc.SQLAlchemyError as e:
                LOG.warning("New hosts of cell %s can't be mapped: %s", uuid,
                            _words(e))
        return found

    # ----------------------------------------------------------------- facts
    def facts(self, snapshot: snapshot_module.Snapshot,
              token: known_module.Moment) -> facts_module.Facts:
        up: npt.NDArray[np.bool_] = (
            np.abs(self._wall() - token.seen)
            <= self.conf.nova_hosts.service_down_time)
        return self.known.facts(snapshot, token, up)

    # ------------------------------------------------------- what one is told
    def begin(self, instance_uuid: str) -> None:
        self.known.begin(instance_uuid)

    def consume(self, taken: Sequence[tuple[str, facts_module.Consumption]]
                ) -> None:
        self.known.consume(taken)

    def release(self, provider_uuid: str, instance_uuid: str) -> None:
        self.known.release(provider_uuid, instance_uuid)

    def update_aggregates(self,
                          aggregates: Sequence[Mapping[str, Any]]) -> None:
        self.known.take_aggregates([node_module.Aggregate(
            each["id"], each["uuid"], each["name"],
            frozenset(each["hosts"]), dict(each["metadata"]))
            for each in aggregates])

    def delete_aggregate(self, id: int) -> None:
        self.known.take_aggregates([], gone=[id])

    def update_instance_info(self, host: str,
                             instances: Sequence[Mapping[str, Any]]) -> None:
        self.known.move({each["uuid"]: host for each in instances})

    def delete_instance_info(self, host: str, uuid: str) -> None:
        if self.known.host_of(uuid) == host:
            self.known.move({uuid: None})

    def sync_instance_info(self, host: str, uuids: Collection[str]) -> None:
        """A host that says something else than is known is read once more,
        as nova does: what it says may be older."""
        if self.known.instances_on(host) == frozenset(uuids):
            return
        watched = self._cells.get(self.known.cell_of(host) or "")
        if watched is None or not watched.answers:
            return
        try:
            found = watched.cell.instances_on(host)
        except sa.exc.SQLAlchemyError as e:
            LOG.warning("The instances of host %s can't be read: %s", host,
                        _words(e))
            return
        gone = self.known.instances_on(host) - found
        self.known.move({**dict.fromkeys(found, host),
                         **dict.fromkeys(gone)})


def _words(error: sa.exc.SQLAlchemyError) -> str:
    """Return what a library of a database says, without the statement."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]
