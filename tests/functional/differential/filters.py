"""Values of query parameters, as providers and candidates are asked for."""

from tests.functional.differential import world
from tests.functional.differential.world import World


def resources(draw: World) -> str:
    if draw.chance(0.04):
        return draw.any("", "VCPU", "VCPU:x", "VCPU:0", "NOTHING:1", "VCPU:+1",
                        "VCPU:1:2", "VCPU:-1", ":1", "VCPU:1,", "VCPU:1.0",
                        "VCPU:99999999999999999999", "VCPU:%D9%A3", "VCPU: 1",
                        "VCPU:1,VCPU:2", "VCPU:1_0", "%20VCPU:1")
    return ",".join(f"{name}:{amount}"
                    for name, amount in draw.resources().items())


def member_of(draw: World) -> str:
    if draw.chance(0.04):
        return draw.any("", "x", "in:", ",".join(world.AGGREGATES), "!",
                        "!in:", f"!!{world.AGGREGATES[0]}", "in:x",
                        world.AGGREGATES[0].upper(),
                        world.AGGREGATES[0].replace("-", ""),
                        f"in:{world.AGGREGATES[0]},",
                        f"in:!{world.AGGREGATES[0]}")
    some = ",".join(draw.some(world.AGGREGATES, 1, 2))
    listed = "in:" if "," in some or draw.chance(0.1) else ""
    unwanted = "!" if draw.since(32, 0.25) else ""
    return f"{unwanted}{listed}{some}"


def required(draw: World) -> str:
    """May be of any form that the version knows."""
    if draw.since(39, 0.3):
        return "in:" + ",".join(draw.some(world.TRAITS, 1, 2))
    return required_flat(draw)


def required_flat(draw: World) -> str:
    if draw.chance(0.04):
        return draw.any("", ",", "NOTHING", "in:", "in:!CUSTOM_T0", "!", "!!",
                        "!!CUSTOM_T0", "CUSTOM_T0,!CUSTOM_T0", "in:,CUSTOM_T0",
                        "%20CUSTOM_T0", "CUSTOM_T0%20,CUSTOM_T1", "custom_t0",
                        "in:CUSTOM_T0,in:CUSTOM_T1")
    unwanted = ("", "!") if draw.since(22) else ("",)
    return ",".join(f"{draw.any(*unwanted)}{name}"
                    for name in draw.some(world.TRAITS, 1, 2))
