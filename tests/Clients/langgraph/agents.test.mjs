import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tool } from '@langchain/core/tools';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { createAgent, providerStrategy, toolStrategy } from 'langchain';
import { z } from 'zod';
import { assertMatches, collect, gloss, Lookup, question } from '../demo.mjs';
import { apis, chat } from '../langchain/models.mjs';

const Verdict = z.object({ kind: z.enum(['mammal', 'bird', 'fish']), isTall: z.boolean(), price: z.number().min(0).max(9).multipleOf(0.25) });
const lookUp = tool(({ word }) => `${word} is tall.`, { name: 'look_up', description: 'Looks a word up.', schema: Lookup });
const ask = { messages: [{ role: 'user', content: question }] };

for (const [name, api] of Object.entries(apis)) {
    test(`${name}: a graph answers in words, and then the same conversation by a schema`, async () => {
        const agent = createReactAgent({ llm: chat(api), tools: [], responseFormat: Verdict });
        const { messages, structuredResponse } = await agent.invoke(ask);
        assert.equal(messages.at(-1).text, gloss);
        assertMatches(Verdict, structuredResponse);
        const streamed = await collect(await agent.stream(ask, { streamMode: 'values' }));
        assert.deepEqual(streamed.at(-1).structuredResponse, structuredResponse);
    });

    test(`${name}: a graph with a tool ends by the schema too`, async () => {
        const agent = createReactAgent({ llm: chat({ ...api, maxTokens: 200 }), tools: [lookUp], responseFormat: Verdict });
        assertMatches(Verdict, (await agent.invoke(ask)).structuredResponse);
    });

    test(`${name}: an agent whose answer itself keeps to the schema`, async () => {
        const agent = createAgent({ model: chat(api), tools: [], responseFormat: providerStrategy(Verdict) });
        assertMatches(Verdict, (await agent.invoke(ask)).structuredResponse);
    });
}

// With the Responses API LangChain leaves out that some tool is to be called.
for (const tools of [[], [lookUp]]) {
    test(`chat: an agent with ${tools.length} tools whose answer is the call of one more`, async () => {
        const agent = createAgent({ model: chat(), tools, responseFormat: toolStrategy(Verdict) });
        assertMatches(Verdict, (await agent.invoke(ask)).structuredResponse);
    });
}
