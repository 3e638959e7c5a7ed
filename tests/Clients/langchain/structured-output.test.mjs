import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { Animal, assertMatches, collect, Lookup, Paint, question } from '../demo.mjs';
import { apis, chat } from './models.mjs';

const lookUp = tool(({ word }) => `${word} is tall.`, { name: 'look_up', description: 'Looks a word up.', schema: Lookup });
const paint = tool(() => 'painted', { name: 'paint', description: 'Paints an animal.', schema: Paint });

for (const [name, api] of Object.entries(apis)) {
    for (const method of ['jsonSchema', 'functionCalling']) {
        for (const strict of [true, undefined]) {
            test(`${name}: withStructuredOutput by ${method}${strict ? ', strict' : ''} gives an object of the schema`, async () => {
                const model = chat(api).withStructuredOutput(Animal, { name: 'animal', method, strict });
                const whole = await model.invoke(question);
                assertMatches(Animal, whole);
                if (name === 'responses' && method === 'functionCalling')
                    return; // LangChain's parser of streamed calls does not take the Responses API's content
                const partial = await collect(await model.stream(question));
                assert.deepEqual(partial.at(-1), whole);
            });
        }
    }

    test(`${name}: withStructuredOutput by jsonMode gives some object`, async () => {
        const { raw, parsed } = await chat({ ...api, maxTokens: 60 }).withStructuredOutput({ type: 'object', properties: {} }, { method: 'jsonMode', includeRaw: true }).invoke(question);
        assert.ok(raw.text.startsWith('{'));
        assert.ok(parsed === null || typeof parsed === 'object');
    });

    test(`${name}: a bound tool is called as the choice says`, async () => {
        // Of a choice among all, LangChain tells the Responses API nothing.
        for (const tool_choice of name === 'responses' ? ['look_up'] : ['any', 'look_up']) {
            const answer = await chat(api).bindTools([lookUp, paint], { tool_choice, parallel_tool_calls: false }).invoke(question);
            const [{ name: called, args }, ...others] = answer.tool_calls;
            assert.equal(others.length, 0);
            assertMatches({ look_up: Lookup, paint: Paint }[called], args);
        }
    });

    test(`${name}: the streamed call is the same`, async () => {
        const model = chat(api).bindTools([lookUp], { tool_choice: 'look_up' });
        const whole = await model.invoke(question);
        const sum = (await collect(await model.stream(question))).reduce((all, chunk) => all.concat(chunk));
        assert.deepEqual(sum.tool_calls.map(call => [call.name, call.args]), whole.tool_calls.map(call => [call.name, call.args]));
    });

    test(`${name}: a tool's result is taken into the conversation`, async () => {
        const asked = new HumanMessage(question);
        const call = await chat(api).bindTools([lookUp], { tool_choice: 'look_up' }).invoke([asked]);
        const result = await lookUp.invoke(call.tool_calls[0]);
        assert.ok(result instanceof ToolMessage);
        const answer = await chat({ ...api, maxTokens: 40 }).bindTools([lookUp], { tool_choice: 'none' }).invoke([asked, call, result]);
        assert.equal(answer.tool_calls.length, 0);
    });
}
