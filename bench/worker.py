"""Runs one handler in its own process. Each input line is a number of requests to measure.

Runs in the handler's folder and can import only the handler's own modules.
"""

import gc
import io
import json
import sys
from pathlib import Path
from time import process_time
from types import SimpleNamespace

import app as handler

event = json.loads(Path(sys.argv[1]).read_text())
answer = Path(sys.argv[2]).read_bytes()
context = SimpleNamespace(function_name="easel", aws_request_id="1", memory_limit_in_mb=1024)
context.invoked_function_arn = "arn:aws:lambda:us-west-2:123456789012:function:easel"
context.get_remaining_time_in_millis = lambda: 28_000
results = sys.stdout
sys.stdout = io.StringIO()  # discards the request's log line


class Stub:
    """A Bedrock client that returns the answer immediately."""

    def invoke_model(self, **call):
        return {"body": io.BytesIO(answer)}


def measure():
    """CPU seconds of the handler alone, and with json.dumps of its result."""
    started = process_time()
    result = handler.app(event, context)
    handled = process_time()
    text = json.dumps(result)
    dumped = process_time()
    if result["statusCode"] != 200 or len(text) < len(answer) * 0.9:
        raise SystemExit(f"the handler must return an image, got {text[:200]}")
    return handled - started, dumped - started


handler.bedrock_client = Stub()
for line in sys.stdin:
    gc.collect()
    print(json.dumps([measure() for _ in range(int(line))]), file=results, flush=True)
