"""An account at Vapi with an assistant that somebody has made there, and what an organization wants it to be."""

from __future__ import annotations

import copy
import json
from typing import Any

from clinic import one
from office import PUBLIC, Office
from voice import TOOLS

Json = dict[str, Any]

SERVER = f"{PUBLIC}/vapi"
CREDENTIAL = "credential-of-the-clinic"
SERVER_MESSAGES = {"tool-calls", "status-update", "end-of-call-report"}
SET = """
    SELECT booking.set_voice_agent(
        %(org)s, p_assistant_id => %(assistant)s, p_assistant_name => 'Robin', p_prompt => %(prompt)s, p_phone_number => %(phone)s,
        p_server_url => %(server)s, p_credential_id => %(credential)s)"""


WEEK = json.dumps({day: [["09:00", "17:00"]] for day in ["mon", "tue", "wed", "thu", "fri"]})


class Account:
    """What the tests of `vapi sync` and `vapi doctor` start from: an organization that lacks nothing, and an assistant."""

    def __init__(self, office: Office) -> None:
        self.office, self.vapi = office, office.vapi
        office.connect_twilio()
        office.connect_vapi()
        office.session.execute("SELECT booking.create_service(%s, 'checkup', 60)", [office.org])
        office.session.execute("SELECT booking.set_opening_hours(%s, %s)", [office.org, WEEK])
        office.session.execute("SELECT booking.set_follow_ups(%s, 'Front desk', '+12125550100')", [office.org])
        self.foreign_tool = self.vapi.add_tool("transfer_to_desk", server={"url": "https://desk.example.com"})
        self.made = {
            "name": "Receptionist", "firstMessage": "Good morning!", "voice": {"provider": "11labs", "voiceId": "sarah"},
            "model": {
                "provider": "openai", "model": "gpt-4o", "temperature": 0.3, "maxTokens": 250, "knowledgeBaseId": "about-us",
                "messages": [
                    {"role": "system", "content": "You are whoever you want."}, {"role": "user", "content": "Hello?"},
                    {"role": "system", "content": "Speak English."}],
                "toolIds": [self.foreign_tool],
            },
            "server": {"url": "https://old.example.com/hook"}, "serverMessages": ["transcript", "status-update"],
            "metadata": {"city": "Bern"},
        }
        self.assistant_id = self.vapi.add_assistant(**copy.deepcopy(self.made))
        self.set()

    def set(self, **changes: object) -> None:
        """What the organization wants."""
        usual = {
            "org": self.office.org, "assistant": self.assistant_id, "prompt": "Mention that we have moved.", "phone": "+14155550100",
            "server": None, "credential": CREDENTIAL,
        }
        self.office.session.execute(SET, usual | changes)

    def colleague(self) -> Account:
        """Another organization with an assistant of its own in the same account at Vapi."""
        return Account(self.office.add_colleague())

    # The command.

    def sync(self, *flags: str, status: int = 0, **env: str) -> str:
        said = self.office.command("vapi", "sync", "--org", self.office.org, *flags, status=status, **env)
        self.keeps_secret(said)
        return said

    def try_sync(self, *flags: str, **changes: Any) -> tuple[int, str]:
        """The same, whatever comes of it."""
        status, said = self.office.run("vapi", "sync", "--org", self.office.org, *flags, **changes)
        self.keeps_secret(said)
        return status, said

    def doctor(self) -> tuple[bool, str, list[str]]:
        """Whether all is well, all that it says, and what it misses."""
        status, said = self.office.run("vapi", "doctor", "--org", self.office.org)
        self.keeps_secret(said)
        return status == 0, said, [line for line in said.splitlines() if line.startswith("MISSING ")]

    def keeps_secret(self, said: str) -> None:
        assert self.vapi.key not in said

    # What is there.

    @property
    def wanted(self) -> Json:
        return one(self.office.session, "SELECT booking.voice_agent(%s)", [self.office.org])

    @property
    def assistant(self) -> Json:
        return self.vapi.assistant(self.assistant_id)

    def registered(self) -> dict[str, str]:
        """The tools that the database knows the ids of."""
        rows = self.office.session.execute(
            "SELECT name, tool_id FROM booking.org_tools WHERE org_id = %s AND tool_id IS NOT NULL ORDER BY name", [self.office.org])
        return dict(rows.fetchall())

    def tools(self, name: str) -> list[Json]:
        """Those of this name at Vapi that are for this organization."""
        own = {"key": "org_id", "value": self.office.org}
        return [tool for tool in self.vapi.tools_named(name) if own in tool.get("parameters", [])]

    def edit_model(self, **changes: object) -> None:
        """Somebody edits the model on Vapi's own page."""
        self.vapi.staff_edits(self.assistant_id, model=self.vapi.assistants[self.assistant_id]["model"] | changes)

    def assert_in_line(self) -> None:
        """Every tool is there once, known, linked and addressed; the assistant says and tells what it should."""
        wanted, registered, assistant = self.wanted, self.registered(), self.assistant
        assert {tool["name"] for tool in wanted["tools"]} == TOOLS == registered.keys()
        for tool in wanted["tools"]:
            (there,) = self.tools(tool["name"])
            assert there["id"] == registered[tool["name"]]
            assert_contains(there, tool["definition"])
            assert_contains(there["server"], {"url": SERVER, "credentialId": CREDENTIAL, "timeoutSeconds": 20})
        linked = assistant["model"]["toolIds"]
        assert set(registered.values()) <= set(linked)
        assert len(linked) == len(set(linked))
        assert system_messages(assistant)[0] == wanted["prompt"]
        assert_contains(assistant["server"], {"url": SERVER, "credentialId": CREDENTIAL})
        assert set(assistant["serverMessages"]) >= SERVER_MESSAGES
        assert assistant["metadata"]["org_id"] == self.office.org


def system_messages(assistant: Json) -> list[str]:
    return [message["content"] for message in assistant["model"]["messages"] if message["role"] == "system"]


def assert_contains(there: Any, wanted: Any, path: str = "") -> None:
    """All that is wanted is there; in objects there may be more."""
    if isinstance(wanted, dict):
        assert isinstance(there, dict), path
        for key, value in wanted.items():
            assert key in there, f"{path}.{key}"
            assert_contains(there[key], value, f"{path}.{key}")
    elif isinstance(wanted, list):
        assert isinstance(there, list) and len(there) == len(wanted), path
        for number, (one_there, one_wanted) in enumerate(zip(there, wanted, strict=True)):
            assert_contains(one_there, one_wanted, f"{path}[{number}]")
    else:
        assert there == wanted, path
