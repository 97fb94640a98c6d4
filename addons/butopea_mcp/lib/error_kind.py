"""One word for how a call failed, as the audit log has it.

The words are those of the server's taxonomy, so that both logs can be read
together.
"""

from __future__ import annotations

_KINDS = {
    "AccessDenied": "authentication",
    "AccessError": "access_denied",
    "Forbidden": "access_denied",
    "MissingError": "missing_record",
    "NotFound": "unknown_model",
    "RequestEntityTooLarge": "too_large",
    "TooManyRequests": "rate_limited",
    "MethodNotAllowed": "invalid_call",
    "SerializationFailure": "conflict",
    "LockNotAvailable": "conflict",
    "DeadlockDetected": "conflict",
    "ConcurrencyError": "conflict",
    "QueryCanceledError": "cancelled",
    "ValidationError": "validation",
    "UserError": "validation",
    "IntegrityError": "validation",
    "DataError": "validation",
    "ValueError": "validation",
    "KeyError": "validation",
    "TypeError": "validation",
    "AssertionError": "validation",
    "AttributeError": "unknown_method",
}


def error_kind(error: BaseException) -> str:
    """The kind of `error`, by the nearest of its classes that is known."""
    names = (cls.__name__ for cls in type(error).__mro__)
    return next((_KINDS[name] for name in names if name in _KINDS), "server")
