"""Every way to fail, each with its HTTP status. Name, status and message are public.

Chalice answers a `ChaliceViewError` with `{"Code": class name, "Message": text}` and CORS headers.
No status is 408 or 421: Chromium silently sends a POST again on both, and each one is paid.
"""

from chalice import ChaliceViewError


class Failure(ChaliceViewError):
    """What they all are. `nothing_made`: no image can have been made, so no money is kept."""

    nothing_made = False


class InvalidParameter(Failure):
    """A value is missing, malformed, out of range, unknown or repeated."""

    STATUS_CODE = 400
    nothing_made = True


class AccessCodeRequired(Failure):
    """No access code, or a wrong one."""

    STATUS_CODE = 401
    nothing_made = True


class UnknownModel(Failure):
    """No model on offer has this name."""

    STATUS_CODE = 404
    nothing_made = True


class ModelRetired(Failure):
    """AWS has switched the model off."""

    STATUS_CODE = 410
    nothing_made = True


class ContentFiltered(Failure):
    """The model's own filter refused the prompt, before it made an image, or the picture."""

    STATUS_CODE = 422

    def __init__(self, message: str, nothing_made: bool) -> None:
        super().__init__(message)
        self.nothing_made = nothing_made


class ModelBusy(Failure):
    """Bedrock throttled the call, so no image was made."""

    STATUS_CODE = 429
    nothing_made = True


class BudgetSpent(Failure):
    """Today's budget is used up."""

    STATUS_CODE = 429
    nothing_made = True


class ModelFailed(Failure):
    """Bedrock failed, or its answer cannot be read. An image may have been made and paid."""

    STATUS_CODE = 502


class ImageTooLarge(Failure):
    """The picture does not fit Lambda's response."""

    STATUS_CODE = 502


class ModelUnavailable(Failure):
    """Bedrock is unavailable, not ready, unreachable or out of quota, so no image was made."""

    STATUS_CODE = 503
    nothing_made = True


class ModelAccessDenied(Failure):
    """The AWS account may not use the model (yet)."""

    STATUS_CODE = 503
    nothing_made = True


class ModelTimeout(Failure):
    """No answer in time. An image may have been made and paid."""

    STATUS_CODE = 504


# Throttles and outages at Bedrock last seconds; 5 s also keeps two retries of the page far
# inside a person's patience. Only these two failures are sure to have made no image.
RETRY_AFTER_SECONDS = {"ModelBusy": 5, "ModelUnavailable": 5}
