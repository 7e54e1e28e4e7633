"""Firefox and WebKit by the W3C's WebDriver, as Debian has no geckodriver: Firefox's own Marionette
takes the same commands over a socket."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from browser import others
from local.__main__ import free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # W3C WebDriver, section 12: the key of a reference
MINIBROWSER = "/usr/lib/*/webkit2gtk-4.1/MiniBrowser"
PATHS = {
    "NewSession": ("POST", "/session"),
    "DeleteSession": ("DELETE", ""),
    "Navigate": ("POST", "/url"),
    "ExecuteAsyncScript": ("POST", "/execute/async"),
    "FindElement": ("POST", "/element"),
    "ElementClick": ("POST", "/element/{id}/click"),
    "ElementSendKeys": ("POST", "/element/{id}/value"),
    "PerformActions": ("POST", "/actions"),
    "GetWindowHandles": ("GET", "/window/handles"),
    "NewWindow": ("POST", "/window/new"),
    "SwitchToWindow": ("POST", "/window"),
    "CloseWindow": ("DELETE", "/window"),
}
KEYS = {
    "Control": "\ue009",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Left": "\ue012",
    "Right": "\ue014",
}


class Browser:
    """What both browsers do. A subclass sends commands with `call(name, **parameters)`."""

    def open(self, url):
        self.call("Navigate", url=url)

    def run(self, script, *arguments):
        """What the body of an asynchronous function returns; its arguments are in `given`."""
        wrapped = f"""const [...given] = arguments, done = given.pop()
            ;(async () => {{ {script} }})().then(
              value => done({{ value }}), error => done({{ error: String(error) }}))"""
        # None: the page was left meanwhile.
        answer = self.call("ExecuteAsyncScript", script=wrapped, args=list(arguments)) or {}
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def until(self, expression, *arguments, seconds=15):
        """Wait until the expression is true; its value."""
        deadline = time.monotonic() + seconds
        while not (value := self.run(f"return {expression}", *arguments)):
            assert time.monotonic() < deadline, f"{expression}: {self.run(TEXT)}"
            time.sleep(0.05)
        return value

    def click(self, selector):
        self.until(SEES, selector)
        self.call("ElementClick", id=self.element(selector))

    def type(self, selector, text):
        """Send text to a field, or a file's path to a file field."""
        self.call("ElementSendKeys", id=self.element(selector), text=text)

    def press(self, *keys):
        keys = [KEYS.get(key, key) for key in keys]
        actions = [{"type": "keyDown", "value": key} for key in keys]
        actions += [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self.call("PerformActions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def element(self, selector):
        return self.call("FindElement", using="css selector", value=selector)[ELEMENT]


TEXT = "return document.body.innerText"
SEES = "[...document.querySelectorAll(given[0])].some(each => each.checkVisibility())"


class WebKit(Browser):
    """Debian's WebKitGTK in a window of Xvfb."""

    def __init__(self, folder):
        self.downloads = folder / "Downloads"
        self.port, self.session = free_port(), ""
        self.processes = []

    def __enter__(self):
        self.downloads.mkdir()
        settings = self.downloads.parent / ".config/user-dirs.dirs"
        settings.parent.mkdir()
        settings.write_text(f'XDG_DOWNLOAD_DIR="{self.downloads}"\n')
        reader, writer = os.pipe()
        display = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x900x24"]
        self.start(display, pass_fds=[writer], stderr=subprocess.DEVNULL)
        os.close(writer)
        with os.fdopen(reader) as number:
            environment = {"DISPLAY": f":{number.readline().strip()}"}
        environment |= {"HOME": str(self.downloads.parent), "NO_AT_BRIDGE": "1"}
        self.start(["WebKitWebDriver", f"--port={self.port}"], env=os.environ | environment)
        self.session = self.begin()["sessionId"]
        return self

    def start(self, command, **options):
        self.processes.append(subprocess.Popen(command, **options))

    def begin(self):
        (program,) = Path("/").glob(MINIBROWSER[1:])
        options = {"binary": str(program), "args": ["--automation"]}
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(ConnectionError, urllib.error.URLError):
                wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
                return self.call("NewSession", capabilities=wanted)
            time.sleep(0.05)
        raise TimeoutError("WebKitWebDriver did not start")

    def __exit__(self, *_):
        with contextlib.suppress(OSError, AssertionError):
            self.call("DeleteSession")
        for process in reversed(self.processes):
            process.terminate()
            process.wait(10)

    def call(self, name, **parameters):
        method, path = PATHS[name]
        session = f"/session/{self.session}" if self.session else ""
        url = f"http://127.0.0.1:{self.port}{session}{path.format(**parameters)}"
        body = json.dumps(parameters).encode() if method == "POST" else None
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, method=method)) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{name}: {error.read().decode()}") from None


class Firefox(Browser):
    """Debian's Firefox without a window."""

    def __init__(self, folder):
        self.downloads = folder / "downloads"
        self.profile = folder / "profile"
        self.port, self.count = free_port(), 0

    def __enter__(self):
        self.profile.mkdir()
        preferences = {
            "marionette.port": self.port,
            "browser.download.folderList": 2,  # the folder of the next line
            "browser.download.dir": str(self.downloads),
            "browser.download.alwaysOpenPanel": False,  # the panel takes the keys
            "intl.accept_languages": "en-US",
        }
        lines = [f"user_pref({json.dumps(n)}, {json.dumps(v)});\n" for n, v in preferences.items()]
        (self.profile / "user.js").write_text("".join(lines))
        command = [
            others.firefox(),
            "--headless",
            "--marionette",
            "--remote-allow-system-access",
            "--profile",
        ]
        output = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([*command, self.profile], **output)
        self.socket = self.connect()
        self.stream = self.socket.makefile("rb")
        self.receive()  # its greeting
        self.call("NewSession", capabilities={})
        return self

    def connect(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(ConnectionError):
                return socket.create_connection(("127.0.0.1", self.port))
            time.sleep(0.05)
        raise TimeoutError("Firefox did not start")

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.profile, ignore_errors=True)

    def set_preference(self, name, value):
        """Set one of about:config's preferences; None sets its default."""
        script = "value === null ? P.clearUserPref(name) : P.setBoolPref(name, value)"
        script = f"const [name, value] = arguments, P = Services.prefs; {script}"
        self.call("Marionette:SetContext", value="chrome")
        self.call("ExecuteScript", script=script, args=[name, value])
        self.call("Marionette:SetContext", value="content")

    def call(self, name, **parameters):
        """Messages are JSON after their length: [type, id, command, parameters]."""
        self.count += 1
        command = name if ":" in name else f"WebDriver:{name}"
        content = json.dumps([0, self.count, command, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(content), content))
        _, _, error, result = self.receive()
        assert error is None, f"{name}: {error['message']}"
        return result["value"] if isinstance(result, dict) and "value" in result else result

    def receive(self):
        length = b""
        while (digit := self.stream.read(1)) != b":":
            assert digit, "Firefox has ended"
            length += digit
        return json.loads(self.stream.read(int(length)))
