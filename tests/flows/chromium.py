"""A page in a headless Chromium, driven by its DevTools protocol."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

CHROMIUM = os.environ.get("DDK_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
QUIET = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--remote-debugging-port=0")  # fmt: skip


class Page:
    """What a person would see and do."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._number, self._session = socket, 0, None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def go(self, address: str) -> None:
        self._call("Page.navigate", url=address)

    def evaluate(self, script: str) -> Any:
        return self._call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def wait_for(self, script: str, seconds: float = 180) -> Any:
        """The first value of a script that is true, or AssertionError with the text of the page."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := self.evaluate(script):
                return value
            time.sleep(0.1)
        raise AssertionError(f"never true: {script}\n{self.evaluate('document.body.innerText')}")

    def wait_for_text(self, text: str) -> None:
        self.wait_for(f"document.body && document.body.innerText.includes({json.dumps(text)})")

    def submit(self) -> None:
        self.evaluate("document.querySelector('button[type=submit]').click()")

    def fill(self, label: str, value: str) -> None:
        """Choose or type a value in the field under a label, with the events that a person would cause."""
        assert self.evaluate(_FILL % (json.dumps(label), json.dumps(value))), label
        time.sleep(0.3)  # the form takes a value over when nobody has typed for a while, and shows no sign of it

    def picture(self, file: Path) -> None:
        """What is seen now, for somebody to look at."""
        file.write_bytes(base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"]))

    def _call(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message | ({"sessionId": self._session} if self._session else {})))
        while True:
            answer = json.loads(self._socket.recv(timeout=180))
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]


# The innermost block that begins with the label and holds a field.
_FILL = """(() => {
    const label = %s, value = %s;
    const blocks = [...document.querySelectorAll('div')].filter(
        e => e.innerText.trim().startsWith(label) && e.querySelector('select, textarea'));
    const field = blocks.length ? blocks.pop().querySelector('select, textarea') : null;
    if (!field) return false;
    const kind = field.tagName == 'SELECT' ? HTMLSelectElement : HTMLTextAreaElement;
    Object.getOwnPropertyDescriptor(kind.prototype, 'value').set.call(field, value);
    for (const name of ['input', 'change', 'blur']) field.dispatchEvent(new Event(name, {bubbles: true}));
    return true;
})()"""


@contextlib.contextmanager
def page(folder: Path) -> Iterator[Page]:
    """A page whose browser keeps its things in a folder and ends with the block."""
    assert CHROMIUM
    command = [CHROMIUM, *QUIET, "--window-size=1400,1500", f"--user-data-dir={folder}", "about:blank"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as browser:
        try:
            assert browser.stderr
            address = next(found[0] for line in browser.stderr if (found := re.search(r"ws://\S+", line)))
            with connect(address, max_size=None) as socket:
                yield Page(socket)
        finally:
            browser.terminate()
