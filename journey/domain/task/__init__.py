"""Task: something that somebody is asked to do, and whether it was done.

    requested -> accepted -> in progress <-> on hold -> completed | failed
    requested | accepted -> rejected;   any that is not over -> cancelled
    reassigned: requested again, of another team or person

FHIR: Task (its statuses, without those of drafts).
"""

from journey.domain.task.commands import (
    AcceptTask,
    CancelTask,
    CompleteTask,
    FailTask,
    HoldTask,
    ReassignTask,
    RejectTask,
    RequestTask,
    ResumeTask,
    StartTask,
    TaskCommand,
)
from journey.domain.task.decide import decide
from journey.domain.task.events import (
    TaskAccepted,
    TaskCancelled,
    TaskCompleted,
    TaskEvent,
    TaskFailed,
    TaskPutOnHold,
    TaskReassigned,
    TaskRejected,
    TaskRequested,
    TaskResumed,
    TaskStarted,
)
from journey.domain.task.evolve import evolve
from journey.domain.task.state import TRANSITIONS, Task, Tasks, TaskStatus

__all__ = [
    "TRANSITIONS",
    "AcceptTask",
    "CancelTask",
    "CompleteTask",
    "FailTask",
    "HoldTask",
    "ReassignTask",
    "RejectTask",
    "RequestTask",
    "ResumeTask",
    "StartTask",
    "Task",
    "TaskAccepted",
    "TaskCancelled",
    "TaskCommand",
    "TaskCompleted",
    "TaskEvent",
    "TaskFailed",
    "TaskPutOnHold",
    "TaskReassigned",
    "TaskRejected",
    "TaskRequested",
    "TaskResumed",
    "TaskStarted",
    "TaskStatus",
    "Tasks",
    "decide",
    "evolve",
]
