"""What went wrong with a transaction, and whether to try it again."""

import enum
import ssl
from collections.abc import Iterator

import neo4j.exceptions

# Another writer made or removed what this one had seen: look again.
_CLASHES = (
    "Neo.ClientError.Schema.ConstraintValidationFailed",
    "Neo.ClientError.Statement.EntityNotFound",
)
# Beginnings of codes that say that the server can't do it, whatever it is.
_REFUSALS = (
    "Neo.ClientError.Database.",
    "Neo.ClientError.Security.",
    "Neo.ClientError.Transaction.",
    "Neo.DatabaseError.",
)


class Again(Exception):
    """Raised by a transaction that rests on what has changed meanwhile: it is
    run once more."""


class Kind(enum.Enum):
    CLASH = "clash"                     # with another writer
    TROUBLE = "trouble"                 # that may pass
    REFUSAL = "refusal"                 # that stays
    MISTAKE = "mistake"                 # ours


def kind(error: Exception) -> Kind:
    """Return what sort of error came out of a transaction."""
    if isinstance(error, Again):
        return Kind.CLASH
    if _certificate_error(error):
        return Kind.REFUSAL
    if isinstance(error, neo4j.exceptions.Neo4jError):
        code = error.code or ""
        if code in _CLASHES:
            return Kind.CLASH
        if error.is_retryable():
            return Kind.TROUBLE
        if code.startswith(_REFUSALS):
            return Kind.REFUSAL
        return Kind.MISTAKE
    if isinstance(error, neo4j.exceptions.ConfigurationError):
        return Kind.REFUSAL
    if isinstance(error, OSError):
        return Kind.TROUBLE
    if isinstance(error, neo4j.exceptions.ServiceUnavailable):
        return Kind.TROUBLE
    if isinstance(error, neo4j.exceptions.DriverError):
        return Kind.TROUBLE if error.is_retryable() else Kind.MISTAKE
    return Kind.MISTAKE


def lost(error: Exception) -> bool:
    """Return whether the connection was lost, and not by the server's word:
    it may be another server next time."""
    return isinstance(error, OSError | neo4j.exceptions.DriverError)


def outcome_unknown(error: Exception) -> bool:
    """Return whether a commit that raised this may have happened."""
    return not isinstance(error, neo4j.exceptions.ClientError
                          | neo4j.exceptions.TransientError)


def tell(error: Exception) -> str:
    """Return an error's text in one line."""
    text = str(_certificate_error(error) or error)
    if isinstance(error, neo4j.exceptions.Neo4jError) and error.message:
        text = f"{error.code}: {error.message}"
    return " ".join(text.split()) or type(error).__name__


def _certificate_error(error: Exception) -> ssl.SSLError | None:
    """Return what is wrong with the server's certificate, if that is it."""
    return next((one for one in _chain(error)
                 if isinstance(one, ssl.SSLCertVerificationError)), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
