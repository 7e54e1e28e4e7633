"""`make access-code`: a code that nobody guesses, and the hash by which the API knows it."""

import hashlib
import secrets

MADE = """
  Access code  {code}
  Its SHA-256  {sha256}

  With `make deploy`:     make deploy access_code={code}
  With `chalice deploy`:  in .chalice/config.json, set "ACCESS_CODE_SHA256" of the stage dev to the
                          SHA-256, then deploy. The code itself stays with you.
"""


def main() -> None:
    code = secrets.token_urlsafe(12)  # 96 bits: at 20 tries a second, not in this world's time
    print(MADE.format(code=code, sha256=hashlib.sha256(code.encode()).hexdigest()))


if __name__ == "__main__":
    main()
