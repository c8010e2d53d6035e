"""QR codes fast enough for print runs: a QR code of fixed version, level and mask is linear over GF(2).

Every module is an XOR of message bits and a constant. `Coder` therefore keeps, for each data codeword and each of its
256 values, the whole symbol as one integer, and a symbol costs as many XORs as it has data codewords (some
microseconds; segno takes a millisecond with a fixed mask, seven with the automatic one). The constant part (finders,
timing, format, mask) is taken from one symbol that segno made, and a second one is compared when the tables are built;
the tests compare every entry with segno. Versions 1 to 6 with one or more equal blocks, error level L or M.

Source: ISO/IEC 18004:2015, 7.4 to 7.7.
"""

from __future__ import annotations

from functools import cache, reduce
from operator import xor

MASK = 3
ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUE = {char: value for value, char in enumerate(ALPHANUMERIC)}

# (version, level): data codewords and error codewords of a block, number of blocks (ISO/IEC 18004 table 9).
_BLOCKS: dict[tuple[int, str], tuple[int, int, int]] = {
    (1, "M"): (16, 10, 1),
    (2, "M"): (28, 16, 1),
    (3, "M"): (44, 26, 1),
    (4, "M"): (32, 18, 2),
    (5, "M"): (43, 24, 2),
    (6, "M"): (27, 16, 4),
    (1, "L"): (19, 7, 1),
    (2, "L"): (34, 10, 1),
    (3, "L"): (55, 15, 1),
    (4, "L"): (80, 20, 1),
    (5, "L"): (108, 26, 1),
    (6, "L"): (68, 18, 2),
}


class TooLong(ValueError):
    """The text does not fit the largest version that the tables serve."""


def _logarithms() -> tuple[list[int], list[int]]:
    """Powers of 2 in GF(256) with the polynomial of QR codes, 0x11D (twice, so that sums need no modulo), and logs."""
    powers, logs, value = [0] * 510, [0] * 256, 1
    for exponent in range(255):
        powers[exponent] = powers[exponent + 255] = value
        logs[value] = exponent
        value = (value << 1) ^ (0x11D if value & 0x80 else 0)
    return powers, logs


_POWERS, _LOGS = _logarithms()


def _multiply(a: int, b: int) -> int:
    """Product in GF(256)."""
    return _POWERS[_LOGS[a] + _LOGS[b]] if a and b else 0


def _error_codewords(data: bytes, count: int) -> bytes:
    """The Reed-Solomon remainder of a block."""
    generator = [1]
    root = 1
    for _ in range(count):
        longer = [*generator, 0]
        for index, factor in enumerate(generator):
            longer[index + 1] ^= _multiply(factor, root)
        generator = longer
        root = _multiply(root, 2)
    remainder = [0] * count
    for byte in data:
        lead = byte ^ remainder[0]
        remainder = [*remainder[1:], 0]
        if lead:
            remainder = [value ^ _multiply(factor, lead) for value, factor in zip(remainder, generator[1:], strict=True)]
    return bytes(remainder)


def _module_order(version: int) -> list[tuple[int, int]]:
    """(row, column) of the data modules in the order in which the bits of the codewords are placed."""
    size = 17 + 4 * version
    centre = size - 7

    def is_function(row: int, column: int) -> bool:
        in_finder = (row < 9 and (column < 9 or column >= size - 8)) or (row >= size - 8 and column < 9)
        in_alignment = version > 1 and abs(row - centre) <= 2 and abs(column - centre) <= 2
        return in_finder or in_alignment or row == 6 or column == 6

    order = []
    upward = True
    right = size - 1
    while right > 0:
        if right == 6:
            right = 5
        for step in range(size):
            row = size - 1 - step if upward else step
            order += [(row, column) for column in (right, right - 1) if not is_function(row, column)]
        upward = not upward
        right -= 2
    return order


