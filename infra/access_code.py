"""`make access-code`: generates an access code and the SHA-256 hash that the API stores."""

import hashlib
import secrets

OUTPUT = """
  Access code  {code}
  SHA-256      {sha256}

  With `make deploy`:     access_code={code} make deploy
  With `chalice deploy`:  set ACCESS_CODE_SHA256 in .chalice/config.json, stage dev, to the SHA-256,
                          then deploy. Do not store the code itself there.
"""


def main() -> None:
    code = secrets.token_urlsafe(12)  # 96 bits: infeasible to guess at 20 requests a second
    print(OUTPUT.format(code=code, sha256=hashlib.sha256(code.encode()).hexdigest()))


if __name__ == "__main__":
    main()
