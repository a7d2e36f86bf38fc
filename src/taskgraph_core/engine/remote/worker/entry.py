"""The way into our code on a machine that has none of it; this file's text is sent, and nothing else is there yet."""

from __future__ import annotations

import marshal
import sys
import threading
import types
import zlib
from typing import Any


def enter(name: str, content: bytes, function: str, *arguments: Any) -> Any:  # noqa: ANN401 - whatever it takes and gives
    """Call ``module:function`` of a package that is made in memory where it is not there yet.

    Args:
        name: of the package, instead of ``taskgraph_core``.
        content: this file's text, and the modules in the order in which they are needed: name in the package, and
            source or code.
        function: what to call.
        arguments: what to call it with.
    """
    lock: Any = sys.__dict__.setdefault("_taskgraph_lock", threading.Lock())
    with lock:  # several threads of a worker may begin at once
        if name not in sys.modules:
            text, modules = marshal.loads(zlib.decompress(content))  # noqa: S302 - from the engine, like all we do here
            made = {name: types.ModuleType(name)}
            codes = []
            for module, source in modules:
                place = name
                for part in module.split("."):
                    above, place = made[place], f"{place}.{part}"
                    above.__path__ = []
                    made.setdefault(place, types.ModuleType(place))
                    setattr(above, part, made[place])
                is_text = isinstance(source, str)
                code = compile(source.replace("taskgraph_core", name), place, "exec") if is_text else source
                codes.append((module, code))
            sys.modules.update(made)
            try:
                for module, code in codes:
                    exec(code, made[f"{name}.{module}"].__dict__)  # noqa: S102 - as an import would
            except BaseException:
                for place in made:
                    sys.modules.pop(place, None)
                raise
            made[name].__dict__["content"] = text, codes
    module, _, attribute = function.partition(":")
    return getattr(sys.modules[f"{name}.{module}"], attribute)(*arguments)
