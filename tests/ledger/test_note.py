"""Notes and checkpoints: those of the specification, ours, and those that are nobody's."""

from base64 import b64decode

import pytest

from journey.ledger.merkle import EMPTY
from journey.ledger.note import BadNote, Checkpoint, Signer, Verifier, opened, signed

KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
"""The example of the specification."""

BEHIND = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

OURS, NEXT = (
    Signer(name, bytes([number]) * 32) for number, name in enumerate(("journey.example", "next"), 1)
)


def test_the_note_of_the_specification() -> None:
    key = Verifier.read(KEY)
    assert str(key) == KEY
    assert opened(NOTE, [key]) == ("This is an example message.\n", (key,))


def test_the_checkpoint_of_the_specification() -> None:
    found = Checkpoint.read(BEHIND)
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
    assert found.root == b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    assert found.text == BEHIND


def test_what_is_signed_is_opened_by_those_who_know_the_key() -> None:
    text = Checkpoint("journey.example/log", 0, EMPTY, ("epoch 3",)).text
    note = signed(text, [OURS, NEXT])
    assert Checkpoint.read(opened(note, [OURS.verifier])[0]).more == ("epoch 3",)
    assert opened(note, [NEXT.verifier, OURS.verifier])[1] == (OURS.verifier, NEXT.verifier)
    with pytest.raises(BadNote):
        opened(signed(text, [NEXT]), [OURS.verifier])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "no signature\n",
        signed("a\n", [OURS]).replace("a\n", "b\n", 1),
        signed("a\n", [OURS])[:-9] + "AAAAAAA=\n",
        signed("a\n", [OURS]).replace("— ", "- "),
        signed("a\n", [OURS]) + "\n",
        signed("a\x07\n", [OURS]),
        signed("a\n" * 100_000, [OURS]),
    ],
)
def test_what_is_no_note_of_ours(note: str) -> None:
    with pytest.raises(BadNote):
        opened(note, [OURS.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n",
        "origin\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n1\nCsUY\n",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        BEHIND + "\nmore\n",
        BEHIND.removesuffix("\n"),
    ],
)
def test_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.read(text)


@pytest.mark.parametrize(
    "key", ["", "a+b", KEY.replace("530d", "530e"), KEY.replace("+Aek", "+Bek"), KEY[:-2]]
)
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(BadNote):
        Verifier.read(key)


def test_a_name_that_a_note_cannot_hold() -> None:
    with pytest.raises(ValueError, match="no space and no plus"):
        Signer("two words", bytes(32))
