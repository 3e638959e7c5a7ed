import unittest

from openai import APITimeoutError, AuthenticationError, BadRequestError, NotFoundError, Timeout

from demo import CONTEXT_LENGTH, KEYED, MODEL, RIGHT_KEY, ask, connect, until_idle


class Errors(unittest.TestCase):
    def setUp(self):
        self.client = connect()
        self.addCleanup(self.client.close)

    def test_a_wrong_key_and_the_right_one(self):
        with connect(base_url=f"{KEYED}/v1", api_key=RIGHT_KEY) as client:
            ask(client, max_tokens=1)
        with connect(base_url=f"{KEYED}/v1", api_key="sk-wrong") as client, self.assertRaises(AuthenticationError) as caught:
            ask(client)
        self.assertEqual((caught.exception.status_code, caught.exception.code), (401, "invalid_api_key"))
        self.assertTrue(caught.exception.request_id)

    def test_a_field_at_fault_is_named(self):
        cases = [
            ({"temperature": 3}, "temperature", "invalid_value"),
            ({"max_tokens": "4"}, "max_tokens", "invalid_type"),
            ({"extra_body": {"no_such_field": 1}}, "no_such_field", "unknown_parameter"),
            ({"messages": [{"role": "nobody", "content": "Hi"}]}, "messages[0].role", "invalid_value"),
        ]
        for options, param, code in cases:
            with self.subTest(param), self.assertRaises(BadRequestError) as caught:
                ask(self.client, **options)
            self.assertEqual((caught.exception.type, caught.exception.param, caught.exception.code), ("invalid_request_error", param, code))

    def test_unknown_models_and_routes_are_not_found(self):
        calls = {
            "model_not_found": [lambda: ask(self.client, model="gpt-99"), lambda: self.client.models.retrieve("gpt-99")],
            "unknown_url": [lambda: self.client.files.list(), lambda: self.client.moderations.create(input="x"), lambda: self.client.images.generate(prompt="x")],
        }
        for code, attempts in calls.items():
            for attempt in attempts:
                with self.subTest(code), self.assertRaises(NotFoundError) as caught:
                    attempt()
                self.assertEqual(caught.exception.code, code)

    def test_a_prompt_beyond_the_context_whole_and_streamed(self):
        for stream in (False, True):
            with self.subTest(stream=stream), self.assertRaises(BadRequestError) as caught:
                ask(self.client, messages=[{"role": "user", "content": "a giraffe and a zebra " * CONTEXT_LENGTH}], stream=stream)
            self.assertEqual(caught.exception.code, "context_length_exceeded")

    def test_a_client_that_stops_waiting_frees_the_server(self):
        with self.assertRaises(APITimeoutError):
            ask(self.client, max_tokens=CONTEXT_LENGTH - 100, n=8, temperature=1, timeout=Timeout(60, read=0.001), extra_body={"ignore_eos": True})
        until_idle()
