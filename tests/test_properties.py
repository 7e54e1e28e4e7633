"""Properties of any request and any response of Bedrock; `make fuzz` runs them at length."""

import base64
import binascii
import copy
import io
import json
import operator
import re

import pytest
from chalice.local import LambdaContext
from hypothesis import event, given
from hypothesis import strategies as st

import app as easel
from chalicelib import bedrock, catalogue, errors
from chalicelib.parameters import WHITE_SPACE, Choice, Image, Text
from conftest import EVERY_MODEL, picture, thorough
from local import models

pytestmark = pytest.mark.slow

OFFER = catalogue.parse(EVERY_MODEL)
CORE, *_, XL = OFFER.models
PARAMETERS = [each for model in OFFER.models for each in model.parameters]
PAINTERS = [
    model
    for model in OFFER.models
    if not any(isinstance(each, Image) and each.required for each in model.parameters)
]
MODELS = [each.name for each in OFFER.models]
NAMES = sorted({each.name for each in PARAMETERS} - {"prompt"})

JPEG, PNG, WEBP = picture("JPEG"), picture("PNG"), picture("WEBP")
ARTIFACT = {"seed": 7, "base64": PNG, "finishReason": "SUCCESS"}
# A response in both formats at once: Stability's current one and SDXL's.
ANSWER = {"finish_reasons": [None], "images": [JPEG], "artifacts": [ARTIFACT]}
GOOD = json.dumps(ANSWER).encode()

typed_text = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1)
# Adds what st.text rarely draws, half a surrogate pair above all.
text = st.text(st.characters(exclude_categories=()))
any_text = st.tuples(text, st.sampled_from(["", "\ud83d", "\u200d", "\n", "%"]), text).map("".join)


class Bedrock:
    """Bedrock's client, with one response to every call; `bodies` are the requests it got."""

    def __init__(self, answer: bytes):
        self.answer, self.bodies = answer, []

    def invoke_model(self, *, modelId, body, contentType, accept):
        self.bodies.append(body)
        return {"body": io.BytesIO(self.answer)}


