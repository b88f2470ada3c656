"""Parameters of statements."""

import json
from collections.abc import Iterable
from typing import Any


def array(values: Iterable[Any]) -> str:
    """Return a parameter for ``IN (SELECT value FROM json_each(?))``.

    So a statement is the same, and stays prepared, for any number of values.
    """
    return json.dumps(list(values))
