"""The CDK app that `cdk` runs: one stack, configured by the options in the app's context."""

import shutil
import sys

from aws_cdk import App

from infra.options import read
from infra.stack import Easel


def main(app: App) -> None:
    shutil.rmtree("chalice.out", ignore_errors=True)  # Chalice adds files at each synthesis
    try:
        options = read(app.node.try_get_context)
    except ValueError as error:
        sys.exit(str(error))
    Easel(app, "Easel", options)
    app.synth()


if __name__ == "__main__":
    main(App())
