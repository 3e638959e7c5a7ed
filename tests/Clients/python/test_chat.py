import unittest

from demo import CONTEXT_LENGTH, FOLLOW_UP, FOLLOW_UP_GLOSS, GLOSS, MODEL, QUESTION, USER, ask, connect, until_idle


def assemble(chunks) -> list[str]:
    """Each choice's deltas put together, as an application's screen does."""
    texts: dict[int, str] = {}
    for choice in (choice for chunk in chunks for choice in chunk.choices):
        texts[choice.index] = texts.get(choice.index, "") + (choice.delta.content or "")
    return [texts[index] for index in sorted(texts)]


class Chat(unittest.TestCase):
    def setUp(self):
        self.client = connect()
        self.addCleanup(self.client.close)

    def test_a_question_is_answered_with_its_gloss(self):
        raw = self.client.chat.completions.with_raw_response.create(model=MODEL, messages=[USER], temperature=0)
        answer = raw.parse()
        self.assertEqual(raw.headers["x-request-id"], answer._request_id)
        [choice] = answer.choices
        self.assertEqual((choice.message.role, choice.message.content, choice.finish_reason), ("assistant", GLOSS, "stop"))
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)

    def test_a_stream_is_the_whole_answer_and_ends_in_its_usage(self):
        whole = ask(self.client)
        with ask(self.client, stream=True, stream_options={"include_usage": True}) as stream:
            chunks = list(stream)
        self.assertEqual(assemble(chunks), [GLOSS])
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        self.assertEqual([choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason], ["stop"])
        self.assertEqual([chunk.usage for chunk in chunks[:-1]], [None] * (len(chunks) - 1))
        self.assertEqual((chunks[-1].choices, chunks[-1].usage.total_tokens), ([], whole.usage.total_tokens))
        self.assertEqual(len({(chunk.id, chunk.created, chunk.system_fingerprint) for chunk in chunks}), 1)

    def test_the_stream_helper_gathers_the_same_completion(self):
        with self.client.chat.completions.stream(model=MODEL, messages=[USER], temperature=0, logprobs=True, top_logprobs=2, stream_options={"include_usage": True}) as stream:
            events = list(stream)
            gathered = stream.get_final_completion()
        whole = ask(self.client, logprobs=True, top_logprobs=2)
        self.assertEqual("".join(event.delta for event in events if event.type == "content.delta"), GLOSS)
        self.assertEqual([event.content for event in events if event.type == "content.done"], [GLOSS])
        self.assertEqual([token.token for event in events if event.type == "logprobs.content.delta" for token in event.content], [token.token for token in whole.choices[0].logprobs.content])
        self.assertEqual(gathered.choices[0].to_dict()["logprobs"]["content"], whole.choices[0].to_dict()["logprobs"]["content"])
        self.assertEqual((gathered.choices[0].message.content, gathered.choices[0].finish_reason, gathered.usage.total_tokens), (GLOSS, "stop", whole.usage.total_tokens))

    def test_the_stream_helper_gathers_several_choices(self):
        options = {"model": MODEL, "messages": [USER], "n": 4, "seed": 11, "temperature": 1.8, "stop": ["e"]}
        with self.client.chat.completions.stream(**options) as stream:
            gathered = stream.get_final_completion().choices
        whole = ask(self.client, **options).choices
        self.assertEqual([(choice.index, choice.message.content) for choice in gathered], [(choice.index, choice.message.content) for choice in whole])

    def test_a_follow_up_goes_on_from_the_message_that_was_given_back_as_it_came(self):
        message = ask(self.client).choices[0].message
        for given in (message, message.to_dict(), message.model_dump(), message.model_dump(exclude_none=True)):
            answer = ask(self.client, messages=[USER, given, {"role": "user", "content": FOLLOW_UP}])
            self.assertEqual(answer.choices[0].message.content, FOLLOW_UP_GLOSS)

    def test_lines_and_bytes_of_a_stream_can_be_read_raw(self):
        with self.client.chat.completions.with_streaming_response.create(model=MODEL, messages=[USER], temperature=0, stream=True) as response:
            lines = [line for line in response.iter_lines() if line]
        self.assertTrue(response.headers["content-type"].startswith("text/event-stream"))
        self.assertTrue(all(line.startswith("data: ") for line in lines))
        self.assertEqual(lines[-1], "data: [DONE]")

    def test_several_answers_with_seeds_stops_and_limits(self):
        options = {"n": 3, "seed": 11, "temperature": 1.8, "max_completion_tokens": 12, "stop": ["zebra", "\n"], "presence_penalty": 0.5, "frequency_penalty": 0.5, "logit_bias": {"5": -100}}
        whole = ask(self.client, **options)
        self.assertEqual([choice.index for choice in whole.choices], [0, 1, 2])
        texts = [choice.message.content for choice in whole.choices]
        self.assertEqual(assemble(ask(self.client, stream=True, **options)), texts)
        self.assertEqual([choice.message.content for choice in ask(self.client, **options).choices], texts)

    def test_fields_of_the_field_go_in_the_extra_body(self):
        answer = ask(self.client, temperature=1, extra_body={"top_k": 1, "min_p": 0.1, "repetition_penalty": 1.0})
        self.assertEqual(answer.choices[0].message.content, GLOSS)

    def test_text_parts_and_every_role_are_read(self):
        messages = [{"role": "developer", "content": "You are a dictionary."}, {"role": "user", "name": "ann", "content": [{"type": "text", "text": QUESTION}]}]
        self.assertEqual(ask(self.client, messages=messages).choices[0].message.content, GLOSS)

    def test_leaving_in_mid_stream_frees_the_server(self):
        with ask(self.client, stream=True, max_tokens=CONTEXT_LENGTH - 100, extra_body={"ignore_eos": True}) as stream:
            next(stream)
        until_idle()

    def test_models_are_listed_and_found(self):
        self.assertEqual([model.id for model in self.client.models.list()], [MODEL])
        self.assertEqual(self.client.models.retrieve(MODEL).id, MODEL)
