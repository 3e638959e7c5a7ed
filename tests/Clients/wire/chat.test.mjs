import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { Animal, assertMatches, Lookup, question } from '../demo.mjs';
import { chunks, post } from './http.mjs';

const route = '/v1/chat/completions';
const ask = { messages: [{ role: 'user', content: question }], temperature: 0, max_tokens: 60 };
const tools = [{ type: 'function', function: { name: 'look_up', parameters: z.toJSONSchema(Lookup) } }];
const cases = {
    plainly: {},
    'with log-probabilities': { logprobs: true, top_logprobs: 2 },
    'with log-probabilities and a stop text': { logprobs: true, stop: ['coat'] },
    'three times': { n: 3, temperature: 1.5, seed: 1 },
    'with token ids': { return_token_ids: true },
    'with a limit': { max_tokens: 3 },
    'in JSON': { response_format: { type: 'json_schema', json_schema: { name: 'animal', schema: z.toJSONSchema(Animal), strict: true } }, max_tokens: 400 },
    'with a call': { tools, tool_choice: 'required', max_tokens: 400 },
    'with a named call, three times': { tools, tool_choice: { type: 'function', function: { name: 'look_up' } }, n: 3, temperature: 1.5, seed: 1, max_tokens: 400 },
    'with tools it does not use': { tools, tool_choice: 'none' },
};

/** What a caller who puts the chunks together has in the end. */
function assemble(all) {
    const choices = [];
    for (const { index, delta, finish_reason } of all.flatMap(chunk => chunk.choices)) {
        const choice = choices[index] ??= { content: '', calls: [], finish_reason: null };
        assert.equal(choice.finish_reason, null, 'nothing follows the end of a choice');
        choice.content += delta.content ?? '';
        for (const call of delta.tool_calls ?? [])
            (choice.calls[call.index] ??= [call.function.name, '', call.id])[1] += call.function.arguments ?? '';
        choice.finish_reason = finish_reason;
    }
    return choices.map(({ content, calls, finish_reason }) => ({ content, calls: calls.map(([name, args]) => [name, args]), finish_reason }));
}

for (const [how, fields] of Object.entries(cases)) {
    test(`an answer ${how} has the published shape, and its chunks make up the same answer`, async () => {
        const whole = await post('chat.completion', route, { ...ask, ...fields });
        const streamed = await chunks('chat.completion.chunk', route, { ...ask, ...fields, stream_options: { include_usage: true } });

        assert.ok(streamed.every(chunk => ['id', 'created', 'model', 'system_fingerprint'].every(key => chunk[key] === streamed[0][key])));
        assert.deepEqual(assemble(streamed), whole.choices.map(({ message, finish_reason }) => ({
            content: message.content ?? '', calls: (message.tool_calls ?? []).map(call => [call.function.name, call.function.arguments]), finish_reason,
        })));
        for (const { index } of whole.choices) {
            const own = streamed.flatMap(chunk => chunk.choices).filter(choice => choice.index === index);
            assert.equal(own[0].delta.role, 'assistant');
            assert.ok(own.slice(1).every(choice => choice.delta.role === undefined));
        }
        assert.ok(streamed.slice(0, -1).every(chunk => chunk.usage === null));
        const { prompt_tokens, completion_tokens } = streamed.at(-1).usage;
        assert.deepEqual([prompt_tokens, completion_tokens], [whole.usage.prompt_tokens, whole.usage.completion_tokens]);
    });
}

test('without include_usage no chunk speaks of usage', async () => {
    for (const stream_options of [undefined, { include_usage: false }])
        assert.ok((await chunks('chat.completion.chunk', route, { ...ask, stream_options })).every(chunk => !('usage' in chunk)));
});

test('a seen prompt is reported as cached', async () => {
    const long = { ...ask, messages: [{ role: 'user', content: `${'a tall animal with a long neck; '.repeat(20)}${question}` }] };
    await post('chat.completion', route, long);
    const { usage } = await post('chat.completion', route, long);
    assert.ok(usage.prompt_tokens_details.cached_tokens > usage.prompt_tokens / 2);
});

test('arguments and JSON answers hold their schema on the wire', async () => {
    const json = await post('chat.completion', route, { ...ask, ...cases['in JSON'] });
    assertMatches(Animal, json.choices[0].message.content);
    const call = await post('chat.completion', route, { ...ask, ...cases['with a call'] });
    assertMatches(Lookup, call.choices[0].message.tool_calls[0].function.arguments);
});
