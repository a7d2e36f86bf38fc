from __future__ import annotations

from support.graphs import graph_of
from taskgraph_core.show.dot import dot, escaped


def test_what_graphviz_would_read_stands_for_itself() -> None:
    assert escaped("a\x1b[2J\nb") == "a\ufffd[2J b"
    assert escaped(r'a "\N" &amp; <b>') == r"a \"\\N\" &amp;amp; <b>"


def test_edges_stop_at_the_border_of_a_group() -> None:
    graph = graph_of(
        "1", "2 < 2.1 2.2", "2.1 < 1", "2.2 < 1", "3 < 2", tasks={"2.1": {"group": "2"}, "2.2": {"group": "2"}}
    )
    text = dot(graph)

    assert "    t1 -> t3 [lhead=cluster_t2]\n" in text
    assert "    t2 -> t5 [ltail=cluster_t2]\n" in text
    assert "        {t3 t4} -> t2 [style=dotted, arrowhead=none]\n" in text
