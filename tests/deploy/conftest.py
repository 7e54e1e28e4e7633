"""A simulated AWS, a proxy for its CloudFront, and a copy of the project to deploy."""

import contextlib
import http.client
import os
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import boto3
import jmespath
import pytest
from botocore.config import Config

from conftest import ROOT, Running, serving
from deploy.proxy import Proxy
from environments import python_with
from local.__main__ import free_port

HERE = Path(__file__).parent
REGION = "eu-central-1"  # not Bedrock's region, which the function must choose itself
SECOND_REGION = "us-east-1"
GENERATED = ("__pycache__", "node_modules", "*.out", "deployed", "deployments")
# CDK polls CloudFormation every five seconds; ministack is done at once.
POLL_OFTEN = """
const apply = (wait, self, [callback, ms, ...rest]) =>
  wait(callback, ms === 5000 ? 50 : ms, ...rest)
globalThis.setTimeout = new Proxy(setTimeout, { apply })
"""
LISTINGS = (
    ("apigateway", "get_rest_apis", "items[].name"),
    ("cloudformation", "list_stacks", "StackSummaries[?StackStatus!='DELETE_COMPLETE'].StackName"),
    ("cloudfront", "list_distributions", "DistributionList.Items[].Id"),
    ("cloudfront", "list_origin_access_controls", "OriginAccessControlList.Items[].Name"),
    ("cloudfront", "list_functions", "FunctionList.Items[].Name"),
    ("cloudfront", "list_cache_policies", "CachePolicyList.Items[?Type=='custom'].CachePolicy.Id"),
    (
        "cloudfront",
        "list_response_headers_policies",
        "ResponseHeadersPolicyList.Items[?Type=='custom'].ResponseHeadersPolicy.Id",
    ),
    ("cloudwatch", "describe_alarms", "MetricAlarms[].AlarmName"),
    ("dynamodb", "list_tables", "TableNames"),
    ("iam", "list_roles", "Roles[].RoleName"),
    ("lambda", "list_functions", "Functions[].FunctionName"),
    ("lambda", "list_layers", "Layers[].LayerName"),
    ("logs", "describe_log_groups", "logGroups[].logGroupName"),
    ("s3", "list_buckets", "Buckets[].Name"),
    ("sns", "list_topics", "Topics[].TopicArn"),
)


@pytest.fixture(scope="session")
def aws(local_bedrock, tmp_path_factory):
    """ministack, whose functions call the local Bedrock."""
    python = python_with("ministack", HERE / "requirements.txt")
    folder = tmp_path_factory.mktemp("aws")
    download_wheels(folder)
    with (
        Aws(python, folder, AWS_ENDPOINT_URL_BEDROCK_RUNTIME=local_bedrock.url) as aws,
        serving(Proxy(aws.port, folder)) as aws.proxy,
    ):
        aws.wait_until_ready()
        yield aws


def download_wheels(folder):
    """What Chalice's pip finds later, behind the proxy."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command = [*pip, "--require-hashes", "-r", ROOT / "requirements.txt", "--dest", folder]
    subprocess.run(command, check=True)


class Aws(Running):
    """ministack in its own process, with its state in memory or in the folder."""

    proxy: Proxy

    def __init__(self, python, folder, **environment):
        self.port = free_port()
        self.clients = contextlib.ExitStack()
        settings = {
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "AUTH": "true",  # enforces IAM policies, above all the function's
            "LAMBDA_EXECUTOR": "local",
            "TMPDIR": str(folder),
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }
        self.pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}
        super().__init__(folder / "log", (python, HERE / "aws.py"), **settings | environment)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_):
        self.clients.close()
        super().__exit__()

    def wait_until_ready(self):
        self.wait_for(self.is_ready)

    def is_ready(self):
        assert self.process.poll() is None, self.words()
        with contextlib.suppress(OSError):
            return self.request(f"{self.url}/_ministack/ready").status == 200
        return False

    def client(self, service, region=REGION):
        """A boto3 client of a service."""
        direct = Config(proxies={})
        client = boto3.client(service, config=direct, region_name=region, endpoint_url=self.url)
        return self.clients.enter_context(contextlib.closing(client))

    def run(self, *command, folder, stdin="", **environment):
        """Runs a tool with credentials and a region. Returns its output."""
        defaults = os.environ | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": REGION,
            "NODE_OPTIONS": f"--import=data:text/javascript,{quote(POLL_OFTEN)}",
        }
        process = subprocess.run(
            command,
            cwd=folder, env=defaults | self.proxy.environment | self.pip | environment,
            input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert process.returncode == 0, process.stdout
        return process.stdout

    def request(self, url, body=None, method=None, **headers):
        """Sends a request over HTTP, or over HTTPS to a deployed site."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        message = urllib.request.Request(url, body, headers, method=method)
        handlers = [urllib.request.ProxyHandler({})]
        if url.startswith("https:"):
            proxy = self.proxy.environment["HTTPS_PROXY"]
            context = ssl.create_default_context(cafile=self.proxy.certificate)
            handlers = [
                urllib.request.ProxyHandler({"https": proxy}),
                urllib.request.HTTPSHandler(context=context),
            ]
        try:
            response = urllib.request.build_opener(*handlers).open(message, timeout=60)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return Response(response.status, response.headers, response.read())

    def resources(self):
        """Every resource that a deployment of Easel may leave behind, except CDK's own."""
        return {
            f"{service}: {name}"
            for service, operation, names in LISTINGS
            for region in (REGION, SECOND_REGION)
            for name in self.names(service, operation, names, region)
            if "cdk-hnb659fds" not in name and name != "CDKToolkit"
        }

    def names(self, service, operation, names, region):
        listing = getattr(self.client(service, region), operation)()
        return jmespath.search(names, listing) or ()


class Response(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    content: bytes


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of everything that is deployed, so that the tools write their files there."""
    folder = tmp_path_factory.mktemp("deploy") / "a project"  # the space is deliberate
    for name in (".chalice", "chalicelib", "frontend", "infra"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(*GENERATED))
    for name in ("app.py", "requirements.txt"):
        shutil.copy(ROOT / name, folder)
    (folder / "infra/node_modules").symlink_to(ROOT / "infra/node_modules")
    return folder
