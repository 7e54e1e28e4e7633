"""What the owner may choose, and what `make access-code` makes up."""

import hashlib
import re

import pytest

from chalicelib import access, catalogue
from infra import access_code, options


def read(**given):
    return options.read(given.get)


def test_without_a_word_it_is_two_dollars_a_day_open_and_what_is_alive():
    usual = read()
    assert (usual.daily_budget_usd, usual.access_code_sha256) == (2.0, "")
    assert (usual.models, usual.bedrock_region) == (catalogue.DEFAULT_MODELS, "us-west-2")
    assert (usual.endpoints, usual.alarm_email, usual.api_domain) == ((), "", "")
    assert read(**dict.fromkeys(options.NAMES, "")) == usual


@pytest.mark.parametrize("text", ["0", "2", "0.04", "99999.99"])
def test_a_budget_is_dollars_and_cents(text):
    assert read(daily_budget_usd=text).daily_budget_usd == float(text)


def test_of_the_code_only_the_hash_is_kept():
    chosen = read(access_code="correct-horse")
    assert chosen.access_code_sha256 == hashlib.sha256(b"correct-horse").hexdigest()
    assert "correct-horse" not in repr(chosen)


def test_an_endpoint_of_ones_own_is_known_by_its_arn():
    arn = "arn:aws:sagemaker:us-west-2:123456789012:endpoint/xl"
    assert read(models=f"stable-image-core,stable-diffusion-xl={arn}").endpoints == (arn,)


@pytest.mark.parametrize("end", ["/api", "/api/"])
def test_the_website_alone_knows_its_apis_domain(end):
    url = f"https://abc123.execute-api.us-west-2.amazonaws.com{end}"
    assert read(api_url=url).api_domain == "abc123.execute-api.us-west-2.amazonaws.com"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("daily_budget_usd", "-1", "must be dollars from 0 to 99999.99, got '-1'"),
        ("daily_budget_usd", "100000", "must be dollars from 0 to 99999.99, got '100000'"),
        ("daily_budget_usd", "2,50", "must be dollars from 0 to 99999.99, got '2,50'"),
        ("daily_budget_usd", "0.001", "must be dollars from 0 to 99999.99, got '0.001'"),
        ("daily_budget_usd", "٢", "must be dollars from 0 to 99999.99, got '٢'"),
        ("access_code", "short", "must be 8 to 128 letters, digits and . _ ~ -, got another text"),
        ("access_code", "pass word 1", "got another text"),
        ("access_code", "schlüssel", "got another text"),
        ("bedrock_region", "Oregon", "must be an AWS region, got 'Oregon'"),
        ("alarm_email", "me", "must be an e-mail address, got 'me'"),
        ("api_url", "http://example.com/api/", "must be https://.../api/, as `chalice url` prints"),
        ("api_url", "https://example.com/dev/", "got 'https://example.com/dev/'"),
        ("models", "nonsense", "got 'nonsense'"),
        ("models", "stable-diffusion-xl", "got 'stable-diffusion-xl'"),
    ],
)
def test_what_is_not_allowed_is_told_in_one_sentence(name, text, words):
    with pytest.raises(ValueError, match=re.escape(words)) as refused:
        read(**{name: text})
    assert str(refused.value).startswith((name, name.upper()))


def test_a_code_that_is_made_up_opens_the_api_by_its_hash(capsys):
    codes = set()
    for _ in range(20):
        access_code.main()
        said = capsys.readouterr().out
        code = re.search(r"Access code  (\S+)", said)[1]
        sha256 = re.search(r"SHA-256  (\S+)", said)[1]
        access.check(f"Bearer {code}", sha256)
        assert read(access_code=code).access_code_sha256 == sha256
        codes.add(code)
    assert len(codes) == 20
