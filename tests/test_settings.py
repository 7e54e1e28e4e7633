"""The variables of the API: money and models are read strictly, or there is no start."""

import os
import subprocess
import sys

import pytest

from chalicelib import budget, catalogue
from conftest import ROOT
from infra import options

ODD = ["1_0", "٢", "\uff12", "1e1", " 2", "2 ", "2\n", "nan", "inf", "-1", "+1", "2,50", "0.001"]
ODD += ["100000", "2.", ".5", "0x2"]
ENDPOINT = "arn:aws:sagemaker:us-west-2:123456789012:endpoint/xl"


@pytest.mark.parametrize("text", ODD)
def test_the_api_and_the_deployment_refuse_the_same_dollars(text):
    with pytest.raises(ValueError, match=r"^DAILY_BUDGET_USD must be dollars from 0 to 99999\.99"):
        budget.parse_daily_usd(text, "table")
    with pytest.raises(ValueError, match=r"^daily_budget_usd must be dollars from 0 to 99999\.99"):
        options.read({"daily_budget_usd": text}.get)


@pytest.mark.parametrize("text", ["0", "2", "2.5", "0.04", "99999.99"])
def test_the_api_and_the_deployment_read_the_same_dollars(text):
    assert budget.parse_daily_usd(text, "table") == float(text)
    assert options.read({"daily_budget_usd": text}.get).daily_budget_usd == float(text)


def test_a_budget_without_a_table_stops_the_start():
    environment = {name: value for name, value in os.environ.items() if name != "BUDGET_TABLE"}
    started = subprocess.run(
        [sys.executable, "-c", "import app"], cwd=ROOT, capture_output=True, text=True,
        env=environment | {"DAILY_BUDGET_USD": "5.00"},
    )  # fmt: skip
    assert started.returncode == 1
    last = started.stderr.splitlines()[-1]
    assert last.startswith("ValueError: BUDGET_TABLE must be set where DAILY_BUDGET_USD is, got ")


def test_without_budget_settings_there_is_no_budget():
    assert budget.parse_daily_usd(None, "") == 2.00


@pytest.mark.parametrize(
    "text",
    [
        "anything", "1", " ", "", "stability.stable-image-ultra-v1:1", "arn:aws:x",
        "arn:aws:bedrock:us-west-2::foundation-model/stability.stable-image-ultra-v1:1",
        "arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.stability.x-v1:0",
        "arn:aws:sagemaker:us-west-2:123456789012:endpoint/", f"{ENDPOINT}/x", f"{ENDPOINT} x",
        "arn:aws:sagemaker:us-west-2:12345678901:endpoint/xl", f"x{ENDPOINT}", f"{ENDPOINT}\nx",
        "arn:aws:sagemaker:us-west-2:١٢٣٤٥٦٧٨٩٠١٢:endpoint/xl", ENDPOINT.upper(),
    ],
)  # fmt: skip
@pytest.mark.parametrize("model", ["stable-diffusion-xl", "stable-image-core"])
def test_an_own_model_is_an_endpoints_arn(model, text):
    allowed = "stable-diffusion-xl=arn:aws:sagemaker:<region>:<account>:endpoint/<name>, got "
    with pytest.raises(ValueError, match=allowed):
        catalogue.parse(f"stable-image-ultra,{model}={text}")


def test_an_endpoint_is_called_in_the_models_dialect():
    (model,) = catalogue.parse(f"stable-diffusion-xl={ENDPOINT}").models
    assert (model.bedrock_id, model.price_usd) == (ENDPOINT, 0)
