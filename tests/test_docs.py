"""The documents say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from taskgraph_core.profile.model import GraphSettings, Profile, RunSettings, Settings

ROOT = Path(__file__).resolve().parent.parent


def test_every_finding_has_its_line_and_every_line_its_finding() -> None:
    in_code = {
        code
        for place in (ROOT / "src").rglob("*.py")
        for code in re.findall(r'"(TG\d{3})"', place.read_text(encoding="utf-8"))
    }
    documented = re.findall(r"^\| (TG\d{3}) \|", (ROOT / "docs/findings.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(documented) == sorted(in_code)


def test_every_key_of_the_profile_is_documented() -> None:
    text = (ROOT / "docs/profile.md").read_text(encoding="utf-8")
    keys = {key for model in (Profile, GraphSettings, RunSettings, Settings) for key in model.model_fields}

    assert {key for key in keys if key not in text} == set()


def test_no_file_names_a_registry_or_an_address_in_its_pins() -> None:
    for place in (ROOT / "constraints").iterdir():
        for line in place.read_text(encoding="utf-8").splitlines():
            assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line), f"{place.name}: {line}"
