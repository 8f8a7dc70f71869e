"""Gives back plays that could not be kept: nobody sends them a second time, so none is given up."""

from dataclasses import dataclass

from earshot.errors import InvalidInput
from earshot.messages import RecordPlays
from earshot.stores.message_queue import Letters, MessageQueue
from earshot.telemetry import emit, logger


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """The dead letters of the queue of plays, and that queue."""

    queue: MessageQueue
    letters: Letters

    def give_back(self) -> int:
        """Send every letter once more; how many. What nobody can read stays, for a person."""
        given = 0
        for letter in self.letters:
            try:
                message = RecordPlays.from_json(letter.body)
            except InvalidInput:  # which quotes the letter
                logger().error("a dead letter cannot be read", queue="plays", characters=len(letter.body))
                emit("WorkGivenUp", reason="InvalidInput")
                continue
            self.queue.send(message)
            self.letters.remove(letter)
            given += 1
        emit("PlaysGivenBack", given)
        return given
