"""Results kept in the local S3 or in moto's: fixtures for every test of keys and answers."""

import contextlib
from datetime import UTC, datetime

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError
from chalice.test import Client

import app as easel
from chalicelib import results
from chalicelib.budget import Budget
from conftest import budget_table, serving
from local.s3 import S3

BUCKET = "easel-results"
KEY = {"Idempotency-Key": "a-key"}
IMAGES = "/v1/images/generations"


class Bucket:
    """An S3 client that counts its calls and can fail: `down`, the calls that S3 refuses; `lost`,
    those that it serves and whose answers never arrive."""

    def __init__(self, client):
        self.client, self.calls, self.down, self.lost = client, [], (), ()

    def __getattr__(self, name):
        def call(**parameters):
            self.calls.append(name)
            if name in self.down:
                raise ClientError({"Error": {"Code": "ServiceUnavailable"}}, name)
            answer = getattr(self.client, name)(**parameters)
            if name in self.lost:
                raise ReadTimeoutError(endpoint_url="S3")
            return answer

        return call


@contextlib.contextmanager
def moto_bucket(moto):
    client = boto3.client("s3", "us-west-2", endpoint_url=moto)
    place = {"LocationConstraint": "us-west-2"}
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
    yield client
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for each in page.get("Contents", []):
            client.delete_object(Bucket=BUCKET, Key=each["Key"])
    client.delete_bucket(Bucket=BUCKET)
    client.close()


@contextlib.contextmanager
def local_bucket():
    with serving(S3(0, BUCKET)) as server:
        once = Config(retries={"total_max_attempts": 1}, max_pool_connections=50)
        client = boto3.client("s3", "us-west-2", endpoint_url=server.url, config=once)
        client.objects = server.objects
        yield client
        client.close()


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def bucket(monkeypatch):
    """Results are on, in the local S3."""
    with local_bucket() as client:
        yield use(monkeypatch, client)


@pytest.fixture(params=["local", "moto"])
def each_bucket(request, monkeypatch):
    """Results are on, in the local S3 and then in moto's."""
    moto = request.param == "moto" and request.getfixturevalue("moto")
    with moto_bucket(moto) if moto else local_bucket() as client:
        yield use(monkeypatch, client)


def use(monkeypatch, client):
    bucket = Bucket(client)
    bucket.clock = Clock()
    kept = results.Results(lambda: bucket, BUCKET, easel.MAX_RESPONSE_BYTES, bucket.clock)
    monkeypatch.setattr(easel, "kept", kept)
    return bucket


@pytest.fixture
def budget(moto, monkeypatch):
    """A budget of 20 images of the default model; `spent()` is how many are spent today."""
    with budget_table(moto, "results") as client:
        clock = Clock()
        clock.now = datetime(2026, 11, 27, 23, 59, tzinfo=UTC)
        budget = Budget(client, "results", 0.80, clock)
        monkeypatch.setattr(easel, "daily_budget", budget)
        yield clock


def spent():
    return round(easel.daily_budget.describe()["spent_usd"] / 0.04)


def ask(path, **headers):
    with Client(easel.app, stage_name="aws") as client:
        return client.http.get(path, headers=headers)
