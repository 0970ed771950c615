# SPDX-License-Identifier: EUPL-1.2
"""Realistic content for any section: the agencies' own examples (agents/*/examples), one of each payload type."""
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Where a test may put a word by which it knows a message again, the first that the type has.
FREE = ("remark", "notes", "summary", "ownWords", "grounds", "reasons", "observed", "whatHappened", "reason")


def read_types():
    """{type: (category or None, message types)} from the contract's options."""
    types = {}
    for path in sorted((ROOT / "proto" / "sluss" / "v1").glob("payload*.proto")):
        for name, body in re.findall(r"^message (\w+) \{\n(.*?)^\}", path.read_text(), re.M | re.S):
            category = re.search(r'^  option \(category\) = "(\w*)";', body, re.M)
            messages = re.findall(r"^  option \(message_types\) = MESSAGE_TYPE_(\w+);", body, re.M)
            if messages:
                types[name] = (category and category[1], {m.replace("_", "").lower() for m in messages})
    return types


TYPES = read_types()
EXAMPLES = {}
for example in sorted(ROOT.glob("agents/*/examples/*.json")):
    tree = json.loads(example.read_text())
    EXAMPLES.setdefault(tree.get("@type", "").removeprefix("sluss.v1."), tree)


def of(category, message_type, word=None):
    """Valid content of this category that a message of this type carries; `word` stands in it where its type has room for one, see word_of."""
    fits = [n for n, (c, messages) in TYPES.items() if c == category and message_type.lower() in messages and n in EXAMPLES]
    fits.sort(key=lambda n: n != message_type)  # the message's own first
    if not fits and message_type.lower() in TYPES["Note"][1]:
        return {"@type": "sluss.v1.Note", "category": category, "text": word or "text"}
    if not fits:
        raise LookupError(f"nothing of {category} stands in a message of type {message_type}")
    tree = json.loads(json.dumps(EXAMPLES[fits[0]]))
    if word is not None:
        names = re.findall(r"^  string (\w+) =", re.search(rf"^message {fits[0]} \{{\n(.*?)^\}}", "".join(
            p.read_text() for p in (ROOT / "proto" / "sluss" / "v1").glob("payload*.proto")), re.M | re.S)[1], re.M)
        names = [re.sub(r"_(\w)", lambda m: m[1].upper(), n) for n in names]
        tree.update({f: word for f in [f for f in FREE if f in names][:1]})
    return tree


def word_of(content):
    """The word that `of` was given."""
    return content["text"] if "text" in content else next(content[f] for f in FREE if f in content)
