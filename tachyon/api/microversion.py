"""Microversions of the Placement API, and which one a request asks for."""

import functools
from collections.abc import Mapping
from typing import TypeVar

import flask
import microversion_parse

from tachyon.api import errors

SERVICE_TYPE = "placement"
# All that are served, oldest first.
VERSIONS = tuple(f"1.{minor}" for minor in range(40))

Version = microversion_parse.Version
_T = TypeVar("_T")


@functools.cache
def parse(version: str) -> Version:
    """Return ``major.minor`` as something that compares.

    :raises TypeError: it is no such thing.
    """
    return microversion_parse.parse_version_string(version)


MIN_VERSION = parse(VERSIONS[0])
MAX_VERSION = parse(VERSIONS[-1])


def choose(variants: Mapping[str, _T], version: Version) -> _T:
    """Return the variant that holds at a version: that of the newest one
    that is not above it."""
    return variants[max((since for since in variants
                         if parse(since) <= version), key=parse)]


def read() -> Version:
    """Return the version that the current request asks for.

    Without a header it is the oldest.

    :raises Problem: 406 if it is not served, 400 if it can't be read.
    """
    try:
        return microversion_parse.extract_version(
            flask.request.headers, SERVICE_TYPE, VERSIONS)
    except ValueError as error:
        raise errors.Problem(
            406, f"Invalid microversion: {error}",
            max_version=str(MAX_VERSION), min_version=str(MIN_VERSION)
        ) from None
    except TypeError as error:
        raise errors.Problem(
            400, f"Invalid microversion: {error}") from None


def write(response: flask.Response, version: Version) -> None:
    """Tell the caller which version answered."""
    response.headers[microversion_parse.STANDARD_HEADER] = (
        f"{SERVICE_TYPE} {version}")
    response.headers.add("vary", microversion_parse.STANDARD_HEADER)
