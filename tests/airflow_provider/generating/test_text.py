from __future__ import annotations

from airflow_provider.generating.text import document, is_passable, shortened, storable


def test_what_databases_refuse_is_left_out_or_replaced() -> None:
    assert storable("a\0b\ud800c") == "ab\ufffdc"


def test_only_text_without_it_can_be_given_to_a_program() -> None:
    assert is_passable("a\n\u2028{{ x }}")
    assert not is_passable("a\0")
    assert not is_passable("\udfff")


def test_long_text_ends_in_an_ellipsis() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde\u2026"


def test_no_page_ends_like_the_name_of_a_file() -> None:
    assert document(" see /etc/secret.md ", 100) == "see /etc/secret.md\n"
    assert document("text", 100) == "text"
