"""`bench`: figures beside a floor or a rival, and the soak's count."""

import inspect
import json
import pkgutil
from importlib import import_module

import journey.bench
from journey.bench.scratch import Scratch
from journey.cli.bench import NAMES
from tests.cli.conftest import Program


def test_every_benchmark_has_its_name() -> None:
    modules = [
        import_module(f"journey.bench.{each.name}") for each in pkgutil.iter_modules(journey.bench.__path__)
    ]
    there = [
        name.rstrip("_").replace("_", "-")
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ == f"journey.bench.{name}"
        and [each.annotation for each in inspect.signature(function).parameters.values()] == [Scratch]
    ]
    assert sorted(there) == sorted(NAMES)


def test_benchmark_and_soak_on_the_server_that_is_named(program: Program) -> None:
    drain, soak = program.from_nothing(("bench", "drain", "--json"), ("bench", "soak", "--seconds", "1"))
    assert drain.returncode == 0, drain.stderr
    figures = json.loads(drain.stdout)["drain"]
    assert {"what", "value", "unit", "against", "ratio"} == set(figures[0])
    assert all(figure["value"] > 0 for figure in figures)
    assert soak.returncode == 0, soak.stderr
    assert soak.stdout.splitlines()[-1] == "Nothing is lost, doubled or out of order."
