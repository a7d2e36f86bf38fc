from __future__ import annotations

import re
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from airflow_provider.generating.text import document, inert, is_passable, shortened, storable


def test_what_databases_refuse_is_left_out_or_replaced() -> None:
    assert storable("a\0b\ud800c") == "ab\ufffdc"


def test_only_text_without_it_can_be_given_to_a_program() -> None:
    assert is_passable("a\n\u2028{{ x }}")
    assert not is_passable("a\0")
    assert not is_passable("\udfff")


def test_long_text_ends_in_an_ellipsis() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde\u2026"


TEXT = st.lists(
    st.sampled_from(
        [
            *"\\`*_[]()<>~|&#!-+=:.1 \t",
            "\n",
            "\n\n",
            "    ",
            "https://a.b/c_d_",
            "www.x.org",
            "a@b.cd",
            "&lt;",
            "](",
            "\r",
            "<b>",
        ]
    )
    | st.text(max_size=3)
).map("".join)


@given(TEXT)
def test_markdown_of_a_text_shows_the_text_and_does_nothing(text: str) -> None:
    shown: list[str] = []
    for block in MarkdownIt().enable("table").enable("strikethrough").parse(inert(storable(text))):
        assert block.type not in ("html_block", "code_block", "fence", "table_open")
        for token in block.children or ():
            assert token.type in ("text", "text_special", "softbreak", "hardbreak", "code_inline")
            if token.type == "text":
                assert not re.search(r"https?://\w|www\.\w|\w@\w+\.", token.content, re.IGNORECASE)
            shown.append(token.content)

    assert re.sub(r"[^\w\[\]<>`*&|]|\d", "", "".join(shown)) == without_marks(text)


def without_marks(text: str) -> str:
    """What must be left of a text, less the numbers that make a line an item of a list."""
    return re.sub(r"[^\w\[\]<>`*&|]|\d", "", storable(text))


def test_a_page_has_titled_sections_and_links() -> None:
    sections = {"": "What.", "Details": " *How.*\n", "Test strategy": " "}

    assert document(sections, {"run [book]": "https://a.b/?c&d=(1)"}, 100) == (
        "What.\n\n**Details**\n\n\\*How.\\*\n\n- [run \\[book\\]](<https://a.b/?c&amp;d=(1)>)"
    )
    assert document({"": ""}, {}, 100) == ""


def test_links_lead_where_they_say() -> None:
    url = "https://a.b/x_y_(z)?q=&copy;&amp;=*[1]'#!"
    (token,) = [
        child
        for block in MarkdownIt().parse(document({}, {"*a* <b> ![c](d)": url}, 9))
        for child in block.children or ()
        if child.type == "link_open"
    ]

    assert unquote(str(token.attrs["href"])) == url


def test_no_page_ends_like_the_name_of_a_file() -> None:
    assert document({"": " see /etc/secret.md "}, {}, 100) == "see /etc/secret.md\n"
    assert document({"": "text"}, {}, 100) == "text"
