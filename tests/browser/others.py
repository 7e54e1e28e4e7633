"""Finds or installs Firefox and WebKit: `python -m tests.browser.others`."""

import os
import shutil
import subprocess

import pytest

# Debian's packages, and the programs of each that the tests run.
PACKAGES = {
    "Firefox": {"firefox-esr": "firefox-esr"},
    "WebKit": {"webkit2gtk-driver": "WebKitWebDriver", "xvfb": "Xvfb"},
}


def main() -> None:
    packages = [package for browser in PACKAGES for package in missing(browser)]
    if packages and shutil.which("apt-get") and os.geteuid() == 0:
        print(f"Installing {', '.join(packages)} from Debian's packages, once.", flush=True)
        if not install(packages):
            subprocess.run(["apt-get", "update", "--quiet=2"], check=False)
            install(packages)
    for browser in PACKAGES:
        if missing(browser):
            print(f"{browser} IS NOT TESTED: {advice(browser)}")


def missing(browser: str) -> list[str]:
    """The packages that the browser's tests lack."""
    if browser == "Firefox" and firefox():
        return []
    return [package for package, program in PACKAGES[browser].items() if not shutil.which(program)]


def firefox() -> str | None:
    """The path of an installed Firefox."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


def install(packages: list[str]) -> bool:
    """Whether the packages could be installed; without waiting for the disk after each file."""
    command = ["apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends"]
    quick = ["-o", "Dpkg::Options::=--force-unsafe-io", "-o", "Dpkg::Use-Pty=0"]
    return subprocess.run([*command, *quick, *packages], check=False).returncode == 0


def advice(browser: str) -> str:
    return f"install Debian's packages {' '.join(missing(browser))}, then run make test again"


def require(browser: str) -> None:
    """Skip the test, visibly, where the browser is not installed."""
    if missing(browser):
        pytest.skip(f"{browser} IS NOT TESTED: {advice(browser)}")


if __name__ == "__main__":
    main()
