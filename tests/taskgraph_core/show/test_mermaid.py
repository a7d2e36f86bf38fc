from __future__ import annotations

import pytest

from support.graphs import graph_of
from taskgraph_core.show.mermaid import MOST_EDGES, escaped, mermaid


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Set up CI/CD (GitHub), then test-drive it!", "Set up CI/CD (GitHub), then test-drive it!"),
        ('say "hi" [now]', "say #34;hi#34; #91;now#93;"),
        ("a---b", "a#45;#45;#45;b"),
        ("%%{init}%%", "#37;#37;#123;init#125;#37;#37;"),
        ("#35; &lt;", "#35;35#59; #38;lt#59;"),
        ("direction TB", "#100;irection TB"),
        ("fa:fa-car @{x} `y`", "fa#58;fa-car #64;#123;x#125; #96;y#96;"),
        ("a\x1b[2J\nb", "a\ufffd#91;2J b"),
        ("\ufb02°°35¶ß", "fl°°35¶ß"),
    ],
)
def test_text_in_a_label_is_only_itself(text: str, written: str) -> None:
    assert escaped(text) == written


def test_an_edge_into_the_end_of_a_box_has_a_node_to_lead_to() -> None:
    graph = graph_of("1", "2 < 1 2.1", "2.1", "3 < 2", tasks={"2.1": {"group": "2"}})

    assert mermaid(graph).splitlines()[3:] == [
        '    t1["○ 1"]',
        '    subgraph t2["○ 2"]',
        '        t3["○ 2.1"]',
        '        t2_end(["2 ends"])',
        "    end",
        '    t4["○ 3"]',
        "    t1 --> t2_end",
        "    t3 --> t2_end",
        "    t2 --> t4",
        "    classDef s1 stroke:#6b7280,stroke-width:2px",
        "    class t1,t2,t3,t4 s1",
    ]


def test_a_comment_says_when_viewers_would_refuse() -> None:
    few = graph_of("0", *(f"{number} < 0" for number in range(1, MOST_EDGES + 1)))
    many = graph_of("0", *(f"{number} < 0" for number in range(1, MOST_EDGES + 2)))

    assert "maxEdges" not in mermaid(few)
    assert f"%% {MOST_EDGES + 1} edges: the viewer's maxEdges has to be raised" in mermaid(many)
