"""The little language of extra specs: ``>= 4``, ``<in> sse``, ``<or> a``.

A spec that starts with no operator is the value itself. ``=`` of numbers means
at least, as it always has. What compares words with a number matches nothing.
"""

import operator
from collections.abc import Callable

_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.ge, ">=": operator.ge, "<=": operator.le,
    "==": operator.eq, "!=": operator.ne}
_WORDS: dict[str, Callable[[str, str], bool]] = {
    "s==": operator.eq, "s!=": operator.ne, "s<": operator.lt,
    "s<=": operator.le, "s>": operator.gt, "s>=": operator.ge,
    "<in>": operator.contains}


def match(value: str, spec: str) -> bool:
    """Return whether a value is what an extra spec asks for."""
    sign, *words = spec.split() or [""]
    if sign == "<or>":
        # The words are separated by the same sign.
        return value in words[::2]
    if sign == "<all-in>":
        return bool(words) and all(word in value for word in words)
    if sign in _NUMBERS:
        try:
            return bool(words) and _NUMBERS[sign](float(value),
                                                  float(words[0]))
        except ValueError:
            return False
    if sign in _WORDS:
        return bool(words) and _WORDS[sign](value, words[0])
    return value == spec
