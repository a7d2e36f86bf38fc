"""Rows that call a Python function."""

from __future__ import annotations

from airflow_provider.generating.template.piece import STANDARD, Piece

_CALL = '''\
def call(entry_point, arguments, folder):
    """Call "module:function"; modules are looked for in the project folder as well."""
    sys.path.insert(0, folder)
    module, _, function = entry_point.partition(":")
    result = attrgetter(function)(import_module(module))(**arguments)
    if inspect.iscoroutine(result):
        asyncio.run(result)
'''

CALL = Piece(
    imports=(
        ("asyncio", ""),
        ("inspect", ""),
        ("sys", ""),
        ("importlib", "import_module"),
        ("operator", "attrgetter"),
        (f"{STANDARD}.operators.python", "PythonOperator"),
        ("airflow.sdk", "literal"),
    ),
    functions={"call": _CALL},
    branch="""\
    if "call" in row:
        return PythonOperator(
            python_callable=call,
            op_args=[row["call"], literal(row.get("arguments", {})), FOLDER],
            do_xcom_push=False,
            **options,
        )
""",
)
