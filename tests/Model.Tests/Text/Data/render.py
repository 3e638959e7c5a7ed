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


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def render(source, messages, add_generation_prompt):
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = NOW.strftime
    try:
        return environment.from_string(source).render(messages=messages, tools=None, documents=None, add_generation_prompt=add_generation_prompt,
                                                      bos_token="<s>", eos_token="</s>", unk_token="<unk>"), False
    except Exception as e:  # whatever goes wrong, the caller must be told
        return str(e), True


def case(template, source, conversation, add_generation_prompt):
    text, fails = render(source, CONVERSATIONS[conversation], add_generation_prompt)
    return {"template": template, "source": source, "conversation": conversation, "add_generation_prompt": add_generation_prompt, "text": text, "fails": fails}


cases = [case(path.stem, path.read_text(), name, prompt)
         for path in sorted(HERE.glob("templates/*.jinja")) for name in CONVERSATIONS for prompt in (True, False)]
cases += [case("", snippet.replace("⏎", "\n"), "four", True) for snippet in (HERE / "snippets.txt").read_text().splitlines() if snippet]
for recorded in cases:
    if recorded["template"]:
        del recorded["source"]
(HERE / "renders.json").write_text(json.dumps({"conversations": CONVERSATIONS, "cases": cases}, ensure_ascii=False, indent=1) + "\n")
