"""What can keep a write or a read of the store from being done. Each message is a sentence for the caller."""

from uuid import UUID


class StaleVersion(Exception):
    """The journey has moved on from the version that the caller named."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(
            f"The journey is at version {actual}, not {expected}; read it again and decide anew."
        )
        self.actual = actual


class KeyReused(Exception):
    """The idempotency key was used on this journey for another request."""

    def __init__(self) -> None:
        super().__init__("This idempotency key was used for another request; take a new key.")


class Contended(Exception):
    """Others kept writing to the journey first."""

    def __init__(self, journey_id: UUID) -> None:
        super().__init__("Many write to this journey at once; try again in a moment.")
        self.journey_id = journey_id


class StoreUnavailable(Exception):
    """The database cannot be reached, or not in time."""

    def __init__(
        self,
        sentence: str = "The database cannot be reached, or is too busy to answer; nothing was recorded. "
        "Try again in a moment.",
    ) -> None:
        super().__init__(sentence)


class OutcomeUnknown(StoreUnavailable):
    """The connection was lost while the answer was on its way, and the database has not come back since."""

    def __init__(self) -> None:
        super().__init__(
            "The database was lost while it recorded this: it may or may not be there. Ask again with the "
            "same Idempotency-Key; it will not be recorded twice."
        )
