from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans import HOSTILE
from taskgraph_core import generate
from taskgraph_core.errors import TargetError
from taskgraph_core.generate import literal, replace_text, target, targets, write_files

if TYPE_CHECKING:
    from pathlib import Path

# --- literals ---------------------------------------------------------------------------

PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text())
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(), st.integers(), st.tuples(st.text())), inner, max_size=3),
    ),
    max_leaves=8,
)


@given(VALUES)
def test_a_literal_reads_back_equal_and_is_one_line_of_ascii(value: object) -> None:
    text = literal(value)

    assert text.isascii()
    assert len(text.splitlines()) <= 1
    back = ast.literal_eval(text)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_inside_its_quotes(hostile: str) -> None:
    tree = ast.parse(f"x = {literal(hostile)}\n".encode())
    (statement,) = tree.body

    assert isinstance(statement, ast.Assign)
    assert isinstance(statement.value, ast.Constant)
    assert statement.value.value == hostile


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        ("it's", '"it\'s"'),
        ('say "x"', "'say \"x\"'"),
        ("", '""'),
        (1e22, "1e22"),
        (1e-7, "1e-07"),
        (float("inf"), 'float("inf")'),
        (float("-inf"), 'float("-inf")'),
        (float("nan"), 'float("nan")'),
        ((), "()"),
        ((1,), "(1,)"),
        (True, "True"),
        ({"a": [1, None]}, '{"a": [1, None]}'),
    ],
)
def test_literals_look_as_a_formatter_leaves_them(value: object, text: str) -> None:
    assert literal(value) == text


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x", [1, {2}]])
def test_what_has_no_literal_is_a_mistake_of_the_program(value: object) -> None:
    with pytest.raises(TypeError, match="no literal for"):
        literal(value)


# --- writing ----------------------------------------------------------------------------


def test_files_are_written_below_the_folder_in_order(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    written = write_files({"dag.py": "a\r\n\u00e9", "deep/er/b.txt": ""}, out)

    assert written == [out / "dag.py", out / "deep/er/b.txt"]
    assert (out / "dag.py").read_bytes() == "a\r\n\u00e9".encode()
    assert sorted(path.name for path in out.rglob("*") if path.is_file()) == ["b.txt", "dag.py"]


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "", ".", "a/.."])
def test_a_place_outside_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TargetError, match="it is not inside the output folder"):
        write_files({name: "x"}, tmp_path / "out")

    assert list(tmp_path.rglob("*")) == []


def test_a_link_in_the_place_of_a_file_is_replaced_and_never_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    out = tmp_path / "out"
    out.mkdir()
    (out / "dag.py").symlink_to(victim)
    write_files({"dag.py": "x"}, out)

    assert victim.read_text() == "precious"
    assert not (out / "dag.py").is_symlink()
    assert (out / "dag.py").read_text() == "x"


@pytest.mark.parametrize("name", ["link/dag.py", "link/new/dag.py"])
def test_a_link_that_leads_out_is_refused_and_nothing_is_made_behind_it(tmp_path: Path, name: str) -> None:
    outside, out = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    out.mkdir()
    (out / "link").symlink_to(outside)

    with pytest.raises(TargetError, match="a link leads out of the output folder"):
        write_files({name: "x"}, out)
    assert list(outside.iterdir()) == []


def test_a_folder_that_is_itself_a_link_is_the_users_choice(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    write_files({"a/dag.py": "x"}, tmp_path / "out")

    assert (tmp_path / "real" / "a" / "dag.py").read_text() == "x"


@pytest.mark.parametrize("name", ["dag.py", "dag.py/inner.py", "x" * 300])
def test_what_cannot_be_written_is_an_error_and_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    (tmp_path / "dag.py").mkdir() if name == "dag.py" else (tmp_path / "dag.py").write_text("file")

    with pytest.raises(TargetError, match="cannot write"):
        write_files({name: "x"}, tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["dag.py"]


def test_a_replaced_file_keeps_its_permissions_and_a_new_one_is_readable(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("x")
    old.chmod(0o750)
    replace_text(old, "y")
    replace_text(new, "y")

    assert old.stat().st_mode & 0o7777 == 0o750
    assert new.stat().st_mode & 0o7777 == 0o644


def test_text_that_cannot_be_encoded_leaves_the_old_file_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")

    with pytest.raises(UnicodeEncodeError):
        replace_text(tmp_path / "a", "new \ud800")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


# --- targets ------------------------------------------------------------------------------


class Point:
    """An installed entry point."""

    def __init__(self, name: str) -> None:
        self.name = name

    def load(self) -> str:
        return f"target {self.name}"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [Point("prefect"), Point("airflow")]

    def entry_points(*, group: str, name: str | None = None) -> list[Any]:
        assert group == "taskgraph.targets"
        return [point for point in points if name in (None, point.name)]

    monkeypatch.setattr(generate, "entry_points", entry_points)


def test_targets_are_found_among_what_is_installed(installed: None) -> None:
    assert targets() == {"airflow": "target airflow", "prefect": "target prefect"}
    assert target("prefect") == "target prefect"


def test_a_target_that_is_not_installed_is_an_error_that_lists_those_that_are(installed: None) -> None:
    with pytest.raises(TargetError, match="there is no target 'argo'") as error:
        target("argo")
    assert error.value.fix == "installed targets: airflow, prefect"