def _bits(text: str, *, alphanumeric: bool, capacity: int) -> bytes:
    """The data codewords of a message in one segment, terminated and padded (versions 1 to 9).

    segno 1.6.6 pads a message that already ends at a codeword with one more zero codeword; we follow the standard.
    Both read the same.
    """
    if alphanumeric:
        value, length = (0b0010 << 9) | len(text), 13
        for start in range(0, len(text) - 1, 2):
            value = (value << 11) | (_VALUE[text[start]] * 45 + _VALUE[text[start + 1]])
        length += 11 * (len(text) // 2)
        if len(text) % 2:
            value, length = (value << 6) | _VALUE[text[-1]], length + 6
    else:
        raw = text.encode("utf-8")
        value = (((0b0100 << 8) | len(raw)) << (8 * len(raw))) | int.from_bytes(raw, "big")
        length = 12 + 8 * len(raw)
    total = capacity * 8
    if length > total:
        raise TooLong(text)
    padding = min(4, total - length)
    padding += -(length + padding) % 8
    words = (value << padding).to_bytes((length + padding) // 8, "big")
    return words + (b"\xec\x11" * capacity)[: capacity - len(words)]


def segno_rows(text: str, version: int, level: str) -> list[bytes]:
    """The symbol that segno makes with our mask, one byte a module (1 = dark); slow, the reference of the tables."""
    import segno

    mode = "alphanumeric" if is_alphanumeric(text) else "byte"
    made = segno.make_qr(text, version=version, error=level, mask=MASK, mode=mode, boost_error=False)
    return [bytes(module & 1 for module in row) for row in made.matrix]


def is_alphanumeric(text: str) -> bool:
    """Whether the short alphabet of QR codes holds the text (digits, capitals, `$%*+-./:` and blank)."""
    return _VALUE.keys() >= set(text)


class Coder:
    """The tables of one version and level.

    `size` is the number of modules a side; `stride` the bytes of a row in `image`.
    """

    def __init__(self, version: int, level: str) -> None:
        self.version, self.level = version, level
        self.size = 17 + 4 * version
        self.stride = (self.size + 7) // 8
        data, error, blocks = _BLOCKS[version, level]
        self.capacity = data * blocks
        weight = [1 << self._shift(row, column) for row, column in _module_order(version)]
        # Codewords are interleaved: the first of every block, the second of every block, ..., then the error codewords.
        data_bits = [[weight[8 * (within * blocks + block) + bit] for bit in range(8)] for block in range(blocks) for within in range(data)]
        error_bits = [
            [weight[8 * (data * blocks + within * blocks + block) + bit] for bit in range(8)] for block in range(blocks) for within in range(error)
        ]
        error_tables = [self._all_values(columns) for columns in error_bits]
        parity = self._unit_parities(data, error)
        self.tables: list[list[int]] = []
        for position, bits in enumerate(data_bits):
            block, within = divmod(position, data)
            block_tables = error_tables[block * error : (block + 1) * error]
            self.tables.append(
                self._all_values(
                    [reduce(xor, map(list.__getitem__, block_tables, word), bit) for bit, word in zip(bits, parity[within], strict=True)]
                )
            )
        self._complete = self._reference_constant()

    @staticmethod
    def _unit_parities(data: int, error: int) -> list[list[bytes]]:
        """For each position and bit of a block the error codewords of the message that is that one bit."""
        lead = [_error_codewords(bytes([0x80 >> bit]), error) for bit in range(8)]
        positions = [lead]
        shift = _error_codewords(b"\x01", error)  # the remainder of x^error, to multiply by x
        for _ in range(data - 1):
            longer = []
            for word in positions[0]:
                moved = bytes([*word[1:], 0])
                longer.append(bytes(m ^ _multiply(s, word[0]) for m, s in zip(moved, shift, strict=True)))
            positions.insert(0, longer)
        return positions

    @staticmethod
    def _all_values(columns: list[int]) -> list[int]:
        """The symbols of all 256 values of a codeword from those of its eight bits (most significant first)."""
        values = [0] * 256
        for value in range(1, 256):
            low = value & -value
            values[value] = values[value ^ low] ^ columns[8 - low.bit_length()]
        return values

    def _shift(self, row: int, column: int) -> int:
        return (self.size - 1 - row) * self.stride * 8 + self.stride * 8 - 1 - column

    def _reference_constant(self) -> int:
        """Everything but the data of a symbol, from segno; RuntimeError when a second symbol disagrees."""
        constants = set()
        for text in ("A" * 8, "0Z:/"):
            rows = segno_rows(text, self.version, self.level)
            symbol = 0
            for row, modules in enumerate(rows):
                for column, dark in enumerate(modules):
                    symbol |= dark << self._shift(row, column)
            words = _bits(text, alphanumeric=True, capacity=self.capacity)
            constants.add(symbol ^ self.linear(words))
        if len(constants) != 1:
            raise RuntimeError("the QR tables disagree with segno: do not print")
        return constants.pop()

    def linear(self, words: bytes) -> int:
        """The part of a symbol that depends on the data: the XOR of one table entry for each codeword."""
        return reduce(xor, map(list.__getitem__, self.tables, words))

    def symbol(self, text: str) -> int:
        """The symbol as one integer, rows padded to bytes, dark = 1; TooLong when the text does not fit."""
        words = _bits(text, alphanumeric=is_alphanumeric(text), capacity=self.capacity)
        return self._complete ^ self.linear(words)

    def image(self, text: str) -> bytes:
        """The symbol as a 1-bit image, row by row, dark = 1."""
        return self.symbol(text).to_bytes(self.size * self.stride, "big")


@cache
def coder(version: int, level: str) -> Coder:
    """The tables of a version and level, built once in a process (some milliseconds)."""
    return Coder(version, level)


def fitting(text: str, level: str = "M") -> Coder:
    """The smallest symbol that holds the text; TooLong beyond version 6."""
    return coder(least_version(text, level), level)


def least_version(text: str, level: str = "M") -> int:
    """The version of the smallest symbol that holds the text, 1 to 6; TooLong beyond. Builds no tables."""
    alphanumeric = is_alphanumeric(text)
    for version in range(1, 7):
        data, _error, blocks = _BLOCKS[version, level]
        try:
            _bits(text, alphanumeric=alphanumeric, capacity=data * blocks)
        except TooLong:
            continue
        return version
    raise TooLong(text)
