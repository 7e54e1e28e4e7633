"""Checks the caller's access code. Knows no model and no money."""

import hashlib
import hmac
import re

from chalicelib.errors import AccessCodeRequired

SHA256 = re.compile("[0-9a-f]{64}")


def check(authorization: str, sha256: str) -> None:
    """Check that the Authorization header is `Bearer <code>` and the code has this SHA-256.

    `sha256` is hexadecimal, in either case. "" means that no code is needed. Any other text matches
    no code, so that an API deployed with a placeholder is closed.
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
    code_sha256 = hashlib.sha256(code.encode(errors="surrogatepass")).hexdigest()
    matches = hmac.compare_digest(code_sha256, sha256.lower())  # in constant time
    if not matches or scheme.lower() != "bearer":
        raise AccessCodeRequired(
            "access code must be sent as `Authorization: Bearer <code>`, got none or a wrong one"
        )
