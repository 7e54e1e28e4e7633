"""The CDK app that `cdk` runs: one stack, configured by the options in the environment, then in
the app's context. An access code on the command line would show in the list of processes."""

import os
import shutil
import sys

from aws_cdk import App

from infra.options import read
from infra.stack import Easel


def main(app: App) -> None:
    shutil.rmtree("chalice.out", ignore_errors=True)  # Chalice adds files at each synthesis
    try:
        options = read(lambda name: os.environ.get(name, app.node.try_get_context(name)))
    except ValueError as error:
        sys.exit(str(error))
    Easel(app, "Easel", options)
    app.synth()


if __name__ == "__main__":
    main(App())
