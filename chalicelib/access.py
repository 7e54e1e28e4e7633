"""May this caller spend? Knows no model and no money."""

import hashlib
import hmac
import re

from chalicelib.errors import AccessCodeRequired

SHA256 = re.compile("[0-9a-f]{64}")


def check(authorization: str, sha256: str) -> None:
    """Let the caller pass who sends `Bearer <code>`, where the code's SHA-256 is the given one.

    `sha256` is hexadecimal, in large or small letters; "" lets everybody pass, and any other text
    lets nobody pass, so that an API which was deployed without a thought is closed.
    Raises: AccessCodeRequired.
    """
    if not sha256:
        return
    scheme, _, code = authorization.partition(" ")
    if not SHA256.fullmatch(sha256.lower()):
        raise AccessCodeRequired(
            "this API is closed until its owner sets an access code: `make access-code` makes one; "
            "on a laptop, `make run` needs none"
        )
    given = hashlib.sha256(code.encode(errors="surrogatepass")).hexdigest()
    right = hmac.compare_digest(given, sha256.lower())  # takes as long for any code
    if not right or scheme.lower() != "bearer":
        raise AccessCodeRequired(
            "access code must be sent as `Authorization: Bearer <code>`, got none or a wrong one"
        )
