"""What `cdk` runs: the app with its one stack, as the options want it."""

import shutil
import sys

from aws_cdk import App

from infra.options import read
from infra.stack import Easel


def main() -> None:
    app = App()
    shutil.rmtree("chalice.out", ignore_errors=True)  # Chalice adds to it at each synthesis
    try:
        options = read(app.node.try_get_context)
    except ValueError as error:
        sys.exit(str(error))
    Easel(app, "Easel", options)
    app.synth()


if __name__ == "__main__":
    main()
