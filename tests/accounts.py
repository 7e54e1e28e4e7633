"""What moto lacks of an account: Free Tier, Service Quotas, Sign-In, and IAM's simulation."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

SERVICES = ("FREETIER", "SERVICE_QUOTAS", "SIGNIN")
QUOTA = "On-demand model inference requests per minute for Stability.ai {}"
ALLOWED = "<member><EvalActionName>{}</EvalActionName><EvalDecision>allowed</EvalDecision></member>"
SIMULATION = (
    "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults>{}"
    "</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
)
TITLES = ("Stable Image Core", "Stable Diffusion 3.5 Large", "Stable Image Ultra")


class Account(ThreadingHTTPServer):
    """A Paid account with AWS's default quotas and every permission.

    `answers`: a status and a body for each operation.
    """

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
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if form.get("Action") == ["SimulatePrincipalPolicy"]:
            actions = [form[name][0] for name in form if name.startswith("ActionNames.")]
            self.send(200, {}, SIMULATION.format("".join(map(ALLOWED.format, actions))))
            return
        target = self.headers.get("X-Amz-Target", self.path)
        status, body = self.server.answers[target.replace("/", ".").rpartition(".")[2]]
        self.send(status, body, json.dumps(body))

    def send(self, status, body, text):
        content = text.encode()
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
