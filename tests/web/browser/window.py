"""Somebody at a window of a real browser, and the clinic that they look at."""

from typing import Any, NamedTuple

import httpx2
from fastapi import FastAPI

from journey.api.access.table import Role

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
COMPLAINTS = """async () => {
  const more = { "target-size": { enabled: true } };
  const found = await axe.run(document, { resultTypes: ["violations"], rules: more });
  return found.violations.flatMap((each) => each.nodes.map((node) => `${each.id}: ${node.html}`));
}"""
TOO_WIDE = """() => document.documentElement.scrollWidth <= window.innerWidth ? []
  : [...document.querySelectorAll("body *")].filter((each) => each.getBoundingClientRect().right > innerWidth)
    .map((each) => each.outerHTML.slice(0, 200))"""


class Told(NamedTuple):
    """A clinic on a socket, and what is looked at there, by name."""

    app: FastAPI
    url: str
    tokens: dict[Role, str]
    known: dict[str, str]

    @property
    def journey(self) -> str:
        return self.known["journey"]

    def ask(self, role: Role, path: str) -> Any:
        answer = self.sent("GET", path, role)
        assert answer.is_success, answer.text
        return answer.json()

    def tell(self, journey: str, command: str, body: dict[str, Any]) -> None:
        answer = self.sent("POST", f"/v1/journeys/{journey}/{command}", Role.COORDINATOR, json=body)
        assert answer.is_success, answer.text

    def opened(self, **more: Any) -> str:
        body = {"team": "ward 3", **more}
        return str(self.sent("POST", "/v1/journeys", Role.COORDINATOR, json=body).json()["journey_id"])

    def events(self, journey: str) -> list[dict[str, Any]]:
        found = self.ask(Role.COORDINATOR, f"/v1/journeys/{journey}/events?limit=500")["events"]
        return list(found)

    def sent(self, method: str, path: str, role: Role, **more: Any) -> httpx2.Response:
        held = {"Authorization": f"Bearer {self.tokens[role]}"}
        return httpx2.request(method, self.url + path, headers=held, timeout=20, **more)


class Window:
    """A window, of somebody who is signed in where a role is given, and all that went wrong in it."""

    def __init__(self, chromium: Any, told: Told, role: Role | None, **more: Any) -> None:
        self.wrong: list[str] = []
        self._told = told
        self.page = chromium.new_context(viewport=WIDE, **more).new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._asked)
        self.page.goto(f"{told.url}/console")
        if role is not None:
            self.signs_in(told.tokens[role])

    def signs_in(self, token: str) -> None:
        self.page.fill("#key", token)
        self.page.click("form:has(#key) button")
        self.page.wait_for_load_state()

    def open(self, path: str) -> None:
        answer = self.page.goto(f"{self._told.url}/console/{path.format(**self._told.known)}")
        assert answer.status == 200, path

    def has(self, path: str, said: str) -> bool:
        self.open(path)
        return said in self.text

    @property
    def text(self) -> str:
        return str(self.page.inner_text("main"))

    def close(self) -> None:
        self.page.context.close()

    def complaints(self, script: str = "") -> list[str]:
        """Axe's, once its script was there."""
        if script:
            self.page.evaluate(script)
        return list(self.page.evaluate(COMPLAINTS))

    def shown(self, scheme: str, size: dict[str, int]) -> None:
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_viewport_size(size)

    @property
    def what_is_too_wide(self) -> list[str]:
        """Nothing, where the page does not scroll sideways."""
        return list(self.page.evaluate(TOO_WIDE))

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.wrong.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self._told.url, "data:")):
            self.wrong.append(f"{request.url} is elsewhere")
