"""The local Bedrock's Converse: AWS's checks, usage and errors; its dictionary."""

import pytest
from botocore.exceptions import ClientError

from conftest import bedrock_client
from local.dictionary import translate

MICRO = "us.amazon.nova-micro-v1:0"
WORDS = [{"role": "user", "content": [{"text": "ein Fuchs im Schnee"}]}]
COOL = {"temperature": 0}


def said(answer):
    return answer["output"]["message"]["content"][0]["text"]


def test_answers_with_the_words_and_counts_tokens(local_bedrock):
    system = [{"text": "x" * 40}]
    settings = COOL | {"maxTokens": 100}
    answer = local_bedrock.client.converse(
        modelId=MICRO, system=system, messages=WORDS, inferenceConfig=settings
    )
    assert (said(answer), answer["stopReason"]) == ("a fox in the snow", "end_turn")
    assert answer["usage"] == {"inputTokens": 15, "outputTokens": 5, "totalTokens": 20}


def test_cuts_an_answer_at_its_limit_of_tokens(local_bedrock):
    limited = COOL | {"maxTokens": 1}
    answer = local_bedrock.client.converse(modelId=MICRO, messages=WORDS, inferenceConfig=limited)
    assert (said(answer), answer["stopReason"]) == ("a fo", "max_tokens")
    assert answer["usage"]["outputTokens"] == 1


@pytest.mark.parametrize(
    ("changes", "region", "message"),
    [
        ({"modelId": "amazon.nova-micro-v1:0"}, "us-west-2", "on-demand throughput isn"),
        ({"modelId": "us.mistral.ministral-3-3b-instruct"}, "us-west-2", "identifier is invalid"),
        ({"modelId": "nonsense"}, "us-west-2", "identifier is invalid"),
        ({}, "eu-west-1", "identifier is invalid"),
        ({"messages": []}, "us-west-2", "'messages' failed to satisfy constraint"),
        ({"messages": [{"role": "user", "content": [{"text": " "}]}]}, "us-west-2", "is blank"),
        (
            {"messages": [{**WORDS[0], "role": "assistant"}]},
            "us-west-2",
            "must start with a user message",
        ),
        ({"inferenceConfig": {"temperature": 2}}, "us-west-2", "'inferenceConfig.temperature'"),
        ({"inferenceConfig": {"maxTokens": 9_999}}, "us-west-2", "exceeds the model limit of 5000"),
    ],
)
def test_rejects_what_aws_rejects(changes, region, message, local_bedrock):
    client = bedrock_client(local_bedrock.url, region)
    client.meta.config.parameter_validation = False
    with pytest.raises(ClientError, match=message) as raised:
        client.converse(**({"modelId": MICRO, "messages": WORDS} | changes))
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    client.close()


def test_names_the_profile_that_a_call_may_not_use(local_bedrock):
    denied = [{"role": "user", "content": [{"text": "!denied"}]}]
    with pytest.raises(ClientError, match=r"inference-profile/us\.amazon\.nova-micro-v1:0 because"):
        local_bedrock.client.converse(modelId=MICRO, messages=denied)


def test_a_filter_leaves_no_words(local_bedrock):
    filtered = [{"role": "user", "content": [{"text": "!filtered ein Fuchs"}]}]
    answer = local_bedrock.client.converse(modelId=MICRO, messages=filtered)
    assert answer["stopReason"] == "content_filtered" and "fox" not in said(answer)


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("Ein Leuchtturm am Meer bei Nacht", "a lighthouse at the sea at night"),
        ("die alte Burg auf dem Berg", "the old castle on the mountain"),
        ("Ein Wald im Nebel, Aquarell", "a forest in the fog, watercolor"),
        ("un faro junto al mar de noche", "a lighthouse by the sea at night"),
        ("un castillo blanco en la montaña", "a white castle in the mountain"),
        ("月の下の海の上の船", "ship on the sea under the moon"),
        ("夕焼けの海に浮かぶ白い船", "white ship on the sunset sea"),
        ("ein Fuchs mit Zylinder", "a fox with Zylinder"),
        ("ein orange Ballon", "an orange balloon"),
        ("a cat in a red house", "a cat in a red house"),
        ("лиса в снегу", "лиса в снегу"),
        ("🦊", "🦊"),
        ("", ""),
    ],
)
def test_translates_the_words_it_knows(text, english):
    assert translate(text) == english
