"""Who may do what with an object of which project.

Managers decide here, from the context of the request. What a caller may not
even see does not exist for it: managers say NotFound then, not forbidden.
"""

from tachyon import context
from tachyon import exception
from tachyon import policy


def may(ctx: context.RequestContext, rule: str,
        project_id: str | None = None) -> bool:
    """Return whether a rule allows it, of an object of this project.

    Without ``project_id`` the object is the caller's own.
    """
    try:
        authorize(ctx, rule, project_id)
    except exception.PolicyNotAuthorized:
        return False
    return True


def authorize(ctx: context.RequestContext, rule: str,
              project_id: str | None = None) -> None:
    """Return if a rule allows it, of an object of this project.

    :raises PolicyNotAuthorized:
    """
    owner = ctx.project_id if project_id is None else project_id
    policy.authorize(ctx, rule, {"project_id": owner})


def listed_project(ctx: context.RequestContext, rule: str,
                   wanted: str | None) -> str | None:
    """Return the project whose objects a list shows, None for all.

    ``rule`` is the one of seeing all projects. Who is not allowed that sees
    its own, and may not ask for another.

    :raises PolicyNotAuthorized:
    """
    if may(ctx, rule):
        return wanted
    if ctx.project_id is None or wanted not in (None, ctx.project_id):
        raise exception.PolicyNotAuthorized(action=rule)
    return ctx.project_id
