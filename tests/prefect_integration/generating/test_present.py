from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect_integration.generating.present import beside_what_is_there
from prefect_integration.generating.target import TARGET, PrefectOptions, generate
from support.graphs import graph_of
from taskgraph_core.errors import TargetError
from taskgraph_core.generate import write_files

if TYPE_CHECKING:
    from pathlib import Path

FILE = "prefect.yaml"


def text_of(name: str, pool: str = "machines", *lines: str) -> str:
    return generate(graph_of(*(lines or ("1",)), id=name), PrefectOptions(work_pool=pool)).files[FILE]


def entry_of(name: str, indent: int = 2) -> str:
    lines = text_of(name).splitlines()[3:]
    return "".join(" " * indent + line[2:] + "\n" for line in lines)


def merged(present: str, name: str) -> str:
    return beside_what_is_there(FILE, present, text_of(name))


def test_graphs_of_one_folder_share_the_file() -> None:
    both = merged(text_of("first"), "second")

    assert both == text_of("first") + entry_of("second")


def test_generating_again_changes_only_the_graph_s_own_entry() -> None:
    both = merged(merged(text_of("first"), "second"), "third")
    again = beside_what_is_there(FILE, both, text_of("second", "elsewhere"))

    assert merged(both, "second") == both
    assert again == both.replace(entry_of("second"), entry_of("second").replace('"machines"', '"elsewhere"'))


BY_HAND = """\
# Ours.
name: project
pull:
- prefect.deployments.steps.set_working_directory:
    directory: /srv

deployments:
- name: by-hand   # a comment
  description: |
    # not a comment
    - name: "first"
  entrypoint: mine.py:run
  tags: [x]

- entrypoint: "graph:first"
  name: 'other'

# About what follows.
variables:
  deployments: 3
"""


def test_what_people_wrote_stays_as_it_is() -> None:
    with_ours = merged(BY_HAND, "first")
    place = BY_HAND.index("\n# About")

    assert with_ours == BY_HAND[:place] + entry_of("first", 0) + BY_HAND[place:]
    assert merged(with_ours, "first") == with_ours


@pytest.mark.parametrize("present", ["", "name: x\n", "deployments:\n", "deployments: []  # none\n", "name: x"])
def test_a_file_without_deployments_gets_its_first(present: str) -> None:
    lines = merged(present, "first").splitlines(keepends=True)

    assert "".join(lines).endswith(entry_of("first"))
    assert sum(line.startswith("deployments:") for line in lines) == 1


def test_an_entry_is_known_again_after_prefect_itself_wrote_the_file() -> None:
    written = "deployments:\n- entrypoint: first.py:run\n  name: first\n  tags:\n  - taskgraph\n  - graph:first\n"

    assert merged(written, "first") == "deployments:\n" + entry_of("first", 0)


@pytest.mark.parametrize("tags", ["", "  tags: [graph:first-of-all]\n"])
def test_a_deployment_of_the_same_name_that_somebody_wrote_is_refused(tags: str) -> None:
    with pytest.raises(TargetError, match="'first' already"):
        merged(f"deployments:\n- name: first\n{tags}", "first")


@pytest.mark.parametrize(
    "present",
    [
        "deployments: [{name: x}]\n",
        "deployments: &all\n  - name: x\n",
        "{deployments: []}\n",
        '"deployments":\n  - name: x\n',
        "deployments:\n  name: x\n",
        "deployments:\n  - name: x\n - name: y\n",
        "deployments:\ndeployments:\n",
        "a: 1\n---\ndeployments:\n",
    ],
)
def test_a_file_written_in_another_way_is_refused(present: str) -> None:
    with pytest.raises(TargetError, match="no deployment can be added"):
        merged(present, "first")


@given(st.text("-# \n\tdename:plo[]{}'\"", max_size=60))
def test_no_line_is_ever_lost(text: str) -> None:
    try:
        after = merged(text, "first")
    except TargetError:
        return
    rest = iter(after.split("\n"))
    ours = "deployments:"
    assert all(line in rest or line.startswith(ours) for line in text.removesuffix("\n").split("\n"))


@pytest.mark.parametrize("name", ["first.py", "first.limits.json"])
def test_a_generated_file_is_replaced_and_any_other_is_refused(name: str) -> None:
    text = generate(graph_of("1", id="first"), PrefectOptions()).files[name]

    assert beside_what_is_there(name, text, text) == text
    for other in ("import this\n", "{}", '{"a": 1}', ""):
        with pytest.raises(TargetError, match="has not generated it"):
            beside_what_is_there(name, other, text)


def test_nothing_is_written_where_one_file_is_somebody_s_own(tmp_path: Path) -> None:
    (tmp_path / "first.limits.json").write_text("mine")
    graph = graph_of("1", id="first")

    with pytest.raises(TargetError, match=r"first\.limits\.json"):
        write_files(generate(graph, PrefectOptions()).files, tmp_path, TARGET.beside)
    assert [place.name for place in tmp_path.iterdir()] == ["first.limits.json"]


def test_a_link_is_replaced_and_not_read(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("mine")
    (tmp_path / "first.py").symlink_to("mine.py")
    write_files(generate(graph_of("1", id="first"), PrefectOptions()).files, tmp_path, TARGET.beside)

    assert not (tmp_path / "first.py").is_symlink()
    assert (tmp_path / "mine.py").read_text() == "mine"
