"""Every error of the API, each with its HTTP status. Name, status and message are public.

Chalice answers a `ChaliceViewError` with `{"Code": class name, "Message": text}` and CORS headers.
No status is 408 or 421: on both, Chromium silently sends a POST again, and each one is paid for.
"""

from chalice import ChaliceViewError


class Failure(ChaliceViewError):
    """The base class. `may_be_charged`: AWS may have made an image; its price is not refunded."""

    may_be_charged = True


class FreeFailure(Failure):
    """The base class of failures before or without an image; its price is refunded."""

    may_be_charged = False


class InvalidParameter(FreeFailure):
    """A value is missing, malformed, out of range, unknown or repeated."""

    STATUS_CODE = 400


class AccessCodeRequired(FreeFailure):
    """The access code is missing or wrong."""

    STATUS_CODE = 401


class UnknownModel(FreeFailure):
    """No model on offer has this name."""

    STATUS_CODE = 404


class UnknownResult(FreeFailure):
    """No answer is kept for this idempotency key."""

    STATUS_CODE = 404


class RequestInProgress(FreeFailure):
    """An earlier request with the same idempotency key is still being worked on."""

    STATUS_CODE = 409


class ModelRetired(FreeFailure):
    """AWS has switched the model off."""

    STATUS_CODE = 410


class ContentFiltered(Failure):
    """The model's own filter refused the prompt (not charged) or the finished image (charged)."""

    STATUS_CODE = 422

    def __init__(self, message: str, may_be_charged: bool) -> None:
        super().__init__(message)
        self.may_be_charged = may_be_charged


class KeyReused(FreeFailure):
    """The idempotency key belongs to another request."""

    STATUS_CODE = 422


class ModelBusy(FreeFailure):
    """Bedrock throttled the call, so no image was made."""

    STATUS_CODE = 429


class BudgetSpent(FreeFailure):
    """Today's budget is used up."""

    STATUS_CODE = 429


class ModelFailed(Failure):
    """Bedrock failed, or its answer cannot be read. AWS may have made an image."""

    STATUS_CODE = 502


class ImageTooLarge(Failure):
    """The image does not fit into Lambda's response."""

    STATUS_CODE = 502


class ModelUnavailable(FreeFailure):
    """Bedrock is unavailable, not ready, unreachable or out of quota, so no image was made."""

    STATUS_CODE = 503


class BudgetUnavailable(FreeFailure):
    """The budget table did not answer. No image was made, but its price may stay reserved."""

    STATUS_CODE = 503


class ModelAccessDenied(FreeFailure):
    """The AWS account may not use the model (yet)."""

    STATUS_CODE = 503


class ModelTimeout(Failure):
    """Bedrock did not answer in time. AWS may have made an image."""

    STATUS_CODE = 504


# Seconds. Throttling and outages at Bedrock last seconds, and two retries of the page stay within
# a person's patience. These errors are the only ones after which a retry cannot pay twice.
RETRY_AFTER_SECONDS = {"ModelBusy": 5, "ModelUnavailable": 5, "RequestInProgress": 2}

# After these, an image may be charged even if this request reserved nothing: the first request with
# the same key did, and is still in progress or was interrupted.
MAY_BE_CHARGED = {"ImageTooLarge", "ModelFailed", "ModelTimeout", "RequestInProgress"}
