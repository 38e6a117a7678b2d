"""Headers of HTTP/2 (RFC 7541), without a dynamic table: our settings allow none, and literals need none."""

STATUSES = {8: "200", 9: "204", 10: "206", 11: "304", 12: "400", 13: "404", 14: "500"}
# The code of Huffman is canonical, so the characters of each length tell it. No header of a server has any other.
CHARACTERS = {
    5: "012aceiost",
    6: " %-./3456789=A_bdfghlmnpru",
    7: ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz",
    8: "&*,;XZ",
    10: '!"()?',
    11: "'+|",
    12: "#>",
    13: "\0$@[]~",
    14: "^}",
    15: "<`{",
}


def huffman_codes():
    codes, code, before = {}, 0, 0
    for length, characters in CHARACTERS.items():
        code <<= length - before
        before = length
        for character in characters:
            codes[length, code] = character
            code += 1
    return codes


CODES = huffman_codes()


def from_huffman(content):
    text, code, length = "", 0, 0
    for byte in content:
        for shift in range(7, -1, -1):
            code, length = code << 1 | byte >> shift & 1, length + 1
            if (length, code) in CODES:
                text += CODES[length, code]
                code, length = 0, 0
    return text


def integer(number, bits, flags=0):
    """A number whose first byte has `bits` bits of it beneath `flags`."""
    most = (1 << bits) - 1
    if number < most:
        return bytes([flags | number])
    out, number = bytearray([flags | most]), number - most
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def literal(text):
    content = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    return integer(len(content), 7) + content


def block(headers):
    """The headers as literals that enter no table."""
    return b"".join(b"\0" + literal(name) + literal(str(value)) for name, value in headers)


class Reader:
    """Reads one header block."""

    def __init__(self, content):
        self.content, self.at = content, 0

    def read(self):
        headers = []
        while self.at < len(self.content):
            first = self.content[self.at]
            if first & 0x80:
                headers.append(self.indexed(self.number(7)))
            elif first & 0xE0 == 0x20:
                self.number(5)  # says that the table has no room, as we demanded
            else:
                index = self.number(6 if first & 0x40 else 4)
                name = self.indexed(index)[0] if index else self.text()
                headers.append((name, self.text()))
        return headers

    @staticmethod
    def indexed(index):
        """A header of the static table; only what a judgement needs has its name."""
        return (":status", STATUSES[index]) if index in STATUSES else (f"static-{index}", "")

    def number(self, bits):
        most = (1 << bits) - 1
        number, shift = self.content[self.at] & most, 0
        self.at += 1
        while number >= most or shift:
            byte = self.content[self.at]
            self.at += 1
            number += (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        return number

    def text(self):
        packed = self.content[self.at] & 0x80
        length = self.number(7)
        content = self.content[self.at : self.at + length]
        self.at += length
        return from_huffman(content) if packed else content.decode("latin1")
