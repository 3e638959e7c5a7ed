import asyncio
import unittest

from demo import GLOSS, MODEL, QUESTION, USER, Animal, ask, connect_async, respond, until_idle


class Async(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.client = connect_async()
        self.addAsyncCleanup(self.client.close)

    async def test_many_at_once_are_each_answered(self):
        answers = await asyncio.gather(*(ask(self.client) for _ in range(40)))
        self.assertEqual({answer.choices[0].message.content for answer in answers}, {GLOSS})
        self.assertEqual(len({answer.id for answer in answers}), 40)

    async def test_streams_side_by_side(self):
        async def read():
            return "".join([chunk.choices[0].delta.content or "" async for chunk in await ask(self.client, stream=True) if chunk.choices])

        self.assertEqual(await asyncio.gather(*(read() for _ in range(20))), [GLOSS] * 20)

    async def test_the_stream_helpers(self):
        async with self.client.chat.completions.stream(model=MODEL, messages=[USER], response_format=Animal, temperature=0) as stream:
            self.assertIsInstance((await stream.get_final_completion()).choices[0].message.parsed, Animal)
        async with self.client.responses.stream(model=MODEL, input=QUESTION, temperature=0) as stream:
            self.assertEqual((await stream.get_final_response()).output_text, GLOSS)

    async def test_pages_are_walked(self):
        response = await respond(self.client, input=[USER, USER, USER])
        self.assertEqual(len([item async for item in self.client.responses.input_items.list(response.id, limit=1)]), 3)

    async def test_a_task_that_is_cancelled_frees_the_server(self):
        tasks = [asyncio.ensure_future(ask(self.client, max_tokens=900, temperature=1, extra_body={"ignore_eos": True})) for _ in range(8)]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        self.assertTrue(all(isinstance(outcome, asyncio.CancelledError) or outcome.choices for outcome in outcomes))
        await asyncio.to_thread(until_idle)
