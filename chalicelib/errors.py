"""Every way to fail, each with its HTTP status. Name, status and message are public.

Chalice answers a `ChaliceViewError` with `{"Code": class name, "Message": text}` and CORS headers.
No status is 408 or 421: Chromium silently sends a POST again on both, and each one is paid.
"""

from chalice import ChaliceViewError


class InvalidParameter(ChaliceViewError):
    """A value is missing, malformed, out of range, unknown or repeated."""

    STATUS_CODE = 400


class UnknownModel(ChaliceViewError):
    """No model on offer has this name."""

    STATUS_CODE = 404


class ModelRetired(ChaliceViewError):
    """AWS has switched the model off."""

    STATUS_CODE = 410


class ContentFiltered(ChaliceViewError):
    """The model's own filter refused the prompt or the picture."""

    STATUS_CODE = 422


class ModelBusy(ChaliceViewError):
    """Bedrock throttled the call, so no image was made."""

    STATUS_CODE = 429


class ModelFailed(ChaliceViewError):
    """Bedrock failed, or its answer cannot be read. An image may have been made and paid."""

    STATUS_CODE = 502


class ImageTooLarge(ChaliceViewError):
    """The picture does not fit Lambda's response."""

    STATUS_CODE = 502


class ModelUnavailable(ChaliceViewError):
    """Bedrock is unavailable, not ready, unreachable or out of quota, so no image was made."""

    STATUS_CODE = 503


class ModelAccessDenied(ChaliceViewError):
    """The AWS account may not use the model (yet)."""

    STATUS_CODE = 503


class ModelTimeout(ChaliceViewError):
    """No answer in time. An image may have been made and paid."""

    STATUS_CODE = 504


# Throttles and outages at Bedrock last seconds; 5 s also keeps two retries of the page far
# inside a person's patience. Only these two failures are sure to have made no image.
RETRY_AFTER_SECONDS = {"ModelBusy": 5, "ModelUnavailable": 5}
