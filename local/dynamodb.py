"""DynamoDB in memory: GetItem and UpdateItem over HTTP, as far as the budget's table needs them.

Written from AWS's pages (docs.aws.amazon.com/amazondynamodb/latest/developerguide/, pages
Expressions.UpdateExpressions and Expressions.OperatorsAndFunctions). An expression outside this
part is a ValidationException.
"""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

Item = dict[str, dict[str, Any]]  # name: {type: value}, such as {"spent": {"N": "40000"}}

CLAUSES = re.compile(r"\b(ADD|SET|REMOVE)\s+(.*?)(?=\s+(?:ADD|SET|REMOVE)\s|$)")
CONDITIONS = re.compile(
    r"attribute_not_exists\((?P<absent>\w+)\)"
    r"|contains\((?P<set>\w+), (?P<member>:\w+)\)"
    r"|(?P<left>\w+) <= (?P<right>:\w+)"
)


class RequestFailed(Exception):
    """An error of DynamoDB: its code, and the item that failed a condition."""

    def __init__(self, code: str, message: str, item: Item | None = None) -> None:
        super().__init__(message)
        self.code, self.item = code, item


class DynamoDB(ThreadingHTTPServer):
    """An AWS account's tables at http://127.0.0.1:<port>; each exists once it is used."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Call)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.items: dict[str, Item] = {}
        self.lock = Lock()  # DynamoDB applies the updates of an item one after the other

    def call(self, action: str, request: dict[str, Any]) -> dict[str, Any]:
        """The response's JSON. Raises: RequestFailed."""
        key = json.dumps([request["TableName"], request["Key"]], sort_keys=True)
        with self.lock:
            item = self.items.get(key, {})
            if action == "GetItem":
                return {"Item": item} if item else {}
            if action != "UpdateItem":
                raise RequestFailed("UnknownOperationException", f"no such action: {action}")
            values = request.get("ExpressionAttributeValues", {})
            if not holds(request.get("ConditionExpression", ""), item, values):
                returns_item = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
                raise RequestFailed(
                    "ConditionalCheckFailedException",
                    "The conditional request failed",
                    item if returns_item else None,
                )
            self.items[key] = update(request["UpdateExpression"], item | request["Key"], values)
        return {}


class Call(BaseHTTPRequestHandler):
    """One client's connection."""

    server: DynamoDB
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        action = self.headers["X-Amz-Target"].rpartition(".")[2]
        try:
            self.answer(200, self.server.call(action, request))
        except RequestFailed as error:
            code = f"com.amazonaws.dynamodb.v20120810#{error.code}"
            content = {"__type": code, "message": str(error)}
            self.answer(400, content | ({"Item": error.item} if error.item else {}))

    def answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Log nothing: the budget is no news."""


def holds(condition: str, item: Item, values: Item) -> bool:
    """Whether the item meets the condition; "" is always met. Raises: RequestFailed."""

    def evaluate(match: re.Match[str]) -> str:
        if name := match["absent"]:
            return str(name not in item)
        if name := match["set"]:
            return str(values[match["member"]]["S"] in item.get(name, {}).get("SS", []))
        left = item.get(match["left"])
        return str(left is not None and number(left) <= number(values[match["right"]]))

    text = CONDITIONS.sub(evaluate, condition)
    while (simpler := simplify(text)) != text:
        text = simpler
    if text not in ("", "True", "False"):
        raise RequestFailed("ValidationException", f"Invalid ConditionExpression: {condition}")
    return text != "False"


def simplify(text: str) -> str:
    """The condition with one step less: brackets and NOT bind closest, then AND, then OR."""
    text = re.sub(r"\((True|False)\)", r"\1", text)
    text = re.sub(r"NOT (True|False)", lambda match: str(match[1] == "False"), text)
    text = re.sub(r"(True|False) AND (True|False)", lambda m: str(m[1] == m[2] == "True"), text)
    return re.sub(
        r"(True|False) OR (True|False)(?! AND)", lambda m: str("True" in m.groups()), text
    )


def update(expression: str, item: Item, values: Item) -> Item:
    """The item after the update. Raises: RequestFailed."""
    if CLAUSES.sub("", expression).strip():
        raise RequestFailed("ValidationException", f"Invalid UpdateExpression: {expression}")
    item = dict(item)
    for clause, text in CLAUSES.findall(expression):
        for part in text.split(", "):
            if clause == "REMOVE":
                item.pop(part, None)
            elif clause == "SET":
                name, value = part.split(" = ")
                item[name] = values[value]
            else:
                name, value = part.split(" ")
                item[name] = add(item.get(name), values[value])
    return item


def add(old: dict[str, Any] | None, value: dict[str, Any]) -> dict[str, Any]:
    if "SS" in value:
        return {"SS": sorted({*(old or {}).get("SS", []), *value["SS"]})}
    return {"N": str(number(old or {"N": "0"}) + number(value))}


def number(value: dict[str, Any]) -> int:
    return int(value["N"])
