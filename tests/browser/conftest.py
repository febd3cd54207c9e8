"""A real Chromium against a running web process: pages as people see them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from config.embedded.chromium import find_chromium
from tests.browser.trading import Traded, make_trading
from tests.conftest import recreate_database
from tests.servers import ROOT
from tests.support import live as live_processes
from tests.support.live import Live
from tests.support.pages import visitor

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP *.localhost 127.0.0.1",
]  # fmt: skip
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
SCREENSHOTS = ROOT / "var" / "screenshots"
#: The widths and themes that every page is made for.
FORMS = [(1280, "light"), (1280, "dark"), (390, "dark"), (390, "light")]
#: True once a page of ours, or of the admin, shows a theme.
SHOWS_THEME = """theme => {
  const root = document.documentElement;
  return (root.dataset.bsTheme || (root.classList.contains("dark") ? "dark" : "light")) === theme;
}"""
#: Done when colours have changed: a colour that is inherited passes from element to element, frame by frame.
AT_REST = """async () => {
  const passing = each => each.effect.getComputedTiming().endTime < Infinity;
  for (let still = 0; still < 4; ) {
    await new Promise(requestAnimationFrame);
    still = document.getAnimations().some(passing) ? 0 : still + 1;
  }
}"""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser; without one the browser tests are skipped by name."""
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium on this machine")
    # Playwright's own event loop runs in this thread, which makes Django refuse the database; nothing of
    # ours is asynchronous here.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=ARGUMENTS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Watched:
    """A page with everything that went wrong in it."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> int:
        """Go to a path of the host and wait until scripts and pictures are there. Returns the status."""
        self.complaints.clear()
        answer = self.page.goto(f"{self.origin}{path}", wait_until="load")
        assert self.page.url == f"{self.origin}{path}", "sent elsewhere"
        if self.page.locator("script[src*='js/ui']").count():
            self.page.wait_for_function("document.documentElement.dataset.ready === 'yes'")
        return 0 if answer is None else answer.status

    def axe(self) -> list[str]:
        """What axe-core finds serious or critical, one line each."""
        # Evaluated by the debugger: the page's own policy allows no foreign script, and stays as it is.
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        found: Any = self.page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
        return [
            f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in found["violations"]
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]

    def inspect(self, name: str, forms: Iterable[tuple[int, str]] = FORMS) -> list[str]:
        """What axe and the width of the open page have against it in each form; pictures where wanted."""
        found = []
        for width, theme in forms:
            self.page.set_viewport_size({"width": width, "height": 900 if width > 500 else 844})
            self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            self.page.wait_for_function(SHOWS_THEME, arg=theme)
            self.page.evaluate(AT_REST)
            self.shoot(f"{name}-{width}-{theme}")
            found += [f"{name} {width} {theme}: {line}" for line in self.axe()]
            if self.overflow() > 0:
                found.append(f"{name} {width} {theme}: {self.overflow()} pixels too wide")
        return found

    def shoot(self, name: str) -> None:
        """A picture of the whole page, for people to look at: made with SCREENSHOTS=1 alone (`make pictures`)."""
        if os.environ.get("SCREENSHOTS"):
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            # Playwright would hide the caret with an inline style, which the policy refuses.
            self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True, caret="initial")

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return width


@dataclass
class Visitors:
    """Opens windows of one running server, logged in as somebody of the demo."""

    browser: Browser
    live: Live
    contexts: list[BrowserContext] = field(default_factory=list)

    def window(
        self, host: str, who: str | None = None, *, width: int = 1280, theme: str = "light",
        locale: str = "en-GB",
    ) -> Watched:  # fmt: skip
        """A window of this size, theme and language on a host (``acme.localhost``), with one of the demo."""
        page = self._context(host, who, width, theme, locale).new_page()
        watched = Watched(page, f"http://{host}:{self.live.port}")

        def hear(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                watched.complaints.append(message.text)

        page.on("console", hear)
        page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        return watched

    def _context(self, host: str, who: str | None, width: int, theme: Any, locale: str) -> BrowserContext:
        context = self.browser.new_context(
            viewport={"width": width, "height": 900 if width > 500 else 844},
            color_scheme=theme,
            reduced_motion="reduce",
            locale=locale,
            timezone_id="Europe/Paris",
        )
        if who is not None:
            # Each test begins with empty caches, where sessions live: a new one, without the detour of a form.
            slug = host.removesuffix("localhost").rstrip(".") or None
            cookie = visitor(slug, who).cookies["sessionid"]
            context.add_cookies([{"name": "sessionid", "value": cookie.value, "domain": host, "path": "/"}])
        self.contexts.append(context)
        return context


@pytest.fixture(scope="module")
def server(django_db_blocker: Any) -> Iterator[Live]:
    """A web process that serves its static files too."""
    with live_processes.web(SERVE_STATIC="1") as running:
        yield running
    with django_db_blocker.unblock():
        recreate_database()


@pytest.fixture(scope="module")
def traded(server: Live, django_db_blocker: Any) -> Traded:
    """Acme's trader has traded. ``traded.close(…)`` needs the ``unblocked`` fixture."""
    with django_db_blocker.unblock():
        return make_trading()


@pytest.fixture
def unblocked(django_db_blocker: Any) -> Iterator[None]:
    """The test writes to the database of the running server, without a transaction around it."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="module")
def visitors(chromium: Browser, server: Live) -> Visitors:
    """Windows on the running server."""
    return Visitors(chromium, server)


@pytest.fixture
def window(visitors: Visitors, unblocked: None) -> Iterator[Callable[..., Watched]]:
    """``window("acme.localhost", "owner", width=390)``; closed after the test."""
    yield visitors.window
    while visitors.contexts:
        visitors.contexts.pop().close()
