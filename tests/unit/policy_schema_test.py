#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""The JSON Schema of policy files accepts every policy in the tree and refuses files that differ in one place.

    policy_schema_test.py SCHEMA POLICY...

It knows the keywords that our schema uses and fails on any other: Python's standard library has no validator.
"""
import copy
import json
import re
import sys

IGNORED = {"$schema", "$id", "title", "description", "$defs"}


def type_fits(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    return isinstance(value, kinds[name])


def fits(value, rule, root):
    for key, want in rule.items():
        if key in IGNORED or key in ("additionalProperties", "required", "properties", "items"):
            continue
        if key == "$ref":
            ok = fits(value, root["$defs"][want.rsplit("/", 1)[1]], root)
        elif key == "type":
            ok = type_fits(value, want)
        elif key == "enum":
            ok = value in want
        elif key == "const":
            ok = value == want and type(value) is type(want)
        elif key == "oneOf":
            ok = sum(fits(value, one, root) for one in want) == 1
        elif key == "pattern":
            ok = re.search(want, value) is not None
        elif key in ("minLength", "maxLength"):
            ok = len(value) >= want if key == "minLength" else len(value) <= want
        elif key in ("minItems", "maxItems"):
            ok = len(value) >= want if key == "minItems" else len(value) <= want
        elif key in ("minimum", "maximum"):
            ok = value >= want if key == "minimum" else value <= want
        elif key == "uniqueItems":
            texts = [json.dumps(v, sort_keys=True) for v in value]
            ok = len(set(texts)) == len(texts)
        else:
            sys.exit("unknown keyword " + key)
        if not ok:
            return False
    if isinstance(value, dict):
        known = rule.get("properties", {})
        if any(name not in value for name in rule.get("required", ())):
            return False
        if rule.get("additionalProperties") is False and any(name not in known for name in value):
            return False
        return all(fits(value[name], known[name], root) for name in value if name in known)
    if isinstance(value, list) and "items" in rule:
        return all(fits(item, rule["items"], root) for item in value)
    return True


def changes():
    yield "format", lambda p: p.update(format=2)
    yield "no phases", lambda p: p.pop("phases")
    yield "odd key", lambda p: p.update(phasse=[])
    yield "name with a space", lambda p: p["categories"][0].update(name="a b")
    yield "too many months", lambda p: p["consent"].update(max_months=121)
    yield "leap day", lambda p: p.update(leap_day="feb_29")
    yield "any with others", lambda p: p["messages"][0].update({"from": ["any", "police"]})
    yield "unknown agency type", lambda p: p["messages"][0].update(to=["army"])
    yield "age", lambda p: p["programmes"][0]["ages"].update({"from": -1})
    yield "who", lambda p: p["programmes"][0]["who_must_agree"][0].update(who="parents")
    yield "true is no number", lambda p: p["provisions"][0].update(approval_days=True)
    yield "six phases", lambda p: p["phases"].pop()
    yield "link of one", lambda p: p["programmes"][0].update(links=[["police"]])


def main(arguments):
    with open(arguments[0], encoding="utf-8") as file:
        schema = json.load(file)
    failed = 0
    for path in arguments[1:]:
        with open(path, encoding="utf-8") as file:
            policy = json.load(file)
        if not fits(policy, schema, schema):
            print(path + ": the schema refuses it")
            failed += 1
        for name, change in changes():
            other = copy.deepcopy(policy)
            change(other)
            if fits(other, schema, schema):
                print("%s: the schema accepts: %s" % (path, name))
                failed += 1
    return 1 if failed or len(arguments) < 2 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
