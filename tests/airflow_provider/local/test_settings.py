from __future__ import annotations

from pathlib import Path

from airflow_provider.local.settings import settings

HOME = Path("/somewhere")


def told(**fields: str) -> dict[str, str]:
    return settings(HOME, **{"parallelism": 3, "database_url": "", "password": "", **fields})  # type: ignore[arg-type] # numbers and text


def test_nothing_is_reached_from_outside_and_nothing_lies_outside_its_home() -> None:
    assert told()["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert told()["AIRFLOW__CORE__DAGS_FOLDER"] == "/somewhere/dags"
    assert told()["AIRFLOW_HOME"] == "/somewhere"


def test_a_password_closes_it() -> None:
    assert told()["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "True"
    assert told(password="x")["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "False"


def test_secrets_are_never_the_same_twice() -> None:
    assert told()["AIRFLOW__API_AUTH__JWT_SECRET"] != told()["AIRFLOW__API_AUTH__JWT_SECRET"]


def test_a_database_is_named_only_where_it_is_not_the_usual_one() -> None:
    name = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"

    assert name not in told()
    assert told(database_url="postgresql://x")[name] == "postgresql://x"
