"""A YAML tree held against the form that it should have. Afterwards readers take what has its form, without a word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headgate.core.diagnostic import Place, nearest
from headgate.project.forms.form import (
    ANYTHING,
    TEXT,
    Anything,
    Case,
    Choice,
    Either,
    Form,
    Keyed,
    Need,
    Number,
    Several,
    Single,
    Truth,
    Use,
    Whole,
    Words,
    whole_pattern,
)
from headgate.project.forms.loading import OF_DBT, OURS
from headgate.project.mapped import given
from headgate.project.text import Text, did_you_mean
from headgate.project.yaml_nodes import Fields, Items, Node, Scalar, is_null, number_of, value_of


class FormCheck:
    """Notes the faults of one text. ``unused`` gathers the keys that are kept although dbt would do something."""

    def __init__(self, source: Text) -> None:
        self.unused: list[tuple[str, Place]] = []
        self._source = source

    def check(self, node: Node, form: Form, key: str, *, is_item: bool = False) -> None:
        """Check a node that stands under ``key``, or as one item of the list there. Cost: a microsecond a part."""
        if isinstance(form, Words):
            self._words(node, form, key, is_item=is_item)
        elif isinstance(form, Keyed):
            self._keyed(node, form, key, is_item=is_item)
        elif isinstance(form, Several):
            self._several(node, form, key)
        elif isinstance(form, Either):
            self._either(node, form, key, is_item=is_item)
        elif isinstance(form, Single):
            self._single(node, form, key)
        elif isinstance(form, Choice | Truth | Whole | Number):
            self._scalar(node, form, key, is_item=is_item)

    def _words(self, node: Node, form: Words, key: str, *, is_item: bool) -> None:
        if not isinstance(node, Scalar):
            self._fault(node, f"{_told(key, is_item)} has to be {form.told}", form.hint)
        elif form.pattern:
            if not isinstance(value_of(node), str) or not whole_pattern(form).search(node.text):
                self._fault(node, f"{_told(key, is_item)} has to be {form.told}", form.hint)
            elif form.may_be_template and _is_template(node.text):
                self._template(node, key)
        elif form.is_filled and not node.text:
            self._fault(node, f"{_told(key, is_item)} is empty", f"Write {form.told} there.")

    def _scalar(self, node: Node, form: Choice | Truth | Whole | Number, key: str, *, is_item: bool) -> None:
        if isinstance(node, Scalar):
            if _is_template(node.text):
                self._template(node, key)
                return
            if isinstance(form, Whole):
                value = value_of(node)
                is_number = isinstance(value, int | float) and not isinstance(value, bool)
                if is_number and value == int(value) and form.least <= value <= form.most:
                    return
            elif isinstance(form, Number):
                number = number_of(node)
                if number is not None and form.least <= number <= form.most:
                    return
            elif whole_pattern(form).search(node.text):
                return
        hint = ""
        if isinstance(form, Choice) and isinstance(node, Scalar):
            one = f"Write `{form.values[0]}`, or leave it out." if len(form.values) == 1 else ""
            hint = did_you_mean(node.text, form.values, one)
        self._fault(node, f"{_told(key, is_item)} has to be {_allowed(form)}", hint)

    def _several(self, node: Node, form: Several, key: str) -> None:
        if isinstance(node, Items):
            for item in node.items:
                if not is_null(item):
                    self.check(item, form.item, key, is_item=True)
        elif form.takes_one:
            self.check(node, form.item, key, is_item=True)
        else:
            self._fault(
                node,
                f"{key} has to be a list",
                f"Begin each of its items with `- ` on a line of its own below `{key}:`.",
            )

    def _either(self, node: Node, form: Either, key: str, *, is_item: bool) -> None:
        for one in form.of:
            if isinstance(node, _KINDS[type(one)]):
                self.check(node, one, key, is_item=is_item)
                return
        if is_item:
            self._fault(node, f"each of {key} has to begin with `- name:`")
        else:
            self._fault(node, f"{key} has to be {' or '.join(_allowed(one) for one in form.of)}")

    def _keyed(self, node: Node, form: Keyed, key: str, *, is_item: bool) -> None:
        if not isinstance(node, Fields):
            if is_item:
                self._fault(node, f"each of {key} has to begin with `- name:`")
            else:
                hint = f"Write its keys on lines of their own below `{key}:`, indented."
                self._fault(node, f"{key} has to be a mapping of keys and values", hint)
            return
        fields = form.fields
        known = given(node)
        for name, value in node.pairs:
            field = fields.get(name.text)
            if field is None:
                self._other(name, value, form, f"an entry of {key}" if is_item else key)
            elif name.text in known:
                if field.use is Use.UNUSED:
                    self.unused.append((name.text, name.place))
                if field.form is not TEXT or type(value) is not Scalar:
                    self.check(value, field.form, name.text)
        needs = [need for need in form.needs if not self._is_misspelt(need, node, form)]
        self._needs(node, known, needs, key, is_item=is_item)
        for case in form.cases:
            self._case(node, known, case, key, is_item=is_item)

    def _other(self, name: Scalar, value: Node, form: Keyed, where: str) -> None:
        if form.others is None:
            told = sorted(key for key, field in form.fields.items() if field.use is Use.READ)
            known = f"Known are {', '.join(told)}." if told else ""
            hint = did_you_mean(name.text, sorted(form.fields), known)
            if name.text in OF_DBT and "config" in form.fields:
                ours = f"`{OURS[name.text]}`, or `{name.text}`" if name.text in OURS else "it"
                hint = f"Write {ours} below `config:`, where dbt has it."
            note = self._source.fault if form.is_strict else self._source.warn
            note("HG308", f"unknown key {name.text} in {where}", name.place, hint)
        elif form.others is not ANYTHING and not is_null(value):
            self.check(value, form.others, name.text)

    @staticmethod
    def _is_misspelt(need: Need, node: Fields, form: Keyed) -> bool:
        """Tell whether a key that is a fault already is nearly one that is needed: then that it lacks is no other."""
        if not form.is_strict:
            return False
        inside = given(node).get(need.inside)
        names = [name.text for one in (node, inside) if isinstance(one, Fields) for name, _ in one.pairs]
        unknown = [name for name in names if name not in form.fields]
        return any(key in nearest(name, form.fields) for name in unknown for key in need.keys)

    def _case(self, node: Fields, known: Mapping[str, Node], case: Case, key: str, *, is_item: bool) -> None:
        said = known.get(case.key)
        if said is not None and not isinstance(said, Scalar):
            return
        if (said.text.lower() if said else "") not in case.values:
            return
        self._needs(node, known, case.needs, key, is_item=is_item)
        for name, form in case.forms.items():
            if name in known:
                self.check(known[name], form, name)

    def _needs(
        self, node: Fields, known: Mapping[str, Node], needs: Iterable[Need], key: str, *, is_item: bool
    ) -> None:
        for need in needs:
            if not known.keys().isdisjoint(need.keys):
                continue
            inside = known.get(need.inside)
            if not isinstance(inside, Fields) or given(inside).keys().isdisjoint(need.keys):
                what = f"this entry of {key}" if is_item else key
                place = next((v.place for k, v in node.pairs if k.text == "name" and isinstance(v, Scalar)), node.place)
                named = " or ".join(need.keys)
                self._source.fault("HG309", f"{what} has no {named}", place, f"Add `{need.keys[0]}: ...` to it.")

    def _single(self, node: Node, form: Single, key: str) -> None:
        if not isinstance(node, Fields):
            self._fault(node, f"each of {key} has to be a name, or a mapping with one key")
        elif any(name.text == form.marker for name, _ in node.pairs):
            self._keyed(node, form.marked, key, is_item=True)
        elif len(node.pairs) != 1:
            first = node.pairs[0][0].text if node.pairs else "NAME"
            hint = f"Indent what belongs to `- {first}:` below it, by two more spaces than `{first}` itself."
            self._fault(node, f"each of {key} has one key, the name of the test", hint)
        else:
            ((name, value),) = node.pairs
            self._words(name, form.keys, key, is_item=True)
            known = form.kinds.get(name.text)
            if not is_null(value):
                self.check(value, known.form if known else form.others, name.text)
            elif known and isinstance(known.form, Keyed):
                self._needs(Fields((), name.at), {}, known.form.needs, name.text, is_item=False)

    def _template(self, node: Node, key: str) -> None:
        hint = "Write the value itself: templates are filled in in SQL files alone."
        self._source.warn("HG313", f"{key} holds a template, and counts as not given", node.place, hint)

    def _fault(self, node: Node, summary: str, hint: str = "") -> None:
        self._source.fault("HG309", summary, node.place, hint)


_KINDS: dict[type, type | tuple[type, ...]] = {
    Anything: (Scalar, Items, Fields), Words: Scalar, Choice: Scalar, Truth: Scalar, Whole: Scalar,
    Number: Scalar, Several: Items, Keyed: Fields, Single: Fields,
}  # fmt: skip


def _told(key: str, is_item: bool) -> str:  # noqa: FBT001 # as the walk has it
    return f"each of {key}" if is_item else key


def _is_template(text: str) -> bool:
    return "{{" in text or "{%" in text


def _allowed(form: Form) -> str:
    if isinstance(form, Choice):
        *others, last = form.values
        return f"{', '.join(others)} or {last}" if others else last
    if isinstance(form, Truth):
        return "true or false"
    if isinstance(form, Whole):
        return f"{form.least}" if form.least == form.most else f"a whole number from {form.least:,}"
    if isinstance(form, Number):
        return f"a number from {form.least:g} to {form.most:g}"
    if isinstance(form, Words):
        return form.told
    return "a list" if isinstance(form, Several) else "a mapping of keys and values"
