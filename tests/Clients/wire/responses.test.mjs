import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { Animal, followUp, gloss, Lookup, question } from '../demo.mjs';
import { call, events, post, refused } from './http.mjs';
import { assertShape } from './schema.mjs';

const route = '/v1/responses';
const ask = { input: question, temperature: 0, max_output_tokens: 400 };
const tools = [{ type: 'function', name: 'look_up', parameters: z.toJSONSchema(Lookup), strict: true }];
const cases = {
    plainly: {},
    'with a limit': { max_output_tokens: 16, input: [{ role: 'user', content: [{ type: 'input_text', text: question }] }] },
    'with log-probabilities': { include: ['message.output_text.logprobs'], top_logprobs: 2 },
    'with instructions and metadata': { instructions: 'You are a dictionary.', metadata: { topic: 'animals' }, store: false },
    'in JSON': { text: { format: { type: 'json_schema', name: 'animal', schema: z.toJSONSchema(Animal), strict: true } } },
    'with a call': { tools, tool_choice: 'required' },
    'with a named call': { tools, tool_choice: { type: 'function', name: 'look_up' }, parallel_tool_calls: false },
};

/** The stream in which every event of a response is named, numbered and of its published shape; it has no `[DONE]`. */
async function stream(fields) {
    const all = await events(route, fields);
    return all.map(({ event, data }, i) => {
        const parsed = JSON.parse(data);
        assert.equal(event, parsed.type);
        assert.equal(parsed.sequence_number, i);
        return assertShape(parsed.type, parsed);
    });
}

/** What does not differ between two answers to one question. */
const essence = ({ status, output, usage, incomplete_details }) => ({
    status,
    incomplete_details,
    tokens: [usage.input_tokens, usage.output_tokens],
    output: output.map(item => [item.type, item.status, item.content?.[0].text ?? item.arguments, item.name]),
});

for (const [how, fields] of Object.entries(cases)) {
    test(`a response ${how} has the published shape, and its events make up the same response`, async () => {
        const whole = await post('response', route, { ...ask, ...fields });
        const all = await stream({ ...ask, ...fields });
        const of = type => all.filter(event => event.type === type);

        assert.deepEqual(all.slice(0, 2).map(event => [event.type, event.response.status]), [['response.created', 'in_progress'], ['response.in_progress', 'in_progress']]);
        assert.equal(all.at(-1).type, `response.${whole.status}`);
        assert.deepEqual(essence(all.at(-1).response), essence(whole));
        assert.deepEqual(of('response.output_item.done').map(event => event.item), all.at(-1).response.output);
        assert.deepEqual(of('response.output_item.added').map(event => [event.output_index, event.item.id, event.item.status]), all.at(-1).response.output.map((item, i) => [i, item.id, 'in_progress']));
        for (const [index, item] of all.at(-1).response.output.entries()) {
            const deltas = all.filter(event => event.type.endsWith('.delta') && event.output_index === index);
            assert.ok(deltas.every(event => event.item_id === item.id));
            assert.equal(deltas.map(event => event.delta).join(''), item.content?.[0].text ?? item.arguments);
        }
    });
}

test('a response is kept, shown and deleted', async () => {
    const first = await post('response', route, ask);
    assert.equal(first.output[0].content[0].text, gloss);
    assert.deepEqual(await call('response', `${route}/${first.id}`, undefined, { method: 'GET' }), first);
    await post('response', route, { input: followUp, previous_response_id: first.id });
    await call('response.deletion', `${route}/${first.id}`, undefined, { method: 'DELETE' });
    await refused(404, `${route}/${first.id}`, undefined, { method: 'GET' });
    await refused(404, `${route}/${first.id}`, undefined, { method: 'DELETE' });
});

test('what a response was asked and how many tokens that is can be read', async () => {
    const input = [{ role: 'user', content: 'What is a zebra?' }, { role: 'assistant', content: 'An animal.' }, { role: 'user', content: question }];
    const { id, usage } = await post('response', route, { ...ask, input });
    const { data } = await call('response.inputItems', `${route}/${id}/input_items?order=asc`, undefined, { method: 'GET' });
    assert.deepEqual(data.map(item => [item.role, item.content[0].text]), input.map(item => [item.role, item.content]));
    const first = await call('response.inputItems', `${route}/${id}/input_items?order=asc&limit=1`, undefined, { method: 'GET' });
    assert.deepEqual([first.data.length, first.has_more, first.last_id], [1, true, data[0].id]);
    const counted = await post('inputTokens', `${route}/input_tokens`, { input });
    assert.deepEqual([counted.object, counted.input_tokens], ['response.input_tokens', usage.input_tokens]);
});