def ask(bedrock, body, base64_encoded=False, query=None, headers=None, path="/"):
    """The API's response to API Gateway's event of a POST."""
    request = {
        "requestContext": {"httpMethod": "POST", "resourcePath": path, "identity": {}},
        "multiValueQueryStringParameters": query, "pathParameters": {}, "stageVariables": {},
        "headers": headers, "body": body, "isBase64Encoded": base64_encoded,
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(easel, "offered", OFFER)
        patch.setattr(easel, "bedrock_client", bedrock)
        answer = easel.app(request, LambdaContext("easel", 1024))
    json.dumps(answer, ensure_ascii=False, allow_nan=False).encode()  # as Lambda sends it
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
    event(str(answer["statusCode"]))  # shown by pytest --hypothesis-show-statistics
    return answer


def code(answer):
    """The code of an error of the API."""
    error = json.loads(answer["body"])
    assert set(error) == {"Code", "Message"} and error["Message"]
    return error["Code"]


def mostly(usual, other):
    """`usual` three times out of four."""
    return st.integers(0, 3).flatmap(lambda number: other if number == 3 else usual)


def around(parameter):
    """Texts within a parameter's range, at its bounds and beyond."""
    if isinstance(parameter, Text):
        ends = st.sampled_from([parameter.max_length, parameter.max_length + 1])
        long = st.builds(operator.mul, st.sampled_from("x船👩"), ends)
        return mostly(typed_text, any_text | long)
    if isinstance(parameter, Choice):
        return mostly(st.sampled_from(["", *parameter.choices]), any_text)
    if isinstance(parameter, Image):
        return any_text  # an image comes in a form
    low, high = int(parameter.minimum), int(parameter.maximum)
    near = st.sampled_from([low - 1, low, low + 1, high - 1, high, high + 1])
    numbers = (st.integers(low, high) | st.floats(low - 1, high + 1)).map(repr)
    return mostly(near.map(str), numbers | st.sampled_from(["", "-0", "1e3", "٢٠", "9" * 5000]))


def setting(name):
    """A name in the query with its values: one text, or rarely several."""
    texts = st.one_of([around(each) for each in PARAMETERS if each.name == name] or [model_names])
    one, more = (st.lists(texts, min_size=1, max_size=most) for most in (1, 3))
    return st.tuples(st.just(name), mostly(one, more))


known = st.lists(st.sampled_from(["model", *NAMES]).flatmap(setting), max_size=3).map(dict)
model_names = st.sampled_from(["", *MODELS, *MODELS, *catalogue.RETIRED]) | any_text
odd_names = any_text | st.sampled_from(["prompt", "Seed", "seed ", "%73eed", "seed%", "seed[]", ""])
odd_values = st.lists(any_text | st.sampled_from(["%", "%ff%zz", "+"]), min_size=1, max_size=2)
odd = st.builds(operator.or_, known, st.dictionaries(odd_names, odd_values, max_size=2))
queries = mostly(known, odd | st.none())

types = st.sampled_from(["TEXT/plain; charset=utf-8", "application/json", "*/*", ""]) | any_text
others = st.dictionaries(any_text | st.sampled_from(["Accept", "Authorization"]), types, max_size=3)
typed = st.fixed_dictionaries({"Content-Type": mostly(st.just("text/plain"), types)})
headers = mostly(st.builds(operator.or_, others, typed), others | st.none())

# Text as from API Gateway, bytes as from `chalice local`, and base64, valid or not.
content = mostly(typed_text.map(str.encode), st.binary())
raw = mostly(typed_text, content | any_text | st.none())
encoded = mostly(content.map(base64.b64encode).map(bytes.decode), any_text | st.none())
bodies = st.tuples(raw, st.just(False)) | st.tuples(encoded, st.just(True))


@thorough
@given(body=bodies, query=queries, headers=headers)
def test_any_request_gets_an_image_or_an_error(body, query, headers):
    bedrock = Bedrock(GOOD)
    answer = ask(bedrock, *body, query, headers)
    if answer["statusCode"] == 200:
        assert answer["body"] in (JPEG, PNG) and len(bedrock.bodies) == 1
        assert all(len(values) == 1 for values in (query or {}).values())
    else:
        assert answer["statusCode"] in (400, 404, 410, 415) and code(answer)
        assert bedrock.bodies == []


leaves = st.none() | st.booleans() | st.integers() | st.floats() | any_text
any_json = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(any_text, inner), max_leaves=10
)
REASONS = ["Filter reason: prompt", "Filter reason: output image", "CONTENT_FILTERED", "ERROR"]
FILES = [JPEG, WEBP, JPEG[:-1], JPEG[:15], f"{PNG}\n", f" {PNG}", f"{PNG}=", "R0lGODlh", "/9j/"]
STARTS = rb"(?s)(?P<jpeg>\xff\xd8\xff)|(?P<png>\x89PNG\r\n\x1a\n)|(?P<webp>RIFF....WEBP)"
FAILURES = [(422, "ContentFiltered"), (502, "ModelFailed")]
reasons, files = st.sampled_from([None, "SUCCESS", *REASONS]), st.sampled_from(FILES)
replacements = reasons | files | st.lists(reasons | files, max_size=2) | any_json


@st.composite
def damaged(draw):
    """A valid response with up to three of its parts replaced or removed."""
    answer = copy.deepcopy(ANSWER)
    for _ in range(draw(st.integers(0, 3))):
        holder, part = draw(st.sampled_from(parts(answer) or [({0: answer}, 0)]))
        holder[part] = draw(replacements)
        if draw(st.booleans()):
            del holder[part]
    return answer


def parts(value):
    """Every place in a JSON value, as its container and its key or index there."""
    if not isinstance(value, dict | list):
        return []
    keys = list(value) if isinstance(value, dict) else range(len(value))
    return [(value, key) for key in keys] + [each for key in keys for each in parts(value[key])]


artifacts = reasons.map(lambda reason: [ARTIFACT | {"finishReason": reason}])
withheld = st.builds(dict, st.just(ANSWER), finish_reasons=st.tuples(reasons), artifacts=artifacts)
answers = mostly(damaged(), any_json | withheld)
cut_short = st.integers(0, len(GOOD) - 1).map(lambda length: GOOD[:length]) | st.binary()
contents = mostly(answers.map(json.dumps).map(str.encode), cut_short)


