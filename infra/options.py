"""The options of `make deploy`: names, defaults and allowed values. Knows no AWS."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from zxcvbn import zxcvbn

from chalicelib import budget, catalogue, prompt

NAMES = (
    *("daily_budget_usd", "access_code", "models", "bedrock_region", "alarm_email", "api_url"),
    *("cloudfront", "prompt_model"),
)

# Characters that need no escaping in a header or a link.
ACCESS_CODE = re.compile(r"[A-Za-z0-9._~-]{12,128}")
# 16 years at the stack's throttle of 20 requests per second; zxcvbn estimates the guesses.
MINIMUM_GUESSES = 10_000_000_000
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
YES_OR_NO = re.compile(r"yes|no")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
API_URL = re.compile(
    r"https://([a-z0-9.-]+)/api/?"
)  # CloudFront forwards /api/* to the stage `api`


@dataclass(frozen=True)
class Options:
    daily_budget_usd: float
    access_code_sha256: str  # hexadecimal; "" for a site that is open to anyone with the link
    prompt_model: str  # the API's variable PROMPT_MODEL; "" for none
    models: str  # in the format of the API's variable MODELS
    endpoints: tuple[str, ...]  # ARNs of the Bedrock Marketplace endpoints among them
    bedrock_ids: tuple[str, ...]  # of the other models, that for prompts too, without `us.`
    bedrock_region: str
    alarm_email: str  # "" for none
    api_domain: str  # of an API that `chalice deploy` made; "" adds an API to the stack
    cloudfront: bool  # False: API Gateway serves the page


def read(lookup: Callable[[str], str | None]) -> Options:
    """The validated options. `lookup(name)` returns an option's text; None or "" means the default.

    Raises: ValueError if an option is invalid.
    """
    models = lookup("models") or catalogue.DEFAULT_MODELS
    prompt_model = read_prompt_model(lookup)
    ids = [model.bedrock_id for model in catalogue.parse(models).models]
    ids += [prompt_model] if prompt_model else []
    code = read_access_code(lookup)
    address = "the https://.../api/ address that `chalice url` prints"
    api_url = validate("api_url", lookup, API_URL, address)
    cloudfront = validate("cloudfront", lookup, YES_OR_NO, "yes or no") != "no"
    if api_url and not cloudfront:
        raise ValueError("cloudfront must be yes with api_url, got 'no'")
    region = validate("bedrock_region", lookup, REGION, "an AWS region such as us-west-2")
    return Options(
        daily_budget_usd=budget.parse_dollars(
            "daily_budget_usd", lookup("daily_budget_usd") or budget.DEFAULT_DAILY_USD
        ),
        access_code_sha256=hashlib.sha256(code.encode()).hexdigest() if code else "",
        prompt_model=prompt_model,
        models=models,
        endpoints=tuple(each for each in ids if each.startswith("arn:")),
        bedrock_ids=tuple(each.removeprefix("us.") for each in ids if not each.startswith("arn:")),
        bedrock_region=region or "us-west-2",
        alarm_email=validate("alarm_email", lookup, EMAIL, "an email address"),
        api_domain=api_url.split("/")[2] if api_url else "",
        cloudfront=cloudfront,
    )


def read_prompt_model(lookup: Callable[[str], str | None]) -> str:
    name = lookup("prompt_model") or prompt.DEFAULT_MODEL
    if name != "no" and name not in prompt.PRICES:
        allowed = ", ".join(prompt.PRICES)
        raise ValueError(f"prompt_model must be no or one of {allowed}, got {name[:80]!r}")
    return "" if name == "no" else name


def read_access_code(lookup: Callable[[str], str | None]) -> str:
    code = validate("access_code", lookup, ACCESS_CODE, "12 to 128 letters, digits and . _ ~ -")
    if code and (guesses := zxcvbn(code, max_length=128)["guesses"]) < MINIMUM_GUESSES:
        raise ValueError(
            f"access_code must take at least {MINIMUM_GUESSES:,} guesses, got a code that takes "
            f"about {guesses:,.0f}; `make access-code` generates one"
        )
    return code


def validate(
    name: str, lookup: Callable[[str], str | None], pattern: re.Pattern[str], allowed: str
) -> str:
    text = lookup(name) or ""
    if text and not pattern.fullmatch(text):
        shown = "a different text" if name == "access_code" else repr(text[:80])
        raise ValueError(f"{name} must be {allowed}, got {shown}")
    return text
