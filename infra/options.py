"""What the owner chooses: each option's name, default and range. Knows no AWS."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib import budget, catalogue

NAMES = ("daily_budget_usd", "access_code", "models", "bedrock_region", "alarm_email", "api_url")

# What stands in a header and in a link as it is, and is not guessed in a day.
CODE = re.compile(r"[A-Za-z0-9._~-]{8,128}")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
API_URL = re.compile(r"https://([a-z0-9.-]+)/api/?")  # CloudFront's /api/* is the API's stage `api`


@dataclass(frozen=True)
class Options:
    daily_budget_usd: float
    access_code_sha256: str  # hexadecimal; "" opens the site to who has the link
    models: str  # as the API's variable MODELS
    endpoints: tuple[str, ...]  # ARNs of the Bedrock Marketplace endpoints among them
    bedrock_region: str
    alarm_email: str  # "" mails nobody
    api_domain: str  # of an API that `chalice deploy` made; "" makes one in the stack


def read(find: Callable[[str], str | None]) -> Options:
    """The options; `find(name)` is the text that was given, None or "" for the default.

    Raises: ValueError if one is not allowed.
    """
    models = find("models") or catalogue.DEFAULT_MODELS
    ids = [model.bedrock_id for model in catalogue.parse(models).models]
    code = matched(CODE, "access_code", find, "8 to 128 letters, digits and . _ ~ -")
    api_url = matched(API_URL, "api_url", find, "https://.../api/, as `chalice url` prints it")
    return Options(
        daily_budget_usd=budget.parse_dollars(
            "daily_budget_usd", find("daily_budget_usd") or budget.DEFAULT_DAILY_USD
        ),
        access_code_sha256=hashlib.sha256(code.encode()).hexdigest() if code else "",
        models=models,
        endpoints=tuple(each for each in ids if each.startswith("arn:")),
        bedrock_region=matched(REGION, "bedrock_region", find, "an AWS region") or "us-west-2",
        alarm_email=matched(EMAIL, "alarm_email", find, "an e-mail address"),
        api_domain=api_url.split("/")[2] if api_url else "",
    )


def matched(
    form: re.Pattern[str], name: str, find: Callable[[str], str | None], allowed: str
) -> str:
    text = find(name) or ""
    if text and not form.fullmatch(text):
        shown = "another text" if name == "access_code" else repr(text[:80])
        raise ValueError(f"{name} must be {allowed}, got {shown}")
    return text
