from __future__ import annotations

from airflow_provider.generating.layout import number


def test_whole_numbers_have_no_decimal_point() -> None:
    assert (repr(number(90.0)), repr(number(0.5))) == ("90", "0.5")
