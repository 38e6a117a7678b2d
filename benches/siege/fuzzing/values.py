"""Values at random: right ones made from the schemas of docs/openapi.json, and wrong ones."""

import base64

INTEGERS = [0, 1, -1, 2, 50, 1000, 1001, 10000, 10001, 2**31 - 1, 2**31, -(2**31), 2**32 - 1, 2**32, 2**53]
INTEGERS += [2**63 - 1, 2**63, -(2**63), 2**64 - 1, 2**64, 10**40]
DATES = ["2025-08-01", "2025", "2025-07", "..", "../..", "2025-01-01/..", "../2025", "2025~", "2025-06?", "2025%"]
DATES += ["201X", "-9999", "9999-12-31", "0000-00-00", "2025-02-30", "Y170000002", "2025-21", "[2024,2025]"]
DATES += ["{2024..2026}", "2025-08-01T12:00:00Z", "2025-08-01/2025-07-01", "", "now", "999999999999-01"]
INSTANTS = ["2025-08-02T00:00:00Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"]
INSTANTS += ["2025-08-02T00:00:00+14:00", "2025-08-02T24:00:00Z", "2016-12-31T23:59:60Z", "2025-08-02", "-1", ""]
DURATIONS = ["1s", "0s", "-1s", "0.001s", "315576000000s", "1e9s", "99999999999999s", "s"]
WORDS = ["a", "peace", "der", "x" * 257, "x" * 5000, "*", "a*", "", " ", "\u0000", "\u202e", "é́́", "ß", "İ", "日本"]
WORDS += ["\U0001f984" * 40, "'\"<script>", "%00", "../../etc/passwd", "AZE-RUS", "RUS", "$x", "$", "AND OR NOT"]
WORDS += ["\ud800"]
NUMBERS = [0, -1, 1e308, -1e308, 0.1, 5e-324, "NaN", "-Infinity"]
WRONG = [None, True, False, [], {}, [[]], [None], {"": None}, 1e308, -0.0, 1.5, "NaN", "Infinity"]
WRONG_SHARE = 0.01


class Values:
    """Makes values of the schemas. `pool` has, by the name of a field, what the ledger knows for it."""

    def __init__(self, random, schemas, pool):
        self.random, self.schemas, self.pool = random, schemas, pool

    def text(self, name=""):
        """A text that may well be right for a field of this name."""
        random, plain = self.random, name.lower().replace("_", "")
        if random.random() < 0.6:
            for key, known in self.pool.items():
                if key not in ("claims", "any") and key in plain and known:
                    return random.choice(known)
        kind = random.random()
        if kind < 0.25:
            return random.choice(DATES)
        if kind < 0.35:
            return random.choice(INSTANTS)
        if kind < 0.5:
            return random.choice(self.pool["any"])
        if kind < 0.8:
            return random.choice(WORDS)
        if kind < 0.9:
            return self.mutated_text(random.choice(self.pool["any"]))
        ranges = [(32, 127), (0, 0x300), (0x10000, 0x10FFFF)]
        return "".join(chr(random.randrange(*random.choice(ranges))) for _ in range(random.randrange(30)))

    def mutated_text(self, text):
        random, characters = self.random, list(text) or ["a"]
        for _ in range(random.randrange(1, 4)):
            at, kind = random.randrange(len(characters)), random.randrange(4)
            if kind == 0:
                characters[at] = chr(random.randrange(33, 127))
            elif kind == 1:
                characters[at:at] = characters[at : at + 5] * 2
            elif kind == 2:
                characters = characters[:at] + characters[at + 1 :] or ["a"]
            else:
                characters[at] = characters[at].swapcase()
        return "".join(characters)

    def mutated_bytes(self, content, changes):
        """The bytes with up to `changes` of them replaced."""
        changed = bytearray(content)
        if changed:
            for _ in range(self.random.randint(1, changes)):
                changed[self.random.randrange(len(changed))] = self.random.randrange(256)
        return bytes(changed)

    def wrong(self):
        """A value of the wrong type, or one that is nested deeply."""
        random = self.random
        nested = self.nested(random.choice([5, 60, 99, 101, 130, 500]))
        return random.choice([*WRONG, random.choice(INTEGERS), random.choice(WORDS), nested])

    def nested(self, depth):
        value = 1
        for _ in range(depth):
            value = [value] if self.random.random() < 0.5 else {"items": value}
        return value

    def resolved(self, schema):
        for holder in (schema, *schema.get("allOf", [])[:1]):
            if "$ref" in holder:
                return self.schemas.get(holder["$ref"].rsplit("/", 1)[-1], {})
        return schema

    def value(self, schema, name="", depth=0):
        """A value of the schema, seldom a wrong one."""
        random = self.random
        if random.random() < WRONG_SHARE:
            return self.wrong()
        schema = self.resolved(schema)
        if "enum" in schema:
            return random.choice(schema["enum"] if random.random() < 0.9 else [*INTEGERS, "X"])
        kind = schema.get("type")
        if kind == "object":
            return self.object(schema, depth)
        if kind == "array":
            return self.array(schema, name, depth)
        if kind == "integer":
            return random.choice(INTEGERS) if random.random() < 0.4 else random.randrange(200)
        if kind == "number":
            return random.choice(NUMBERS)
        if kind == "boolean":
            return random.random() < 0.5
        return self.written(schema, name)

    def written(self, schema, name):
        """A value that JSON writes as a string."""
        random, form, pattern = self.random, schema.get("format"), schema.get("pattern", "")
        if "-?[0-9]+" in pattern:
            return str(random.choice(INTEGERS) if random.random() < 0.3 else random.randrange(140))
        if form == "date-time":
            return random.choice(INSTANTS)
        if form == "duration" or "s$" in pattern:
            return random.choice(DURATIONS)
        if form == "byte":
            return base64.b64encode(random.randbytes(random.randrange(20))).decode()
        return self.text(name)

    def object(self, schema, depth):
        random, fields = self.random, list(schema.get("properties", {}).items())
        if not fields:
            return {} if random.random() < 0.9 else {"x": self.text()}
        if depth >= 9:
            return {}
        most = len(fields) if depth == 0 else min(len(fields), max(1, 4 - depth // 2))
        chosen = random.sample(fields, random.randint(0 if depth == 0 else 1, most))
        made = {name: self.value(field, name, depth + 1) for name, field in chosen}
        if random.random() < 0.02:
            made[self.text()] = self.wrong()
        return made

    def array(self, schema, name, depth):
        random, items = self.random, schema.get("items", {})
        many = 101 if depth < 5 and random.random() < 0.2 else 1
        count = random.choice([0, 1, 1, 1, 2, 3, 17 if depth < 3 else 2, many])
        if count > 3:
            return [self.value(items, name, depth + 1)] * count
        return [self.value(items, name, depth + 1) for _ in range(count)]
