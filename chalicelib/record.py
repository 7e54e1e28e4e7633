"""The log line of a request, from which CloudWatch makes metrics. Holds no prompt and no image."""

import json
from dataclasses import dataclass, field

from chalicelib.budget import Reservation
from chalicelib.errors import MAY_BE_CHARGED

# CloudWatch turns a logged line of JSON with `_aws` into these metrics: the embedded metric format
# (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/, page
# CloudWatch_Embedded_Metric_Format_Specification). Ten metrics are free.
METRICS = [
    {"Name": "Images", "Unit": "Count"},
    {"Name": "Dollars", "Unit": "None"},
    {"Name": "Errors", "Unit": "Count"},
    {"Name": "BudgetSpent", "Unit": "Count"},
    {"Name": "Unauthorized", "Unit": "Count"},
    {"Name": "Milliseconds", "Unit": "Milliseconds"},
]


@dataclass
class Record:
    """What is known of a request so far. `started` is in seconds since 1970."""

    started: float
    model: str = ""
    prompt_length: int = 0  # characters
    reservations: list[Reservation] = field(default_factory=list)  # one per image or prompt
    is_prompt: bool = False  # the request asks for a prompt, not for images
    image_bytes: int = 0  # of the images that were sent
    is_stored: bool = False  # the answer is that of an earlier request with the same key

    @property
    def dollars(self) -> float:
        """What AWS may bill, in US dollars."""
        return sum(each.price for each in self.reservations) / 1_000_000

    def charged(self, code: str) -> str:
        """Whether AWS may bill something of this request, or of the first one with the same key."""
        is_possible = self.dollars > 0 or self.is_stored or code in MAY_BE_CHARGED
        return "maybe" if is_possible else "no"

    def to_json(self, function: str, request_id: str, now: float, status: int, code: str) -> str:
        """The log line. `code` is the error's name, "" for a success."""
        metrics = {"Namespace": "Easel", "Dimensions": [["function"]], "Metrics": METRICS}
        fields = {
            "_aws": {"Timestamp": round(now * 1000), "CloudWatchMetrics": [metrics]},
            "function": function,
            "request_id": request_id,
            "outcome": code or "success",
            "status": status,
            "model": self.model,
            "prompt_length": self.prompt_length,
            "image_bytes": self.image_bytes,
            "is_stored": self.is_stored,
            "Images": len(self.reservations) if status in (200, 303) and not self.is_prompt else 0,
            "Dollars": self.dollars,
            "Errors": int(status >= 500 and not self.is_stored),
            "BudgetSpent": int(code == "BudgetSpent"),
            "Unauthorized": int(code == "AccessCodeRequired"),
            "Milliseconds": round((now - self.started) * 1000),
        }
        return json.dumps(fields)
