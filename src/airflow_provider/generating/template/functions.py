"""Rows that call a Python function.

A task of Airflow is a process of its own, so the function gets the folder, the modules and the
environment that it would have in one, and changes nobody else's.
"""

from __future__ import annotations

from airflow_provider.generating.template.environment import ENVIRONMENT
from airflow_provider.generating.template.piece import STANDARD, Piece

_CALL = '''\
def call(entry_point, arguments, told, folder):
    """Call "module:function" in the project folder; modules are looked for there too."""
    os.environ.update(told)
    os.chdir(folder)
    sys.path.insert(0, os.getcwd())
    module, _, function = entry_point.partition(":")
    result = attrgetter(function)(import_module(module))(**arguments)
    if inspect.iscoroutine(result):
        asyncio.run(result)
'''

CALL = Piece(
    imports=(
        ("asyncio", ""),
        ("inspect", ""),
        ("os", ""),
        ("sys", ""),
        ("importlib", "import_module"),
        ("operator", "attrgetter"),
        (f"{STANDARD}.operators.python", "PythonOperator"),
        ("airflow.sdk", "literal"),
    ),
    functions={"environment": ENVIRONMENT, "call": _CALL},
    branch="""\
    if "call" in row:
        arguments = literal(row.get("arguments", {}))
        return PythonOperator(
            python_callable=call,
            op_args=[row["call"], arguments, environment(row), FOLDER],
            do_xcom_push=False,
            **options,
        )
""",
)
