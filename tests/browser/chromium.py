"""Finds or installs Chromium, and prints its path: `python -m tests.browser.chromium`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SHELL = "chromium-headless-shell"  # opens a page in half the time of the full Chromium
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    if not find() or (can_install() and not shutil.which(SHELL)):
        install()
    path = find() or sys.exit("Chromium could not be installed; install it, then try again.")
    print(f"Chromium: {path}")


def find() -> str | None:
    """The path of an installed Chromium, else of Playwright's download, else None."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def can_install() -> bool:
    """Whether Debian's packages can be installed; elsewhere Playwright downloads its own shell."""
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def install() -> None:
    if can_install():
        print("Installing Chromium from Debian's packages, once.", flush=True)
        subprocess.run(["apt-get", "update", "--quiet=2"], check=False)
        for package in (SHELL, "chromium"):
            command = ["apt-get", "install", "--quiet=2", "--yes", package]
            if subprocess.run(command, check=False).returncode == 0:
                break
    else:
        print("Downloading Playwright's Chromium, once.", flush=True)
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


if __name__ == "__main__":
    main()
