"""Take the pictures of Airflow's and Prefect's pages that the documentation shows.

Needs Chromium. While ``make demo-airflow KEEP=1`` or ``make demo-prefect KEEP=1`` runs, with the URL that it prints:
``.venv-airflow/bin/python docs/screenshots.py airflow http://127.0.0.1:PORT``
``.venv-prefect/bin/python docs/screenshots.py prefect http://127.0.0.1:PORT``
"""
# ruff: noqa: INP001, T201 - a script, which says what it does

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

from airflow_provider.rest import Airflow
from prefect_integration.rest import Prefect

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
HERE = Path(__file__).resolve().parent
GROUPS = ["g1", "g2", "rollback"]
PATIENCE = 60.0
"""Seconds until a page must be there."""

SETTLED = 3.0
"""Seconds in which a page comes to rest: a graph is laid out and moved into view."""


class Browser:
    """Chromium without a window, steered by its DevTools protocol."""

    def __init__(self, stack: ExitStack) -> None:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        if program is None:
            sys.exit("no Chromium is installed")
        profile = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        flags = ["--headless", "--no-sandbox", "--hide-scrollbars", "--remote-debugging-port=0"]
        running = subprocess.Popen(  # noqa: S603 - the machine's own
            [program, *flags, f"--user-data-dir={profile}", "about:blank"], stderr=subprocess.DEVNULL
        )
        stack.callback(running.wait)
        stack.callback(running.terminate)
        port = until(lambda: (profile / "DevToolsActivePort").read_text().split()[0])
        pages = until(lambda: json.load(urlopen(f"http://127.0.0.1:{port}/json")))
        (page,) = [page for page in pages if page["type"] == "page"]
        self._page: ClientConnection = stack.enter_context(connect(page["webSocketDebuggerUrl"], max_size=None))
        self._number = 0

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """One command of the protocol; what it answers."""
        self._number += 1
        self._page.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._page.recv())
            if answer.get("id") == self._number:
                return answer["result"]  # type: ignore[no-any-return] # as the protocol says

    def value(self, expression: str) -> Any:  # noqa: ANN401 - whatever it is there
        """What an expression comes to on the page."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def open(self, url: str, remembered: dict[str, str], *, width: int, height: int) -> None:
        """Open a page in a window of a size, as if its settings had been chosen before."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1.5, mobile=False)
        code = "".join(f"localStorage.setItem({json.dumps(k)}, {json.dumps(v)});" for k, v in remembered.items())
        self.call("Page.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=code)
        self.call("Page.navigate", url=url)

    def until_shown(self, text: str) -> None:
        """Wait until a text is on the page, and the page has come to rest."""
        until(lambda: self.value(f"document.body.innerText.includes({json.dumps(text)})"))
        time.sleep(SETTLED)

    def press(self, button: str) -> None:
        """Press a button by its label, and let the page come to rest."""
        self.value(f"document.querySelector('[aria-label=\"{button}\"]').click()")
        time.sleep(SETTLED)

    def choose(self, tab: str) -> None:
        """Choose a tab by what stands on it."""
        tabs = "[...document.querySelectorAll('.p-tab-navigation > *')]"
        self.value(f"{tabs}.find(each => each.innerText.trim() == {json.dumps(tab)}).click()")

    def picture(self, place: Path, left: str, right: str = "innerWidth") -> None:
        """Write the page into a file: without the bar at its side, from and up to where expressions say."""
        start, end, height = self.value(left), self.value(right), self.value("innerHeight")
        clip = {"x": start, "y": 0, "width": end - start, "height": height, "scale": 1}
        taken = self.call("Page.captureScreenshot", format="png", clip=clip)
        place.write_bytes(base64.b64decode(taken["data"]))
        print(f"{place}  ({place.stat().st_size:,} bytes)")


def until(look: Callable[[], T]) -> T:
    """Look until there is something to see."""
    last = time.monotonic() + PATIENCE
    while True:
        try:
            if found := look():
                return found
        except OSError:
            pass
        if time.monotonic() > last:
            sys.exit("it does not come")
        time.sleep(0.2)


def airflow(url: str) -> None:
    """Take all pictures of one Airflow in which the nightly example has run, the last time with a rollback."""
    remembered = {
        "theme": "light",
        "nightly/open-groups": json.dumps(GROUPS),
        "direction-nightly": json.dumps("DOWN"),
    }
    main = "document.querySelector('[data-testid=main-content]').getBoundingClientRect().x"
    last = max(Airflow(url).every("dags", "nightly", "dagRuns"), key=lambda run: run["run_after"])["dag_run_id"]
    with ExitStack() as stack:
        browser = Browser(stack)
        browser.open(f"{url}/dags/nightly", remembered | {"default_dag_view": '"grid"'}, width=1800, height=785)
        browser.until_shown("Verify the published page")
        divider = "document.querySelector('[aria-label=\"Collapse Details Panel\"]').getBoundingClientRect().x"
        browser.picture(HERE / "airflow-grid.png", main, divider)
    with ExitStack() as stack:
        browser = Browser(stack)
        shown = f"{url}/dags/nightly/runs/{quote(last, safe='')}"
        browser.open(shown, remembered | {"default_dag_view": '"graph"'}, width=900, height=1300)
        browser.until_shown("Verify the published page")
        browser.press("Collapse Details Panel")
        browser.value("document.querySelector('.react-flow__minimap').remove()")
        browser.press("Fit View")
        browser.picture(HERE / "airflow-graph.png", main)


def prefect(url: str) -> None:
    """Take all pictures of one Prefect in which the nightly example has run, the last time with a rollback."""
    api = Prefect(f"{url}/api")
    ended = api.every("flow_runs", flow_runs={"state": {"type": {"any_": ["FAILED"]}}})
    last = max(ended, key=lambda run: run["start_time"])["id"]
    light = {"color-scheme": json.dumps("light")}
    view = "document.querySelector('.app-router-view__view').getBoundingClientRect().x"
    with ExitStack() as stack:
        browser = Browser(stack)
        browser.open(f"{url}/runs/flow-run/{last}", light, width=1350, height=891)
        browser.until_shown("Beginning flow run")
        browser.choose("Task Runs")
        browser.until_shown("undo 7 Publish the report")
        browser.picture(HERE / "prefect-run.png", view)
    with ExitStack() as stack:
        browser = Browser(stack)
        browser.open(f"{url}/deployments", light, width=1350, height=325)
        browser.until_shown("nightly")
        browser.picture(HERE / "prefect-deployments.png", view)


if __name__ == "__main__":
    {"airflow": airflow, "prefect": prefect}[sys.argv[1]](sys.argv[2].rstrip("/"))
