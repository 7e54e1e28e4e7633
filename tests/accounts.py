"""The AWS services about an account that moto lacks: Free Tier, Service Quotas and Sign-In."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SERVICES = ("FREETIER", "SERVICE_QUOTAS", "SIGNIN")
QUOTA = "On-demand model inference requests per minute for Stability.ai {}"
TITLES = ("Stable Image Core", "Stable Diffusion 3.5 Large", "Stable Image Ultra")


class Account(ThreadingHTTPServer):
    """A Paid account with AWS's default quotas. `answers`: by operation, a status and a body."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Connection)
        self.reset()

    def reset(self):
        self.answers = {
            "GetAccountPlanState": (200, plan("PAID")),
            "ListServiceQuotas": (200, quotas({QUOTA.format(each): 10.0 for each in TITLES})),
            "token": (401, {"error": "TOKEN_EXPIRED", "message": "expired"}),
        }

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Connection(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        target = self.headers.get("X-Amz-Target", self.path)
        status, body = self.server.answers[target.replace("/", ".").rpartition(".")[2]]
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("X-Amzn-ErrorType", body.get("__type", "AccessDeniedException"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def plan(type):
    return {"accountId": "123456789012", "accountPlanType": type, "accountPlanStatus": "ACTIVE"}


def quotas(values):
    return {"Quotas": [{"QuotaName": name, "Value": value} for name, value in values.items()]}
