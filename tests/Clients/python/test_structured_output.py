import unittest

from openai import BadRequestError, LengthFinishReasonError, pydantic_function_tool
from pydantic import BaseModel

from demo import MODEL, QUESTION, USER, Animal, LookUp, Paint, ask, connect, respond


class StructuredOutput(unittest.TestCase):
    def setUp(self):
        self.client = connect()
        self.addCleanup(self.client.close)

    def test_parse_gives_an_object_of_the_class(self):
        for temperature, seed in ((0, 1), (1.5, 2), (2, 3)):
            answer = self.client.chat.completions.parse(model=MODEL, messages=[USER], response_format=Animal, temperature=temperature, seed=seed)
            self.assertIsInstance(answer.choices[0].message.parsed, Animal)

    def test_a_stream_is_parsed_as_it_grows(self):
        with self.client.chat.completions.stream(model=MODEL, messages=[USER], response_format=Animal, temperature=0) as stream:
            events = list(stream)
            final = stream.get_final_completion()
        whole = self.client.chat.completions.parse(model=MODEL, messages=[USER], response_format=Animal, temperature=0)
        self.assertEqual(final.choices[0].message.parsed, whole.choices[0].message.parsed)
        self.assertEqual([event.parsed for event in events if event.type == "content.done"], [whole.choices[0].message.parsed])

    def test_responses_parse_likewise(self):
        whole = self.client.responses.parse(model=MODEL, input=QUESTION, text_format=Animal, temperature=0)
        self.assertIsInstance(whole.output_parsed, Animal)
        with self.client.responses.stream(model=MODEL, input=QUESTION, text_format=Animal, temperature=0) as stream:
            self.assertEqual(stream.get_final_response().output_parsed, whole.output_parsed)

    def test_what_was_parsed_is_taken_back_with_its_message(self):
        message = self.client.chat.completions.parse(model=MODEL, messages=[USER], response_format=Animal, temperature=0).choices[0].message
        plain = {"role": "assistant", "content": message.content}
        self.assertEqual(*[ask(self.client, messages=[USER, given, USER], max_tokens=40).choices[0].message.content for given in (message, plain)])
        output = self.client.responses.parse(model=MODEL, input=[USER], text_format=Animal, temperature=0).output
        self.assertEqual(*[respond(self.client, input=[USER, *given, USER], max_output_tokens=40).output_text for given in (output, [plain])])

    def test_a_class_that_holds_itself(self):
        class Tree(BaseModel):
            is_leaf: bool
            child: "Tree | None"

        schema = {"type": "json_schema", "json_schema": {"name": "tree", "schema": Tree.model_json_schema()}}
        choices = [ask(self.client, response_format=schema, temperature=2, seed=seed, max_tokens=200).choices[0] for seed in range(1, 9)]
        whole = [choice.message.content for choice in choices if choice.finish_reason == "stop"]
        self.assertTrue(whole, "The limit cut every answer.")
        for content in whole:
            Tree.model_validate_json(content, strict=True)

    def test_what_a_limit_cuts_is_no_object(self):
        with self.assertRaises(LengthFinishReasonError):
            self.client.chat.completions.parse(model=MODEL, messages=[USER], response_format=Animal, max_completion_tokens=3)

    def test_guided_choice_and_pattern(self):
        self.assertIn(ask(self.client, extra_body={"guided_choice": ["giraffe", "zebra"]}).choices[0].message.content, ("giraffe", "zebra"))
        self.assertRegex(ask(self.client, extra_body={"guided_regex": "[a-c]{3}-[0-9]{2}"}).choices[0].message.content, "^[a-c]{3}-[0-9]{2}$")


class Tools(unittest.TestCase):
    def setUp(self):
        self.client = connect()
        self.addCleanup(self.client.close)
        self.tools = [pydantic_function_tool(LookUp, name="look_up"), pydantic_function_tool(Paint, name="paint")]

    def test_a_required_call_is_parsed_whole_and_streamed(self):
        options = {"model": MODEL, "messages": [USER], "tools": self.tools, "tool_choice": "required", "parallel_tool_calls": False, "temperature": 0}
        whole = self.client.chat.completions.parse(**options)
        [call] = whole.choices[0].message.tool_calls
        self.assertEqual(whole.choices[0].finish_reason, "tool_calls")
        self.assertIsInstance(call.function.parsed_arguments, (LookUp, Paint))
        with self.client.chat.completions.stream(**options) as stream:
            events = list(stream)
            [streamed] = stream.get_final_completion().choices[0].message.tool_calls
        self.assertEqual((streamed.function.name, streamed.function.parsed_arguments), (call.function.name, call.function.parsed_arguments))
        self.assertEqual("".join(event.arguments_delta for event in events if event.type == "tool_calls.function.arguments.delta"), call.function.arguments)

    def test_the_loop_of_call_result_and_answer(self):
        first = ask(self.client, tools=self.tools, tool_choice={"type": "function", "function": {"name": "look_up"}}).choices[0].message
        messages = [USER, first, {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "It is tall."}]
        self.assertIsInstance(ask(self.client, messages=messages, tools=self.tools, tool_choice="none", max_tokens=40).choices[0].message.content, str)
        given = [USER, first.model_dump(), messages[2]]
        self.assertEqual(ask(self.client, messages=given, tools=self.tools, tool_choice="none", max_tokens=40).choices[0].message.content,
                         ask(self.client, messages=messages, tools=self.tools, tool_choice="none", max_tokens=40).choices[0].message.content)

    def test_the_loop_goes_on_from_a_call_that_was_parsed(self):
        first = self.client.chat.completions.parse(model=MODEL, messages=[USER], tools=self.tools, tool_choice="required", parallel_tool_calls=False, temperature=0).choices[0].message
        messages = [USER, first, {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "It is tall."}]
        self.assertIsInstance(ask(self.client, messages=messages, tools=self.tools, tool_choice="none", max_tokens=40).choices[0].message.content, str)

    def test_the_same_loop_by_responses(self):
        tool = {"type": "function", "name": "look_up", "strict": True, "parameters": self.tools[0]["function"]["parameters"]}
        first = respond(self.client, tools=[tool], tool_choice="required", parallel_tool_calls=False)
        [call] = [item for item in first.output if item.type == "function_call"]
        LookUp.model_validate_json(call.arguments, strict=False)
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "It is tall."}
        stored = respond(self.client, previous_response_id=first.id, input=[result], tools=[tool], tool_choice="none", max_output_tokens=40)
        given = respond(self.client, input=[USER, *first.output, result], tools=[tool], tool_choice="none", max_output_tokens=40)
        self.assertEqual(given.output_text, stored.output_text)

    def test_a_tool_that_cannot_be_held_is_refused_by_its_path(self):
        tool = {"type": "function", "function": {"name": "look_up", "strict": True, "parameters": {"type": "object", "properties": {"a": {"type": "strange"}}}}}
        with self.assertRaises(BadRequestError) as caught:
            ask(self.client, tools=[tool], tool_choice="required")
        self.assertTrue(caught.exception.param.startswith("tools[0].function.parameters"))
