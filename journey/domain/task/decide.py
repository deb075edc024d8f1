"""What happens to a task if this is done now. Yields nothing when it has already happened."""

from collections.abc import Iterator
from typing import cast

from journey.domain.event import Command, Event, Fact
from journey.domain.room import follow
from journey.domain.task import commands as ask
from journey.domain.task import events as happened
from journey.domain.task.evolve import evolve
from journey.domain.task.state import PASSED, TRANSITIONS, Task, Tasks

CARRIES_OUT: dict[type[Command], type[Event]] = {
    ask.RequestTask: happened.TaskRequested,
    ask.AcceptTask: happened.TaskAccepted,
    ask.RejectTask: happened.TaskRejected,
    ask.StartTask: happened.TaskStarted,
    ask.HoldTask: happened.TaskPutOnHold,
    ask.ResumeTask: happened.TaskResumed,
    ask.CompleteTask: happened.TaskCompleted,
    ask.FailTask: happened.TaskFailed,
    ask.CancelTask: happened.TaskCancelled,
    ask.ReassignTask: happened.TaskReassigned,
}


def decide(tasks: Tasks, command: ask.TaskCommand) -> Iterator[happened.TaskEvent]:
    """What happens if we do this now."""
    event = cast(happened.TaskEvent, CARRIES_OUT[type(command)](**command.facts()))

    def after(event: happened.TaskEvent, fact: Fact) -> Task | None:
        return evolve(tasks, event, fact).get(event.task_id)

    yield from follow(TRANSITIONS, tasks.get(command.task_id), after, event, command, passed=PASSED)