@thorough
@given(model=st.sampled_from([CORE, XL]), content=contents)
def test_any_bedrock_response_is_an_image_or_an_error(model, content):
    bedrock = Bedrock(content)
    query, headers = {"model": [model.name]}, {"Content-Type": "text/plain"}
    answer = ask(bedrock, "a ship", query=query, headers=headers)
    assert len(bedrock.bodies) == 1
    if answer["statusCode"] == 200:
        assert answer["body"] == unfiltered(model, json.loads(content))
        assert answer["headers"]["X-Image-Type"] == file_type(answer["body"])
    else:
        assert (answer["statusCode"], code(answer)) in FAILURES


def unfiltered(model, answer):
    """The one image that may be returned; None if the model gave a finish reason."""
    if model is XL:
        artifact = answer["artifacts"][0]
        return artifact["base64"] if artifact["finishReason"] == "SUCCESS" else None
    said = answer.get("finish_reasons") or [None]
    return answer["images"][0] if isinstance(said, list) and said[0] is None else None


def file_type(image):
    content = binascii.a2b_base64(image, strict_mode=True)  # raises if it is not base64
    return f"image/{re.match(STARTS, content).lastgroup}"


@st.composite
def model_queries(draw):
    """A model that needs no image, and a query with a prompt and some of its parameters."""
    model = draw(st.sampled_from([*PAINTERS, XL, XL]))  # the one with most settings
    prompt, *others = [each for each in model.parameters if not isinstance(each, Image)]
    some = draw(st.lists(st.sampled_from(others), max_size=3, unique=True))
    return model, {each.name: draw(around(each)) for each in [prompt, *some]}


@thorough
@given(model_query=model_queries())
def test_bedrock_accepts_what_the_api_accepts(model_query):
    model, query = model_query
    try:
        values = model.read(query)
    except errors.InvalidParameter:
        return event("refused")
    client = Bedrock(GOOD)
    bedrock.send(client, model.bedrock_id, model.body(values))
    theirs = models.find(model.bedrock_id, "us-west-2")
    body = models.parse(client.bodies[0].encode())
    models.check(body, theirs)
    painting = models.painting(body, theirs)
    prompt = query["prompt"].translate(WHITE_SPACE)
    assert (painting["prompt"], painting["seed"]) == (prompt, values["seed"])
    json.dumps(body, ensure_ascii=False).encode()  # fails for half a surrogate pair in an escape


IMAGES = "/v1/images/generations"
values = st.sampled_from(
    ["auto", "1024x1024", "1536x1024", "b64_json", "jpeg", "16:9", "gpt-image-2"]
)
numbers = st.integers(-1, 6) | st.floats() | st.integers()
theirs = st.sampled_from(["n", "size", "response_format", "quality", "stream", "background"])
ours = st.sampled_from(["model", *NAMES]) | any_text
fields = st.dictionaries(theirs | ours, mostly(values | numbers | st.none(), any_json), max_size=4)
prompts = st.fixed_dictionaries({"prompt": mostly(typed_text, any_json)})
requests = mostly(st.builds(operator.or_, fields, prompts), any_json).map(json.dumps)
json_type = {"Content-Type": "application/json"}


@thorough
@given(body=mostly(requests, any_text))
def test_any_openai_request_gets_images_or_an_error(body):
    bedrock = Bedrock(GOOD)
    answer = ask(bedrock, body, headers=json_type, path=IMAGES)
    said = json.loads(answer["body"])
    if answer["statusCode"] == 200:
        assert len(said["data"]) == len(bedrock.bodies) == (json.loads(body).get("n") or 1)
        assert all(each["b64_json"] in (JPEG, PNG) for each in said["data"])
    else:
        assert answer["statusCode"] in (400, 404, 410) and bedrock.bodies == []
        assert set(said["error"]) == {"message", "type", "param", "code"}
        assert said["error"]["message"] and answer["headers"]["x-should-retry"] == "false"
