"""The options of `make deploy`: names, defaults and allowed values. Knows no AWS."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib import budget, catalogue

NAMES = ("daily_budget_usd", "access_code", "models", "bedrock_region", "alarm_email", "api_url")

# Characters that need no escaping in a header or a link, and enough of them to resist guessing.
ACCESS_CODE = re.compile(r"[A-Za-z0-9._~-]{8,128}")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
API_URL = re.compile(
    r"https://([a-z0-9.-]+)/api/?"
)  # CloudFront forwards /api/* to the stage `api`


@dataclass(frozen=True)
class Options:
    daily_budget_usd: float
    access_code_sha256: str  # hexadecimal; "" for a site that is open to anyone with the link
    models: str  # in the format of the API's variable MODELS
    endpoints: tuple[str, ...]  # ARNs of the Bedrock Marketplace endpoints among them
    bedrock_region: str
    alarm_email: str  # "" for none
    api_domain: str  # of an API that `chalice deploy` made; "" adds an API to the stack


def read(lookup: Callable[[str], str | None]) -> Options:
    """The validated options. `lookup(name)` returns an option's text; None or "" means the default.

    Raises: ValueError if an option is invalid.
    """
    models = lookup("models") or catalogue.DEFAULT_MODELS
    ids = [model.bedrock_id for model in catalogue.parse(models).models]
    code = validate("access_code", lookup, ACCESS_CODE, "8 to 128 letters, digits and . _ ~ -")
    address = "the https://.../api/ address that `chalice url` prints"
    api_url = validate("api_url", lookup, API_URL, address)
    region = validate("bedrock_region", lookup, REGION, "an AWS region such as us-west-2")
    return Options(
        daily_budget_usd=budget.parse_dollars(
            "daily_budget_usd", lookup("daily_budget_usd") or budget.DEFAULT_DAILY_USD
        ),
        access_code_sha256=hashlib.sha256(code.encode()).hexdigest() if code else "",
        models=models,
        endpoints=tuple(each for each in ids if each.startswith("arn:")),
        bedrock_region=region or "us-west-2",
        alarm_email=validate("alarm_email", lookup, EMAIL, "an email address"),
        api_domain=api_url.split("/")[2] if api_url else "",
    )


def validate(
    name: str, lookup: Callable[[str], str | None], pattern: re.Pattern[str], allowed: str
) -> str:
    text = lookup(name) or ""
    if text and not pattern.fullmatch(text):
        shown = "a different text" if name == "access_code" else repr(text[:80])
        raise ValueError(f"{name} must be {allowed}, got {shown}")
    return text
