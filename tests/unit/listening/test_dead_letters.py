"""Plays that could not be kept are given back: nobody sends them twice."""

from earshot.messages import RecordPlays
from earshot.stores.message_queue import Letters, MessageQueue
from listening.dead_letters import DeadLetters
from tests.unit.listening.world import World, message, play


def test_every_letter_is_sent_once_more_and_what_nobody_can_read_stays_for_a_person(world: World) -> None:
    sqs, queues, dead = world.stage.account.sqs, world.stage.queues, world.stage.dead
    first = message(play(1), play(2))
    for body in (first.to_json(), "secret, and no message", message(play(3)).to_json()):
        sqs.send_message(QueueUrl=dead["plays"], MessageBody=body)
    letters = DeadLetters(MessageQueue(sqs, queues["plays"]), Letters(sqs, "arn:aws:sqs:eu-central-1:1:plays-dlq"))
    assert letters.give_back() == 2
    waiting = sqs.receive_message(QueueUrl=queues["plays"], MaxNumberOfMessages=10)["Messages"]
    assert first in [RecordPlays.from_json(letter["Body"]) for letter in waiting]
    attributes = sqs.get_queue_attributes(
        QueueUrl=dead["plays"], AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
    )
    assert attributes["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1"
