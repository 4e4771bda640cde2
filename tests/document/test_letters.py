"""Text of others as text: what is written out, and what stays as it is."""

import unicodedata

import pytest

from support.document.letters import in_one_line, is_plain, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jx", r"\u001b[2Jx"),
        ("a\rb", r"a\u000db"),
        ("a\x00b\x7f\x9b", r"a\u0000b\u007f\u009b"),
        ("\u202edab", r"\u202edab"),
        ("a\u2028b", r"a\u2028b"),
        ("\udcff", r"\udcff"),
        ("a\r\nb\tc\n", "a\nb\tc\n"),
        ("ø, 中文, \U0001f600, e\u0301, \u200d", "ø, 中文, \U0001f600, e\u0301, \u200d"),
    ],
)
def test_orders_are_written_out_and_letters_stay(text: str, shown: str) -> None:
    assert plain(text) == shown
    assert is_plain(shown)


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n", "\t\n\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_one_line_is_one_line(line_break: str) -> None:
    assert in_one_line(f"  one{line_break}two") == "  one two"


def test_every_control_character_and_mark_of_direction_is_written_out() -> None:
    """By Unicode's tables."""
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    for number in range(0x110000):
        letter = chr(number)
        if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(letter) in turning:
            assert is_plain(letter) == (letter in "\t\n"), hex(number)
