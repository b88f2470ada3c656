"""A Nova as far as an audit asks it: servers and migrations, over HTTP."""

import threading
from typing import Any

import fixtures
import flask
from werkzeug import serving

PAGE = 2                                # its own limit, whatever is asked


class FakeNova(fixtures.Fixture):
    """``servers`` are uuids; those in ``hidden`` are of a cell that is down.
    ``migrations`` are pairs of a uuid and a status, newest first."""

    def __init__(self, token: str = "admin"):
        super().__init__()
        self.token = token
        self.servers: list[str] = []
        self.hidden: set[str] = set()
        self.migrations: list[tuple[str, str]] = []

    def _setUp(self) -> None:
        server = serving.make_server("127.0.0.1", 0, self._make_app())
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_port}/v2.1"

    def _make_app(self) -> flask.Flask:
        app = flask.Flask(__name__)
        app.before_request(self._check)
        app.add_url_rule("/v2.1/servers", view_func=self._list_servers)
        app.add_url_rule("/v2.1/servers/<id>", view_func=self._show_server)
        app.add_url_rule("/v2.1/os-migrations",
                         view_func=self._list_migrations)
        return app

    def _check(self) -> Any:
        if flask.request.headers.get("X-Auth-Token") != self.token:
            return {"error": "who?"}, 401
        version = flask.request.headers.get("OpenStack-API-Version")
        if version != "compute 2.69":
            return {"error": version}, 406
        return None

    def _list_servers(self) -> Any:
        if flask.request.args.get("all_tenants") != "1":
            return {"servers": []}
        visible = [{"id": id} for id in sorted(self.servers)
                   if id not in self.hidden]
        return {"servers": _page(visible, "id")}

    def _show_server(self, id: str) -> Any:
        if id not in self.servers:
            return {"itemNotFound": {"code": 404}}, 404
        return {"server": {"id": id}}

    def _list_migrations(self) -> Any:
        return {"migrations": _page(
            [{"uuid": uuid, "status": status}
             for uuid, status in self.migrations], "uuid")}


def _page(items: list[dict[str, str]], key: str) -> list[dict[str, str]]:
    marker = flask.request.args.get("marker")
    keys = [item[key] for item in items]
    start = keys.index(marker) + 1 if marker else 0
    return items[start:start + PAGE]
