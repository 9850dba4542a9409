"""Reads a form-js file into components and says what in it cannot be used."""

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.bpmn.expressions import Expression, ExpressionError, parse_feel
from engine.check_problem import CheckProblem
from engine.forms.model import LARGEST_NUMBER, Component, ComponentType, Option
from engine.forms.patterns import LONGEST_INPUT, BadPattern, compile_pattern

MOST_COMPONENTS = 150
DEEPEST = 4
LONGEST_LABEL = 2000
MOST_OPTIONS = 200
_DEFAULT_LENGTH = {ComponentType.TEXTFIELD: 200, ComponentType.TEXTAREA: 4000}
_LONGEST = {ComponentType.TEXTFIELD: 1000, ComponentType.TEXTAREA: 20_000}

KEY = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_RESERVED = frozenset({"csrf_token"})  # what the pages add to every form of their own
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_EMAIL = re.compile(r"^[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+$")
_PHONE = re.compile(r"^\+?[0-9][0-9 -]{4,19}$", re.ASCII)

_COMMON = {"type", "id", "layout", "conditional", "properties"}
_INPUT = _COMMON | {"key", "label", "description", "validate", "disabled", "readonly", "appearance"}
_CHOICE = _INPUT | {"values", "valuesKey", "defaultValue", "variable", "searchable"}
_NESTED = _COMMON | {"label", "components", "showOutline", "verticalAlignment"}
_KEYS: Mapping[ComponentType, set[str]] = {
    ComponentType.TEXTFIELD: _INPUT | {"defaultValue"},
    ComponentType.TEXTAREA: _INPUT | {"defaultValue"},
    ComponentType.NUMBER: _INPUT
    | {"defaultValue", "variable", "decimalDigits", "increment", "serializeToString"},
    ComponentType.CHECKBOX: _INPUT | {"defaultValue", "variable"},
    ComponentType.RADIO: _CHOICE,
    ComponentType.SELECT: _CHOICE,
    ComponentType.CHECKLIST: _CHOICE - {"variable"},
    ComponentType.DATETIME: _INPUT
    | {"subtype", "dateLabel", "timeLabel", "use24h", "timeInterval", "timeSerializingFormat", "variable"},
    ComponentType.FILEPICKER: _INPUT | {"accept", "multiple"},
    ComponentType.DYNAMICLIST: _NESTED
    | {"path", "validate", "isRepeating", "allowAddRemove", "defaultRepetitions", "description"}
    | {"disableCollapse", "nonCollapsedItems"},
    ComponentType.GROUP: _NESTED,
    ComponentType.TEXT: _COMMON | {"text"},
    ComponentType.SEPARATOR: _COMMON,
}
_TEXT_RULES = {"required", "minLength", "maxLength", "pattern", "validationType"}
_RULES: Mapping[ComponentType, set[str]] = {
    ComponentType.TEXTFIELD: _TEXT_RULES,
    ComponentType.TEXTAREA: _TEXT_RULES,
    ComponentType.NUMBER: {"required", "min", "max"},
}
_REMEDIES = {
    "form_json": ("用表单编辑器重新保存该文件", "save the file again with the form editor"),
    "form_invisible": (
        "删去这段文字，重新输入（不要粘贴）",
        "remove the text and type it anew, without pasting",
    ),
    "form_number": ("写成普通数字，例如 0，或删去这一项", "write a plain number, such as 0, or remove it"),
    "form_id": (
        '根对象写 "type": "default"，id 用小写英文字母、数字和下划线',
        'write "type": "default" and an id of lower-case letters, digits and underscores',
    ),
    "form_default": ("改正或删去默认值", "correct or remove the default value"),
    "form_type": (
        f"改用 {'、'.join(ComponentType)} 之一",
        f"use one of {', '.join(ComponentType)}",
    ),
    "form_key": (
        "键用小写英文字母、数字和下划线，字母开头，整张表单内不重复",
        "make the key of lower-case letters, digits and underscores, once in the form",
    ),
    "form_property": ("删去这个属性", "remove this property"),
    "form_rule": ("改正这条校验规则", "correct this validation rule"),
    "form_options": (
        "给出至少一个选项，每个有名称，值用英文代码且不重复；或用 valuesKey 并写 on_open",
        "give at least one option, each with a label and a unique code as value; or valuesKey with on_open",
    ),
    "form_condition": (
        '条件写成“=”开头的 FEEL，只用本表单其他字段的键，例如 =outcome != "reject"',
        'write the condition as FEEL after “=”, over keys of other fields, such as =outcome != "reject"',
    ),
    "form_variable": (
        "去掉 variable，或改用单选、下拉、复选框、数字、日期",
        "drop variable, or use a radio, select, checkbox, number or date",
    ),
    "form_size": ("把表单拆小", "split the form"),
}


