import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadRequestError, NotFoundError } from 'openai';
import { zodResponsesFunction } from 'openai/helpers/zod';
import { assertMatches, collect, followUp, followUpGloss, gloss, Lookup, model, question, untilIdle } from '../demo.mjs';
import { connect } from './client.mjs';

const client = connect();
const respond = (options = {}) => client.responses.create({ model, input: question, temperature: 0, ...options });
const lookUp = zodResponsesFunction({ name: 'look_up', description: 'Looks a word up.', parameters: Lookup });

test('a question is answered with its gloss', async () => {
    const response = await respond();
    assert.equal(response.output_text, gloss);
    assert.equal(response.status, 'completed');
    assert.equal(response.object, 'response');
    assert.equal(response.model, model);
    assert.equal(response.usage.total_tokens, response.usage.input_tokens + response.usage.output_tokens);
});

test('the events tell the answer from its creation to its completion', async () => {
    const events = await collect(await respond({ stream: true }));
    assert.deepEqual(events.map(event => event.sequence_number), events.map((_, i) => i));
    assert.equal(events.filter(event => event.type === 'response.output_text.delta').map(event => event.delta).join(''), gloss);
    const steps = events.map(event => event.type).filter((type, i, all) => type !== all[i - 1]);
    assert.deepEqual(steps, [
        'response.created', 'response.in_progress', 'response.output_item.added', 'response.content_part.added', 'response.output_text.delta',
        'response.output_text.done', 'response.content_part.done', 'response.output_item.done', 'response.completed',
    ]);
    assert.equal(events.at(-1).response.output[0].content[0].text, gloss);
});

test('the stream helper gathers the same response', async () => {
    const stream = client.responses.stream({ model, input: question, temperature: 0 });
    const deltas = [];
    stream.on('response.output_text.delta', event => deltas.push(event.delta));
    const response = await stream.finalResponse();
    assert.equal(deltas.join(''), gloss);
    assert.equal(response.output_text, gloss);
});

test('a follow-up goes on from the response before it', async () => {
    const first = await respond();
    const second = await respond({ input: followUp, previous_response_id: first.id });
    assert.equal(second.output_text, followUpGloss);
    assert.equal(second.previous_response_id, first.id);
});

test('a follow-up goes on from output that was given back as it came', async () => {
    const first = await respond({ store: false });
    const second = await respond({ input: [{ role: 'user', content: question }, ...first.output, { role: 'user', content: followUp }] });
    assert.equal(second.output_text, followUpGloss);
});

test('instructions hold for one response and are told', async () => {
    const response = await respond({ instructions: 'You are a dictionary.' });
    assert.equal(response.instructions, 'You are a dictionary.');
    assert.ok(response.usage.input_tokens > (await respond()).usage.input_tokens);
});

test('a token limit leaves it incomplete and says why', async () => {
    const response = await respond({ max_output_tokens: 16, input: 'What is a zebra?' });
    if (response.status === 'incomplete')
        assert.equal(response.incomplete_details.reason, 'max_output_tokens');
    const cut = await respond({ max_output_tokens: 16 });
    assert.deepEqual([cut.status, cut.incomplete_details], ['incomplete', { reason: 'max_output_tokens' }]);
    assert.ok(gloss.startsWith(cut.output_text));
});

test('a stored response is retrieved and deleted, one that was not stored is not there', async () => {
    const stored = await respond({ metadata: { topic: 'animals' } });
    const again = await client.responses.retrieve(stored.id);
    assert.deepEqual([again.output, again.metadata, again.usage], [stored.output, { topic: 'animals' }, stored.usage]);
    await client.responses.delete(stored.id);
    const passing = await respond({ store: false });
    for (const id of [stored.id, passing.id, 'resp_none'])
        await assert.rejects(client.responses.retrieve(id), NotFoundError);
    await assert.rejects(respond({ previous_response_id: 'resp_none' }), error => error.status >= 400 && error.param === 'previous_response_id');
});

test('what was asked can be listed and counted', async () => {
    const stored = await respond();
    const items = await collect(client.responses.inputItems.list(stored.id));
    assert.deepEqual(items.map(item => [item.role, item.content[0].text]), [['user', question]]);
    assert.equal((await client.responses.inputTokens.count({ model, input: question })).input_tokens, stored.usage.input_tokens);
});

test('a tool is called, whole and streamed, and its result taken', async () => {
    const options = { tools: [lookUp], tool_choice: 'required', parallel_tool_calls: false };
    const first = await respond(options);
    const [call] = first.output.filter(item => item.type === 'function_call');
    assert.equal(call.name, 'look_up');
    assertMatches(Lookup, call.arguments);

    const events = await collect(await respond({ ...options, stream: true }));
    assert.equal(events.filter(event => event.type === 'response.function_call_arguments.delta').map(event => event.delta).join(''), call.arguments);
    assert.equal(events.find(event => event.type === 'response.function_call_arguments.done').arguments, call.arguments);

    const result = { type: 'function_call_output', call_id: call.call_id, output: 'It is tall.' };
    const stored = await respond({ previous_response_id: first.id, input: [result], tools: [lookUp], tool_choice: 'none', max_output_tokens: 40 });
    assert.equal(stored.output[0].type, 'message');
    const given = await respond({ input: [{ role: 'user', content: question }, ...first.output, result], tools: [lookUp], tool_choice: 'none', max_output_tokens: 40 });
    assert.equal(given.output_text, stored.output_text);
});

test('log-probabilities come where they are asked for', async () => {
    const response = await respond({ include: ['message.output_text.logprobs'], top_logprobs: 2 });
    const tokens = response.output[0].content[0].logprobs;
    assert.equal(Buffer.from(tokens.flatMap(token => token.bytes)).toString(), gloss);
    assert.ok(tokens.every(token => token.top_logprobs.length === 2));
});

test('what is not built is refused by name', async () => {
    const cases = [[{ tools: [{ type: 'web_search' }] }, 'tools[0].type'], [{ background: true }, 'background'], [{ temperature: 3 }, 'temperature'], [{ no_such_field: 1 }, 'no_such_field']];
    for (const [options, param] of cases)
        await assert.rejects(respond(options), error => error instanceof BadRequestError && error.param === param, param);
});

test('a caller who leaves in mid-stream frees the server', async () => {
    const stream = await respond({ stream: true, temperature: 2, max_output_tokens: 900 });
    for await (const event of stream) {
        if (event.type === 'response.output_text.delta')
            break;
    }
    await untilIdle();
    assert.equal((await respond()).output_text, gloss);
});
