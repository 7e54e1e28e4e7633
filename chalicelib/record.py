"""What the log keeps of a request: one line, of which CloudWatch makes metrics. Knows no words."""

import json
from dataclasses import dataclass, field

from chalicelib.budget import Reservation

# A logged line of JSON with `_aws` becomes these metrics: CloudWatch's embedded metric format
# (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/, its page
# CloudWatch_Embedded_Metric_Format_Specification). Ten metrics are free.
METRICS = [
    {"Name": "Images", "Unit": "Count"},
    {"Name": "Dollars", "Unit": "None"},
    {"Name": "Errors", "Unit": "Count"},
    {"Name": "BudgetSpent", "Unit": "Count"},
    {"Name": "Milliseconds", "Unit": "Milliseconds"},
]


@dataclass
class Record:
    """One request for pictures, filled in as far as it comes. `started`: seconds since 1970."""

    started: float
    model: str = ""
    prompt_length: int = 0  # characters
    held: list[Reservation] = field(default_factory=list)  # one a picture

    @property
    def dollars(self) -> float:
        """What AWS may bill."""
        return sum(each.price for each in self.held) / 1_000_000

    def line(self, function: str, request_id: str, now: float, status: int, code: str) -> str:
        """The line in the log. `code` is the error's, "" for a picture."""
        metrics = {"Namespace": "Easel", "Dimensions": [["function"]], "Metrics": METRICS}
        fields = {
            "_aws": {"Timestamp": round(now * 1000), "CloudWatchMetrics": [metrics]},
            "function": function,
            "request_id": request_id,
            "outcome": code or "success",
            "status": status,
            "model": self.model,
            "prompt_length": self.prompt_length,
            "Images": len(self.held) if status == 200 else 0,
            "Dollars": self.dollars,
            "Errors": int(status >= 500),
            "BudgetSpent": int(code == "BudgetSpent"),
            "Milliseconds": round((now - self.started) * 1000),
        }
        return json.dumps(fields)
