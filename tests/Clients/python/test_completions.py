import math
import unittest

from demo import MODEL, QUESTION, connect, tokens_of


class Completions(unittest.TestCase):
    def setUp(self):
        # Not held against the client's types, which know neither the null of an unfinished choice and of a first token, as OpenAI sends them, nor vectors in base64, for which it asks by itself.
        self.client = connect(_strict_response_validation=False)
        self.addCleanup(self.client.close)

    def complete(self, **options):
        return self.client.completions.create(**{"model": MODEL, "prompt": "A giraffe is", "max_tokens": 12, "temperature": 0} | options)

    def test_whole_and_streamed_are_the_same(self):
        whole = self.complete(logprobs=2)
        chunks = list(self.complete(logprobs=2, stream=True, stream_options={"include_usage": True}))
        self.assertEqual("".join(choice.text for chunk in chunks for choice in chunk.choices), whole.choices[0].text)
        self.assertEqual([token for chunk in chunks for choice in chunk.choices if choice.logprobs for token in choice.logprobs.tokens], whole.choices[0].logprobs.tokens)
        self.assertEqual(chunks[-1].usage.to_dict(), whole.usage.to_dict())

    def test_several_prompts_as_texts_and_as_tokens(self):
        texts = ["A giraffe is", "A zebra is"]
        alone = [self.complete(prompt=text).choices[0].text for text in texts]
        for prompts in (texts, [tokens_of(text) for text in texts]):
            self.assertEqual([choice.text for choice in self.complete(prompt=prompts).choices], alone)

    def test_an_echo_carries_log_probabilities_of_the_prompt(self):
        [choice] = self.complete(echo=True, logprobs=1, max_tokens=0).choices
        self.assertEqual("".join(choice.logprobs.tokens), f"<s>{choice.text}")
        self.assertIsNone(choice.logprobs.token_logprobs[0])
        self.assertTrue(all(logprob <= 0 for logprob in choice.logprobs.token_logprobs[1:]))

    def test_embeddings_are_the_same_numbers_in_either_encoding(self):
        texts = [QUESTION, "a zebra"]
        packed = self.client.embeddings.create(model=MODEL, input=texts)  # in base64
        plain = self.client.embeddings.create(model=MODEL, input=texts, encoding_format="float")
        for one, other in zip(packed.data, plain.data, strict=True):
            self.assertAlmostEqual(math.hypot(*one.embedding), 1, places=5)
            self.assertLess(max(abs(a - b) for a, b in zip(one.embedding, other.embedding, strict=True)), 1e-6)
