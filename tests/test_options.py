"""The options of `make deploy`, and `make access-code`."""

import hashlib
import re

import pytest

from chalicelib import access, catalogue
from infra import access_code, options


def read(**texts):
    return options.read(texts.get)


def test_the_defaults_are_two_dollars_open_and_active_models():
    defaults = read()
    assert (defaults.daily_budget_usd, defaults.access_code_sha256) == (2.0, "")
    assert (defaults.models, defaults.bedrock_region) == (catalogue.DEFAULT_MODELS, "us-west-2")
    assert (defaults.endpoints, defaults.alarm_email, defaults.api_domain) == ((), "", "")
    assert read(**dict.fromkeys(options.NAMES, "")) == defaults


@pytest.mark.parametrize("text", ["0", "2", "0.04", "99999.99"])
def test_reads_a_budget_in_dollars_and_cents(text):
    assert read(daily_budget_usd=text).daily_budget_usd == float(text)


def test_keeps_only_the_hash_of_the_access_code():
    closed = read(access_code="fox-in-the-snow")
    assert closed.access_code_sha256 == hashlib.sha256(b"fox-in-the-snow").hexdigest()
    assert "fox-in-the-snow" not in repr(closed)


def test_finds_the_ids_of_the_models_and_the_arns_of_endpoints():
    arn = "arn:aws:sagemaker:us-west-2:123456789012:endpoint/xl"
    offered = read(models=f"stable-image-core,stable-diffusion-xl={arn}")
    assert offered.endpoints == (arn,)
    assert offered.bedrock_ids == ("stability.stable-image-core-v1:1", "amazon.nova-micro-v1:0")


def test_no_switches_the_text_model_off():
    off = read(models="stable-image-core", prompt_model="no")
    assert (off.prompt_model, off.bedrock_ids) == ("", ("stability.stable-image-core-v1:1",))
    assert read(prompt_model="us.amazon.nova-lite-v1:0").bedrock_ids[-1] == "amazon.nova-lite-v1:0"


def test_only_no_switches_cloudfront_off():
    assert read().cloudfront and read(cloudfront="yes").cloudfront
    assert not read(cloudfront="no").cloudfront
    with pytest.raises(ValueError, match="cloudfront must be yes with api_url, got 'no'"):
        read(cloudfront="no", api_url="https://abc123.execute-api.us-west-2.amazonaws.com/api/")


@pytest.mark.parametrize("end", ["/api", "/api/"])
def test_reads_the_domain_of_an_existing_api(end):
    url = f"https://abc123.execute-api.us-west-2.amazonaws.com{end}"
    assert read(api_url=url).api_domain == "abc123.execute-api.us-west-2.amazonaws.com"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("daily_budget_usd", "-1", "must be dollars from 0 to 99999.99, got '-1'"),
        ("daily_budget_usd", "100000", "must be dollars from 0 to 99999.99, got '100000'"),
        ("daily_budget_usd", "2,50", "must be dollars from 0 to 99999.99, got '2,50'"),
        ("daily_budget_usd", "0.001", "must be dollars from 0 to 99999.99, got '0.001'"),
        ("daily_budget_usd", "٢", "must be dollars from 0 to 99999.99, got '٢'"),
        (
            "access_code",
            "short",
            "must be 12 to 128 letters, digits and . _ ~ -, got a different text",
        ),
        ("access_code", "pass word 12", "got a different text"),
        ("access_code", "schlüssel", "got a different text"),
        ("bedrock_region", "Oregon", "must be an AWS region such as us-west-2, got 'Oregon'"),
        ("alarm_email", "me", "must be an email address, got 'me'"),
        ("api_url", "http://example.com/api/", "must be the https://.../api/ address"),
        ("api_url", "https://example.com/dev/", "got 'https://example.com/dev/'"),
        ("cloudfront", "off", "must be yes or no, got 'off'"),
        ("prompt_model", "off", "must be no or one of us.amazon.nova-micro-v1:0, us.amazon.no"),
        ("models", "nonsense", "got 'nonsense'"),
        ("models", "stable-diffusion-xl", "got 'stable-diffusion-xl'"),
    ],
)
def test_rejects_an_invalid_option(name, text, message):
    with pytest.raises(ValueError, match=re.escape(message)) as rejected:
        read(**{name: text})
    assert str(rejected.value).startswith((name, name.upper()))


@pytest.mark.parametrize(
    "code",
    [
        *("password1234", "aaaaaaaaaaaa", "123456789012", "qwertyuiop12", "secretsecret"),
        *("correct-horse", "letmein-please", "abcabcabcabcabcabcabc", "1q2w3e4r5t6y"),
    ],
)
def test_rejects_an_access_code_that_is_easy_to_guess(code):
    message = r"^access_code must take at least 10,000,000,000 guesses, got a code that takes about"
    with pytest.raises(ValueError, match=message) as rejected:
        read(access_code=code)
    assert str(rejected.value).endswith("; `make access-code` generates one")
    assert code not in str(rejected.value)


def test_the_generated_hash_accepts_the_generated_code(capsys):
    codes = set()
    for _ in range(20):
        access_code.main()
        output = capsys.readouterr().out
        code = re.search(r"Access code  (\S+)", output)[1]
        sha256 = re.search(r"SHA-256 +(\S+)", output)[1]
        access.check(f"Bearer {code}", sha256)
        assert read(access_code=code).access_code_sha256 == sha256
        codes.add(code)
    assert len(codes) == 20
