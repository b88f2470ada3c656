"""Makes nova's databases, empty: an API database and one for each cell; a
program, since nova's options and Tachyon's can't be in one process.

Arguments: the URL of the API database, then those of the cells.
"""

import sys

import sqlalchemy as sa
from nova.db.api import models as api
from nova.db.main import models as main

if __name__ == "__main__":
    api_url, *cell_urls = sys.argv[1:]
    api.BASE.metadata.create_all(
        sa.create_engine(api_url), tables=[each.__table__ for each in (
            api.CellMapping, api.HostMapping, api.InstanceMapping,
            api.Aggregate, api.AggregateHost, api.AggregateMetadata)])
    for url in cell_urls:
        main.BASE.metadata.create_all(
            sa.create_engine(url), tables=[each.__table__ for each in (
                main.Service, main.ComputeNode, main.Instance,
                main.InstanceSystemMetadata)])