class FormReader:
    """Reads one form.

    Attributes:
        has_on_open: whether something gives options while the form is open.
        problems: what was found so far; the components are usable only while it is empty.
    """

    def __init__(self, resource: str) -> None:
        self.resource = resource
        self.has_on_open = False
        self.problems: list[CheckProblem] = []
        self._count = 0
        self._keys: set[str] = set()

    def found(self, element: str, rule: str, zh: str, en: str) -> None:
        """Note a problem."""
        remedy_zh, remedy_en = _REMEDIES[rule]
        self.problems.append(
            CheckProblem(self.resource, element, rule, zh, en, remedy_zh, remedy_en, line=self._count)
        )

    def components(self, rows: object, depth: int = 0, *, in_list: bool = False) -> tuple[Component, ...]:
        """Read a list of components."""
        if not isinstance(rows, list):
            self.found("", "form_json", "components 必须是列表", "components must be a list")
            return ()
        if depth > DEEPEST:
            self.found("", "form_size", f"嵌套超过 {DEEPEST} 层", f"nested deeper than {DEEPEST} levels")
            return ()
        read = [self._component(row, depth, in_list) for row in rows]
        return tuple(component for component in read if component)

    def _component(self, row: object, depth: int, in_list: bool) -> Component | None:
        self._count += 1
        if self._count > MOST_COMPONENTS:
            if self._count == MOST_COMPONENTS + 1:
                self.found("", "form_size", f"组件超过 {MOST_COMPONENTS} 个", f"more than {MOST_COMPONENTS}")
            return None
        name = str(row.get("key") or row.get("path") or row.get("id") or "") if isinstance(row, dict) else ""
        name = name[:100]
        kind = row.get("type") if isinstance(row, dict) else None
        if not isinstance(row, dict) or kind not in list(ComponentType):
            shown = str(kind)[:40]
            self.found(name, "form_type", f"不支持组件类型“{shown}”", f"unsupported component type “{shown}”")
            return None
        component = Component(ComponentType(kind), **self._words(name, row))
        for key in row.keys() - _KEYS[component.type]:
            self.found(name, "form_property", f"不支持属性“{key[:60]}”", f"unsupported property “{key[:60]}”")
        component = replace(component, hide=self._condition(name, row))
        if component.type.is_input:
            component = self._input(component, row, in_list)
        return self._nested(component, row, depth, in_list)

    def _words(self, name: str, row: Mapping[str, Any]) -> dict[str, Any]:
        properties = row.get("properties") or {}
        if not isinstance(properties, dict):
            self.found(name, "form_property", "properties 必须是对象", "properties must be an object")
            properties = {}
        appearance = row.get("appearance")  # the unit before or behind the field
        if isinstance(appearance, dict):
            properties = appearance | properties
        words: dict[str, Any] = {
            "properties": {str(key): str(value)[:LONGEST_LABEL] for key, value in properties.items()}
        }
        for key in ("label", "description", "text"):
            words[key] = self.word(name, row, key)
            words[f"{key}_en"] = self.word(name, properties, f"{key}_en")
        return words

    def word(self, name: str, row: Mapping[str, Any], key: str) -> str:
        """Read a plain text; absent is empty."""
        text = row.get(key) or ""
        if isinstance(text, str) and len(text) <= LONGEST_LABEL and not text.startswith("="):
            return text
        self.found(name, "form_property", f"“{key}”必须是文字，且不能是表达式", f"“{key}” must be plain text")
        return ""

    def _condition(self, name: str, row: Mapping[str, Any]) -> Expression | None:
        conditional = row.get("conditional")
        if conditional is None:
            return None
        hide = conditional.get("hide") if isinstance(conditional, dict) else None
        if not isinstance(hide, str) or set(conditional) != {"hide"} or not hide.startswith("="):
            self.found(name, "form_condition", "只支持 hide 条件", "only a hide condition is supported")
            return None
        try:
            return parse_feel(hide)
        except ExpressionError as error:
            self.found(name, "form_condition", f"条件无法解析：{error.zh}", f"bad condition: {error.en}")
            return None

    def _nested(self, component: Component, row: Mapping[str, Any], depth: int, in_list: bool) -> Component:
        is_list = component.type is ComponentType.DYNAMICLIST
        if component.type is not ComponentType.GROUP and not is_list:
            return component
        if is_list and in_list:
            self.found(component.key, "form_type", "列表里不能再放列表", "a list inside a list")
            return component
        outer = self._keys
        if is_list:
            self._keys = set()  # the keys of a line live beside those of the form
        below = self.components(row.get("components", []), depth + 1, in_list=in_list or is_list)
        self._keys = outer
        return replace(component, components=below)

    def _input(self, component: Component, row: Mapping[str, Any], in_list: bool) -> Component:
        key = row.get("path" if component.type is ComponentType.DYNAMICLIST else "key")
        if not isinstance(key, str) or not KEY.fullmatch(key) or key in self._keys | _RESERVED:
            shown = str(key)[:60]
            self.found(
                shown,
                "form_key",
                f"键“{shown}”不合规、重复或已被系统占用",
                f"bad, repeated or reserved key “{shown}”",
            )
            return component
        self._keys.add(key)
        component = replace(
            component,
            key=key,
            subtype=self._subtype(key, component, row),
            fixed=self._flag(key, row, "disabled") or self._flag(key, row, "readonly"),
            multiple=self._flag(key, row, "multiple"),
            variable=self._flag(key, row, "variable"),
            accept=self.word(key, row, "accept"),
            default=row.get("defaultValue"),
        )
        if component.variable and (in_list or component.subtype == "time" or component.multiple):
            self.found(key, "form_variable", "这个字段不能成为流程变量", "this cannot become a variable")
        return self._options(self._limits(component, row), row)

    def _flag(self, name: str, row: Mapping[str, Any], key: str) -> bool:
        flag = row.get(key, False)
        if isinstance(flag, bool):
            return flag
        self.found(name, "form_property", f"“{key}”只能是 true 或 false", f"“{key}” must be true or false")
        return False

    def _subtype(self, name: str, component: Component, row: Mapping[str, Any]) -> str:
        if component.type is not ComponentType.DATETIME:
            return ""
        subtype = row.get("subtype", "date")
        if subtype in ("date", "time", "datetime"):
            return str(subtype)
        self.found(name, "form_property", "subtype 不合规", "bad subtype")
        return "date"

    def _limits(self, component: Component, row: Mapping[str, Any]) -> Component:
        rules = row.get("validate") or {}
        allowed = _RULES.get(component.type, {"required"})
        name = component.key
        if not isinstance(rules, dict) or rules.keys() - allowed:
            extra = "、".join(sorted(rules.keys() - allowed))[:100] if isinstance(rules, dict) else "validate"
            self.found(name, "form_rule", f"不支持校验规则“{extra}”", f"unsupported rule “{extra}”")
            return component
        component = replace(component, required=self._flag(name, rules, "required"))
        if component.type in _LONGEST:
            return self._text_limits(component, rules)
        if component.type is ComponentType.NUMBER:
            return self._number_limits(component, rules, row)
        return component

    def _text_limits(self, component: Component, rules: Mapping[str, Any]) -> Component:
        name = component.key
        pattern = self._pattern(name, rules)
        longest = LONGEST_INPUT if pattern else _LONGEST[component.type]
        default = min(_DEFAULT_LENGTH[component.type], longest)
        least = self._whole(name, rules, "minLength", 0, longest)
        most = self._whole(name, rules, "maxLength", default, longest)
        if least > most:
            self.found(name, "form_rule", "minLength 大于 maxLength", "minLength is above maxLength")
        return replace(component, min_length=least, max_length=most, pattern=pattern)

    def _pattern(self, name: str, rules: Mapping[str, Any]) -> re.Pattern[str] | None:
        kind = rules.get("validationType", "custom")
        if kind in ("email", "phone"):
            return _EMAIL if kind == "email" else _PHONE
        text = rules.get("pattern") or ""
        if kind != "custom" or not isinstance(text, str):
            self.found(name, "form_rule", "校验类型或正则不合规", "bad validationType or pattern")
            return None
        if not text:
            return None
        try:
            return compile_pattern(text)
        except BadPattern as error:
            self.found(name, "form_rule", error.zh, error.en)
            return None

    def _whole(self, name: str, row: Mapping[str, Any], key: str, default: int, most: int) -> int:
        number = row.get(key, default)
        if type(number) is int and 0 <= number <= most:
            return number
        zh, en = f"“{key}”须是 0 到 {most} 的整数", f"“{key}” must be a whole number from 0 to {most}"
        self.found(name, "form_rule", zh, en)
        return default

    def _number_limits(
        self, component: Component, rules: Mapping[str, Any], row: Mapping[str, Any]
    ) -> Component:
        name = component.key
        low = self._decimal(name, rules, "min", -LARGEST_NUMBER)
        high = self._decimal(name, rules, "max", LARGEST_NUMBER)
        step = self._decimal(name, row, "increment", Decimal(0))
        if low > high or step < 0:
            self.found(name, "form_rule", "min 大于 max，或步长为负", "min above max, or a negative step")
        digits = self._whole(name, row, "decimalDigits", 0, 6)
        return replace(component, minimum=low, maximum=high, digits=digits, step=step or None)

    def _decimal(self, name: str, row: Mapping[str, Any], key: str, default: Decimal) -> Decimal:
        given = row.get(key)
        if given is None:
            return default
        try:
            number = Decimal(str(given)) if not isinstance(given, bool) else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite() or abs(number) > LARGEST_NUMBER:
            self.found(name, "form_rule", f"“{key}”不是可用的数", f"“{key}” is no usable number")
            return default
        return number

    def _options(self, component: Component, row: Mapping[str, Any]) -> Component:
        if "values" not in _KEYS[component.type]:
            return component
        name, values, values_key = component.key, row.get("values"), row.get("valuesKey")
        if values_key is not None and not values:
            if not isinstance(values_key, str) or not KEY.fullmatch(values_key) or not self.has_on_open:
                self.found(name, "form_options", "valuesKey 没有来源", "nothing provides this valuesKey")
                return component
            return replace(component, options_key=values_key)
        read = [self._option(name, value) for value in values] if isinstance(values, list) else []
        options = tuple(option for option in read if option)
        if not options or len({option.value for option in options}) < len(read) or len(read) > MOST_OPTIONS:
            self.found(
                name,
                "form_options",
                "选项为空、没有名称、重复或太多",
                "no, unnamed, repeated or too many options",
            )
        return replace(component, options=options)

    def _option(self, name: str, value: object) -> Option | None:
        if not isinstance(value, dict) or not isinstance(value.get("value"), str):
            return None
        if not _CODE.fullmatch(value["value"]) or not str(value.get("label") or "").strip():
            return None
        extra = value.keys() - {"value", "label", "label_en", "submit", "submit_en"}
        if extra:
            self.found(name, "form_property", "选项有不支持的属性", "an option has an unsupported property")
        words = {key: self.word(name, value, key) for key in ("label", "label_en", "submit", "submit_en")}
        return Option(value["value"], **words)
