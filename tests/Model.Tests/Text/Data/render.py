#!/usr/bin/env python3
"""Records in renders.json what Jinja itself, set up as in transformers/utils/chat_template_utils.py, makes of templates/*.jinja and of snippets.txt.
Reference: jinja2 3.1.6. Run it only to change the data."""
import datetime
import json
import pathlib

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = pathlib.Path(__file__).parent
NOW = datetime.datetime(2026, 3, 7, 8, 5, 9)
LONG = [{"role": "system", "content": "Be brief. "}, {"role": "user", "content": " What's a giraffe?\n"}, {"role": "assistant", "content": " A \"tall\" one. "},
        {"role": "user", "content": "Née 😀 \\ </s> zebra"}]
CONVERSATIONS = {"one": LONG[3:], "three": LONG[1:], "four": LONG, "answered": LONG[:3], "two users": [LONG[1], LONG[3]], "assistant first": LONG[2:]}

WEATHER = {"type": "object", "properties": {"city": {"type": "string", "description": "A city, e.g. Köln"}, "days": {"type": ["integer", "null"], "description": " How many "}},
           "required": ["city"]}
TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "Tells the \"weather\".", "parameters": WEATHER}},
         {"type": "function", "function": {"name": "now", "description": "", "parameters": {"type": "object", "properties": {}}}}]


def call(id, name, **arguments):
    return {"type": "function", "function": {"name": name, "arguments": arguments}, "id": id}


def result(id, name, content):
    return {"role": "tool", "content": content, "tool_call_id": id, "name": name}


CALLED = [LONG[1], {"role": "assistant", "content": "", "tool_calls": [call("abcdefgh1", "get_weather", city="Köln </s>", days=2, hot=True, x=None, y=[1.5, {"a": "b"}])]},
          result("abcdefgh1", "get_weather", "18 °C & \"dry\"")]
TWO = [LONG[1], {"role": "assistant", "content": "Let me see.", "tool_calls": [call("abcdefgh1", "now"), call("abcdefgh2", "get_weather", city="Bonn")]},
       result("abcdefgh1", "now", "noon"), result("abcdefgh2", "get_weather", "cold")]
TOOL_CONVERSATIONS = {"asked": LONG[:2], "called": CALLED, "called and answered": CALLED + LONG[2:], "two calls": TWO}


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def render(source, messages, tools, add_generation_prompt):
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = NOW.strftime
    try:
        return environment.from_string(source).render(messages=messages, tools=tools, documents=None, add_generation_prompt=add_generation_prompt,
                                                      bos_token="<s>", eos_token="</s>", unk_token="<unk>"), False
    except Exception as e:  # whatever goes wrong, the caller must be told
        return str(e), True


def case(template, source, conversation, add_generation_prompt, tools=None):
    text, fails = render(source, (TOOL_CONVERSATIONS if tools else CONVERSATIONS)[conversation], tools, add_generation_prompt)
    return {"template": template, "source": source, "conversation": conversation, "has_tools": tools is not None, "add_generation_prompt": add_generation_prompt,
            "text": text, "fails": fails}


cases = [case(path.stem, path.read_text(), name, prompt)
         for path in sorted(HERE.glob("templates/*.jinja")) for name in CONVERSATIONS for prompt in (True, False)]
cases += [case(path.stem, path.read_text(), name, True, TOOLS)
          for path in sorted(HERE.glob("templates/*.jinja")) if "tools" in path.read_text() for name in TOOL_CONVERSATIONS]
cases += [case("", snippet.replace("⏎", "\n"), "four", True) for snippet in (HERE / "snippets.txt").read_text().splitlines() if snippet]
for recorded in cases:
    if recorded["template"]:
        del recorded["source"]
(HERE / "renders.json").write_text(json.dumps({"conversations": CONVERSATIONS | TOOL_CONVERSATIONS, "tools": TOOLS, "cases": cases}, ensure_ascii=False, indent=1) + "\n")
