"""Arithmetic expressions: numbers and the four operations, as trees. What a problem asks for is one; its value is exact.

They are written as SVAMP has them, with spaces inside the brackets, so that a number is one token wherever it stands.
Templates are written with the letters of a scene's numbers (`(a + b) - c`), and read from the world's own file only.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

Sign = Literal["+", "-", "*", "/"]
SIGNS: tuple[Sign, ...] = ("+", "-", "*", "/")
_OF: Mapping[type[ast.operator], Sign] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_DOES: Mapping[Sign, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


@dataclass(frozen=True)
class Operation:
    """Two expressions and what is done with them."""

    sign: Sign
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"( {self.left} {self.sign} {self.right} )"


Expression = int | str | Operation
"""A number, the letter of one (in templates), or an operation."""


def template(text: str) -> Expression:
    """An expression out of its written form.

    >>> str(template("(a + b) - c"))
    '( ( a + b ) - c )'
    """
    return _read(ast.parse(text, mode="eval").body)


def _read(node: ast.expr) -> Expression:
    match node:
        case ast.BinOp(left=left, op=sign, right=right):
            return Operation(_OF[type(sign)], _read(left), _read(right))
        case ast.Name(id=name):
            return name
        case ast.Constant(value=int(number)):
            return number
    raise ValueError(f"an expression: got {ast.unparse(node)!r}, wanted letters, whole numbers and + - * /")


def filled(expression: Expression, numbers: Mapping[str, int]) -> Expression:
    """The expression with a number for each of its letters.

    >>> str(filled(template("(a + b) - c"), {"a": 3, "b": 4, "c": 5}))
    '( ( 3 + 4 ) - 5 )'
    """
    match expression:
        case Operation(sign, left, right):
            return Operation(sign, filled(left, numbers), filled(right, numbers))
        case str(letter):
            return numbers[letter]
    return expression


def value(expression: Expression) -> Fraction | None:
    """What it comes to; None where something is divided by zero.

    >>> value(Operation("/", 7, 2))
    Fraction(7, 2)
    """
    match expression:
        case Operation(sign, left, right):
            one, other = value(left), value(right)
            return None if one is None or other is None else applied(sign, one, other)
        case int(number):
            return Fraction(number)
    raise ValueError(f"an expression with letters has no value: {expression}")


def applied(sign: Sign, left: Fraction, right: Fraction) -> Fraction | None:
    """What one operation comes to; None where it divides by zero."""
    return None if sign == "/" and right == 0 else _DOES[sign](left, right)


def operations(expression: Expression) -> Iterator[Operation]:
    """The operations in the order in which they are worked out: the innermost first."""
    if isinstance(expression, Operation):
        yield from operations(expression.left)
        yield from operations(expression.right)
        yield expression


def leaves(expression: Expression) -> list[int | str]:
    """Its numbers, or letters, from left to right."""
    if isinstance(expression, Operation):
        return [*leaves(expression.left), *leaves(expression.right)]
    return [expression]


def changed(expression: Expression, change: Callable[[Operation], list[Expression]]) -> list[Expression]:
    """Every expression that differs from this one in a single operation, which `change` gives others for."""
    if not isinstance(expression, Operation):
        return []
    return [
        *change(expression),
        *(replace(expression, left=left) for left in changed(expression.left, change)),
        *(replace(expression, right=right) for right in changed(expression.right, change)),
    ]


def commuted(expression: Expression) -> list[Expression]:
    """The expression and those that commuting its sums and products gives, each once.

    >>> [str(each) for each in commuted(template("(a + b) - c"))]
    ['( ( a + b ) - c )', '( ( b + a ) - c )']
    """
    if not isinstance(expression, Operation):
        return [expression]
    pairs = [(left, right) for left in commuted(expression.left) for right in commuted(expression.right)]
    turned = [(right, left) for left, right in pairs] if expression.sign in "+*" else []
    return list(dict.fromkeys(Operation(expression.sign, left, right) for left, right in [*pairs, *turned]))


def shown(number: Fraction) -> str:
    """A number in digits: whole, or with two decimals.

    >>> shown(Fraction(7, 2)), shown(Fraction(-5))
    ('3.50', '-5')
    """
    return str(number.numerator) if number.denominator == 1 else f"{float(number):.2f}"
