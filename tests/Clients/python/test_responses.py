import unittest

from openai import NotFoundError

from demo import CONTEXT_LENGTH, FOLLOW_UP, FOLLOW_UP_GLOSS, GLOSS, MODEL, QUESTION, USER, connect, respond, until_idle


class Responses(unittest.TestCase):
    def setUp(self):
        self.client = connect()
        self.addCleanup(self.client.close)

    def test_a_question_is_answered_with_its_gloss(self):
        response = respond(self.client)
        self.assertEqual((response.output_text, response.status, response.error), (GLOSS, "completed", None))
        self.assertEqual(response.usage.total_tokens, response.usage.input_tokens + response.usage.output_tokens)

    def test_the_events_of_a_stream_tell_the_same_response(self):
        events = list(respond(self.client, stream=True))
        self.assertEqual([event.sequence_number for event in events], list(range(len(events))))
        self.assertEqual("".join(event.delta for event in events if event.type == "response.output_text.delta"), GLOSS)
        self.assertEqual((events[-1].type, events[-1].response.output_text), ("response.completed", GLOSS))

    def test_the_stream_helper_gathers_it(self):
        with self.client.responses.stream(model=MODEL, input=QUESTION, temperature=0) as stream:
            deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
            response = stream.get_final_response()
        self.assertEqual(("".join(deltas), response.output_text), (GLOSS, GLOSS))

    def test_a_stored_response_is_gone_on_from_retrieved_replayed_and_deleted(self):
        first = respond(self.client, metadata={"topic": "animals"})
        second = respond(self.client, input=FOLLOW_UP, previous_response_id=first.id)
        self.assertEqual(second.output_text, FOLLOW_UP_GLOSS)
        self.assertEqual(self.client.responses.retrieve(first.id).to_dict(), first.to_dict())
        items = list(self.client.responses.input_items.list(second.id, order="asc", limit=1))  # page by page
        self.assertEqual([item.content[0].text for item in items], [QUESTION, GLOSS, FOLLOW_UP])
        for response in (first, second):
            self.client.responses.delete(response.id)
            self.assertRaises(NotFoundError, self.client.responses.retrieve, response.id)

    def test_output_is_taken_back_as_it_came(self):
        first = respond(self.client, store=False)
        for given in (first.output, [item.to_dict() for item in first.output], [item.model_dump() for item in first.output]):
            second = respond(self.client, input=[USER, *given, {"role": "user", "content": FOLLOW_UP}], store=False)
            self.assertEqual(second.output_text, FOLLOW_UP_GLOSS)

    def test_tokens_are_counted_without_answering(self):
        count = self.client.responses.input_tokens.count(model=MODEL, input=QUESTION)
        self.assertEqual(count.input_tokens, respond(self.client).usage.input_tokens)

    def test_log_probabilities_and_a_limit(self):
        response = respond(self.client, include=["message.output_text.logprobs"], top_logprobs=2, max_output_tokens=16)
        self.assertEqual((response.status, response.incomplete_details.reason), ("incomplete", "max_output_tokens"))
        tokens = response.output[0].content[0].logprobs
        self.assertEqual(b"".join(bytes(token.bytes) for token in tokens).decode(), response.output_text)

    def test_leaving_in_mid_stream_frees_the_server(self):
        with respond(self.client, stream=True, max_output_tokens=CONTEXT_LENGTH - 100, temperature=2) as stream:
            next(event for event in stream if event.type == "response.output_text.delta")
        until_idle()
