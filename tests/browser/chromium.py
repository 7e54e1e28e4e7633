"""Finds Chromium, or installs it, and says which: `python -m tests.browser.chromium`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    if not find():
        install()
    path = find() or sys.exit("Chromium could not be installed; install it, then try again.")
    print(f"Chromium: {path}")


def find() -> str | None:
    """The path of a Chromium on this machine: its own, else Playwright's download."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Chromium from Debian's packages, once.", flush=True)
        subprocess.run(["apt-get", "update", "--quiet=2"], check=False)
        subprocess.run(["apt-get", "install", "--quiet=2", "--yes", "chromium"], check=False)
    else:
        print("Downloading Playwright's Chromium, once.", flush=True)
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


if __name__ == "__main__":
    main()
