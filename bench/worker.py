"""One handler in a process of its own: for each line of input it answers so many requests.

Runs in the handler's folder, with no module of this project in sight but the handler's own.
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
sys.stdout = io.StringIO()  # the request's own log line is made, and goes nowhere


class Stub:
    """Bedrock's client, which has the answer at hand."""

    def invoke_model(self, **call):
        return {"body": io.BytesIO(answer)}


def once():
    """Seconds that the handler alone had a processor, and with the JSON of its answer."""
    began = process_time()
    result = handler.app(event, context)
    handled = process_time()
    text = json.dumps(result)
    whole = process_time()
    if result["statusCode"] != 200 or len(text) < len(answer) * 0.9:
        raise SystemExit(f"a picture must come, got {text[:200]}")
    return handled - began, whole - began


handler.bedrock_client = Stub()
for line in sys.stdin:
    gc.collect()
    print(json.dumps([once() for _ in range(int(line))]), file=results, flush=True)
