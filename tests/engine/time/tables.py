"""The tables of ladders and of pauses, as small as tests need them."""

from collections.abc import Sequence

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="{id}_file" name="{id}" '
    'namespace="urn:wuye:test"><decision id="{id}" name="{id}"><decisionTable id="{id}_table" '
    'hitPolicy="{policy}">'
)


def _table(
    identity: str, policy: str, key: str, columns: dict[str, str], rows: Sequence[Sequence[str]]
) -> bytes:
    parts = [
        _HEAD.format(id=identity, policy=policy),
        f'<input id="{identity}_in" label="{key}"><inputExpression id="{identity}_expression" '
        f'typeRef="string"><text>{key}</text></inputExpression></input>',
    ]
    for name, kind in columns.items():
        parts.append(f'<output id="{identity}_{name}" name="{name}" typeRef="{kind}"/>')
    for number, (test, *answers) in enumerate(rows):
        cells = "".join(
            f'<outputEntry id="{identity}_{number}_{column}"><text>{answer}</text></outputEntry>'
            for column, answer in enumerate(answers)
        )
        parts.append(
            f'<rule id="{identity}_{number}"><inputEntry id="{identity}_{number}_if"><text>{test}</text>'
            f"</inputEntry>{cells}</rule>"
        )
    return ("".join(parts) + "</decisionTable></decision></definitions>").encode()


LADDERS = (
    "escalation.dmn",
    _table(
        "escalation",
        "COLLECT",
        "ladder",
        {"level": "number", "after": "string", "notify": "string", "widen": "string"},
        [
            ('"accept"', "1", '"80%"', '"assignee"', ""),
            ('"accept"', "2", '"100%"', '"assignee,csl"', '"csl"'),
            ('"accept"', "3", '"PT3H"', '"pm"', ""),
        ],
    ),
)
PAUSES = (
    "pause.dmn",
    _table(
        "pause",
        "UNIQUE",
        "reason",
        {"longest": "dayTimeDuration", "free": "dayTimeDuration"},
        [
            ('"owner_absent"', 'duration("P7D")', 'duration("P3D")'),
            ('"parts"', 'duration("P15D")', 'duration("P3D")'),
        ],
    ),
)
