"""`python -m local`: runs the website, `chalice local` and the local Bedrock in one terminal.

PORT              port of the website (default 8080; the next free port if it is taken)
BEDROCK           "aws" generates images with Amazon Bedrock, using your own AWS credentials
DAILY_BUDGET_USD  with BEDROCK=aws, the most that this run may spend in a day (default 2.00)
PAINTER           URL of a server with AUTOMATIC1111's API, which replaces the local painter
"""

import logging
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from urllib.request import getproxies

from local.api import SECRET_HEADER
from local.automatic1111 import TIMEOUT_SECONDS, Automatic1111, without_password
from local.bedrock import Bedrock
from local.dynamodb import DynamoDB
from local.painter import paint
from local.s3 import S3
from local.website import Website

ROOT = Path(__file__).parent.parent

RESULTS_BUCKET = "easel-results"

READY = """
  Easel is ready:  {address}

  or without a browser:
  curl -H 'Content-Type: text/plain' -d 'a fox in the snow' {address}api/ | base64 -d > fox.jpg

  {source}
  Ctrl-C ends it.
"""


def main() -> None:
    parent = os.getppid()
    logging.basicConfig(format="%(asctime)s  %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
    api_port = free_port()
    results = S3(0, RESULTS_BUCKET)
    Thread(target=results.serve_forever, daemon=True).start()
    secret = secrets.token_urlsafe()
    api_headers = {SECRET_HEADER: secret}
    website = open_website(lambda port: Website(port, api_port, results.objects, api_headers))
    stage, environment, source = choose_bedrock()
    configure(website)
    api = start_api(api_port, stage, environment | results_environment(results.url), secret)
    try:
        if wait_until_listening(api, api_port):
            Thread(target=website.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{website.server_port}/"
            print(READY.format(address=address, source=source), flush=True)
        sys.exit(wait_for_exit(api, parent))
    except KeyboardInterrupt:
        print("\nEasel has stopped.")
    finally:
        api.kill()
        api.wait()


def open_website(create: Callable[[int], Website]) -> Website:
    """The website that `create` returns for PORT, or for the next free port."""
    text = os.environ.get("PORT") or "8080"
    if not text.isdecimal() or int(text) > 65_535:
        sys.exit(f"PORT must be a number from 0 to 65535, got {text!r}")
    ports = range(int(text), min(int(text) + 100, 65_536))
    for port in ports:
        try:
            website = create(port)
        except OSError:
            print(f"Port {port} is taken; trying the next one.", flush=True)
        else:
            return website
    sys.exit(f"No port from {ports[0]} to {ports[-1]} is free; choose another one with PORT=.")


def choose_bedrock() -> tuple[str, dict[str, str], str]:
    """Chalice's stage, the API's environment, and a sentence that says where pictures come from.

    Starts the local Bedrock unless BEDROCK is "aws".
    """
    bedrock, painter = os.environ.get("BEDROCK", ""), os.environ.get("PAINTER", "")
    check_settings(bedrock, painter)
    if bedrock:
        check_account()
        budget = os.environ.get("DAILY_BUDGET_USD") or "2.00"
        source = (
            "Pictures come from Amazon Bedrock, with your AWS credentials. Each one costs money:\n"
            f"  at most ${budget} a day in this run; DAILY_BUDGET_USD= changes that."
        )
        return "aws", dict(os.environ) | budget_environment(budget), source
    server = Bedrock(0, Automatic1111(painter).paint if painter else paint)
    Thread(target=server.serve_forever, daemon=True).start()
    name = without_password(painter) or "the local painter"
    source = f"Pictures come from {name}: no AWS account, no cost."
    return "local", local_environment(server.url), source


def configure(website: Website) -> None:
    """Other sites must not spend money, and a painter's own server may take its time."""
    website.is_private = bool(os.environ.get("BEDROCK"))
    if os.environ.get("PAINTER"):
        website.gateway_timeout_seconds = TIMEOUT_SECONDS + 10


def budget_environment(daily_usd: str) -> dict[str, str]:
    """A budget as the deployed site has it, in a table of this process."""
    from boto3 import Session  # a fifth of a second that the local Bedrock saves

    tables = DynamoDB()
    Thread(target=tables.serve_forever, daemon=True).start()
    region = Session().region_name or "us-west-2"  # DynamoDB's client needs any
    return {
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL_DYNAMODB": tables.url,
        "BUDGET_TABLE": "easel-budget",
        "DAILY_BUDGET_USD": daily_usd,
    }


def check_settings(bedrock: str, painter: str) -> None:
    if bedrock not in ("", "aws"):
        sys.exit(f"BEDROCK must be aws or empty, got {bedrock!r}")
    if painter and not painter.startswith(("http://", "https://")):
        sys.exit(f"PAINTER must be a URL that starts with http:// or https://, got {painter!r}")
    if bedrock and painter:
        sys.exit("BEDROCK and PAINTER must not both be set: each one says where pictures come from")


def check_account() -> None:
    """Exits with the next step if the API could not start with the caller's AWS settings."""
    from infra import account  # imports boto3: a fifth of a second that the local Bedrock saves

    logging.getLogger("botocore").setLevel(logging.ERROR)  # it warns with a traceback
    for finding in account.check_local_account():
        if finding.status == account.FAILED:
            sys.exit(str(finding))


def local_environment(endpoint: str) -> dict[str, str]:
    """The caller's environment with the local Bedrock as the endpoint.

    Leaves out everything that could send boto3 elsewhere: a profile, a proxy, and an API key,
    which boto3 never sends over plain HTTP.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": endpoint,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def results_environment(endpoint: str) -> dict[str, str]:
    """Answers are kept in the local S3, those of Amazon Bedrock too."""
    no_proxy = ",".join(filter(None, [getproxies().get("no"), "127.0.0.1"]))
    return {
        "AWS_ENDPOINT_URL_S3": endpoint,
        "RESULTS_BUCKET": RESULTS_BUCKET,
        "MODEL_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }


def start_api(
    port: int, stage: str, environment: dict[str, str], secret: str
) -> "subprocess.Popen[bytes]":
    """`chalice local` in a process of its own, for requests with the secret."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "local.api", "local"),
            *("--no-autoreload", "--stage", stage, "--port", str(port)),
        ],
        cwd=ROOT,
        env=environment | {"EASEL_SECRET": secret},
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C must reach this process only
    )


def wait_until_listening(api: "subprocess.Popen[bytes]", port: int) -> bool:
    """True once the API accepts connections; False if it exits first."""
    while api.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False


def wait_for_exit(api: "subprocess.Popen[bytes]", parent: int) -> str:
    """Wait until the API or the parent `make` exits; return a sentence with the reason."""
    while api.poll() is None:
        if "MAKELEVEL" in os.environ and os.getppid() != parent:
            return "`make` has exited, so Easel stops too."
        time.sleep(0.2)
    return f"`chalice local` exited with status {api.returncode}, so Easel stops; see its output."


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
