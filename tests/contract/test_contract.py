"""The contract: what the OpenAPI document allows is answered as it says, and what it forbids is refused."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig

from journey.domain.journey import COMMANDS
from journey.embedded import Cluster
from tests.contract import asking
from tests.contract.fuzzed import CONFIG, Target, target
from tests.served import database

pytestmark = pytest.mark.database

ROUNDS = settings(
    max_examples=1,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def asked(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with (
        database(cluster, template) as conninfo,
        target(conninfo, tmp_path_factory.mktemp("home"), patients=4) as asked,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in asked.environment().items():
            patch.setitem(os.environ, name, value)
        yield asked


@pytest.fixture(scope="module")
def schema(asked: Target) -> Any:
    config = SchemathesisConfig.from_path(CONFIG)
    return schemathesis.openapi.from_url(f"{asked.url}/openapi.json", config=config)


def test_what_is_allowed_is_answered_as_it_says(schema: Any) -> None:
    operations = [each.ok() for each in schema.get_all_operations()]
    assert len(operations) > len(COMMANDS)
    for operation in operations:
        _ask(operation, GenerationMode.POSITIVE)


def test_what_is_forbidden_is_refused(schema: Any) -> None:
    """On every route that is no command's, and on every eighth of these: the same code checks them."""
    operations = [each.ok() for each in schema.get_all_operations()]
    commands = [each for each in operations if each.definition.raw["operationId"] in COMMANDS]
    others = [each for each in operations if each not in commands]
    for operation in [*others, *commands[::8]]:
        if operation.body or operation.query or operation.headers or operation.path_parameters:
            _ask(operation, GenerationMode.NEGATIVE)


def _ask(operation: Any, mode: GenerationMode) -> None:
    @ROUNDS
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        case.call_and_validate(additional_checks=[asking.a_problem_is_of_its_kind])

    ask()


def test_each_answer_leads_on(schema: Any) -> None:
    schema.as_state_machine().run(settings=settings(ROUNDS, max_examples=10, stateful_step_count=8))
