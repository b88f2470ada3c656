"""Parts of statements: the server's clock, pages in the order of creation."""

# When the transaction began, in Cypher.
NOW = ("(datetime.transaction().epochSeconds * 1000000"
       " + datetime.transaction().microsecond)")

# Before, and after, all times there are.
EARLIEST, LATEST = -1, 2 ** 62


def page(label: str, node: str, wanted: tuple[str, ...], key: str,
         columns: str, *, walked: str | None = None,
         descending: bool = False, others: str = "") -> str:
    """Return the statement that reads a page, in the order of creation.

    Nodes have the ``wanted`` properties equal to the parameters of the same
    names, and come after ``$made`` and ``$made_id``, the place of a marker.
    ``walked`` is the one of them whose index is walked: the order names it,
    so that the planner sees that the index has that order already.
    """
    after, direction = ("<", " DESC") if descending else (">", "")
    conditions = [f"{node}.{name} = ${name}" for name in wanted]
    conditions += [
        f"{node}.created_at {after}= $made",
        f"{node}.{key} IS NOT NULL",
        # An OR would be split in two, whose union had to be sorted.
        f"CASE {node}.created_at WHEN $made THEN {node}.{key} {after} "
        "$made_id ELSE true END"]
    if others:
        conditions.append(others)
    index = [name for name in (walked, "created_at", key) if name]
    order = ", ".join(f"{node}.{name}{direction}" for name in index)
    return (f"MATCH ({node}:{label}) {walk(label, node, *index)} "
            f"WHERE {' AND '.join(conditions)} "
            f"RETURN {columns} ORDER BY {order} LIMIT $limit")


def walk(label: str, node: str, *properties: str) -> str:
    """Return the hint to walk an index in its order. Left alone, the planner
    sorts where it believes that there are few."""
    return f"USING INDEX {node}:{label}({', '.join(properties)})"
