import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadRequestError } from 'openai';
import { zodFunction } from 'openai/helpers/zod';
import { assertMatches, collect, Lookup, model, Paint, question } from '../demo.mjs';
import { connect } from './client.mjs';

const client = connect();
const user = { role: 'user', content: question };
const lookUp = zodFunction({ name: 'look_up', description: 'Looks a word up.', parameters: Lookup });
const paint = zodFunction({ name: 'paint', description: 'Paints an animal.', parameters: Paint });
const shapes = { look_up: Lookup, paint: Paint };
const named = name => ({ type: 'function', function: { name } });
const ask = (options = {}) => client.chat.completions.create({ model, messages: [user], tools: [lookUp, paint], temperature: 0, ...options });

function assertCalls(message) {
    assert.ok(message.tool_calls.length > 0);
    assert.equal(new Set(message.tool_calls.map(call => call.id)).size, message.tool_calls.length);
    for (const call of message.tool_calls) {
        assert.equal(call.type, 'function');
        assert.ok(call.id);
        assertMatches(shapes[call.function.name], call.function.arguments);
    }
}

test('required makes a call of one of the tools', async () => {
    const [choice] = (await ask({ tool_choice: 'required' })).choices;
    assert.equal(choice.finish_reason, 'tool_calls');
    assert.equal(choice.message.content, null);
    assertCalls(choice.message);
});

test('a named tool is called, once', async () => {
    const [choice] = (await ask({ tool_choice: named('paint') })).choices;
    assert.ok(['stop', 'tool_calls'].includes(choice.finish_reason)); // OpenAI's guide: a call that was forced by name may end with stop
    assert.deepEqual(choice.message.tool_calls.map(call => call.function.name), ['paint']);
    assertCalls(choice.message);
});

test('none answers in words', async () => {
    const [choice] = (await ask({ tool_choice: 'none' })).choices;
    assert.equal(choice.message.tool_calls, undefined);
    assert.notEqual(choice.finish_reason, 'tool_calls');
    assert.equal(typeof choice.message.content, 'string');
});

test('auto answers in words or calls, and says which', async () => {
    for (const tool_choice of ['auto', undefined]) {
        const [choice] = (await ask({ tool_choice, max_tokens: 100 })).choices;
        if (choice.finish_reason === 'tool_calls')
            assertCalls(choice.message);
        else
            assert.equal(choice.message.tool_calls, undefined);
    }
});

test('allowed tools bound the choice', async () => {
    for (const name of ['look_up', 'paint']) {
        const [choice] = (await ask({ tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [named(name)] } } })).choices;
        assert.ok(choice.message.tool_calls.every(call => call.function.name === name));
    }
});

test('without parallel calls there is one', async () => {
    const { choices } = await ask({ tool_choice: 'required', parallel_tool_calls: false, n: 4, temperature: 2, seed: 1 });
    for (const choice of choices) {
        assert.equal(choice.message.tool_calls.length, 1);
        assertCalls(choice.message);
    }
});

test('parallel calls have an id and arguments each', async () => {
    const { choices } = await ask({ tool_choice: 'required', parallel_tool_calls: true, n: 4, temperature: 2, seed: 1, max_tokens: 300 });
    for (const choice of choices.filter(choice => choice.finish_reason !== 'length')) // nothing bounds their number but the limit
        assertCalls(choice.message);
});

test('streamed argument deltas are the whole call', async () => {
    for (const tool_choice of ['required', named('look_up')]) {
        const whole = (await ask({ tool_choice })).choices[0];
        const stream = client.chat.completions.stream({ model, messages: [user], tools: [lookUp, paint], temperature: 0, tool_choice });
        const done = [];
        stream.on('tool_calls.function.arguments.done', call => done.push(call));
        const [choice] = (await stream.finalChatCompletion()).choices;
        const spelled = calls => calls.map(call => [call.function.name, call.function.arguments]);
        assert.deepEqual(spelled(choice.message.tool_calls), spelled(whole.message.tool_calls));
        assert.deepEqual(done.map(call => [call.name, call.arguments]), spelled(whole.message.tool_calls));
        assert.deepEqual(done.map(call => call.parsed_arguments), whole.message.tool_calls.map(call => JSON.parse(call.function.arguments)));
        assert.equal(choice.finish_reason, whole.finish_reason);
    }
});

test('only the first delta of a call carries its id and name', async () => {
    const chunks = await collect(await ask({ tool_choice: named('look_up'), stream: true }));
    const deltas = chunks.flatMap(chunk => chunk.choices[0]?.delta.tool_calls ?? []);
    assert.ok(deltas[0].id && deltas[0].type === 'function' && deltas[0].function.name === 'look_up');
    assert.ok(deltas.slice(1).every(delta => delta.index === 0 && delta.id === undefined && delta.function.name === undefined));
    assertMatches(Lookup, deltas.map(delta => delta.function.arguments ?? '').join(''));
});

test('a tool\'s result is taken into the conversation', async () => {
    const [{ message }] = (await ask({ tool_choice: 'required' })).choices;
    const results = message.tool_calls.map(call => ({ role: 'tool', tool_call_id: call.id, content: 'It is tall.' }));
    const answer = await ask({ messages: [user, message, ...results], tool_choice: 'none', max_tokens: 40 });
    assert.equal(typeof answer.choices[0].message.content, 'string');
    assert.ok(answer.usage.prompt_tokens > (await ask({ tool_choice: 'none', max_tokens: 1 })).usage.prompt_tokens);
});

test('runTools calls the function with arguments that fit', async () => {
    const calls = [];
    const runnable = zodFunction({ name: 'look_up', parameters: Lookup, function: args => { calls.push(args); return 'a tall animal'; } });
    const runner = client.chat.completions.runTools({ model, messages: [user], tools: [runnable], tool_choice: named('look_up'), temperature: 0 });
    await runner.done();
    assert.equal(calls.length, 1);
    assertMatches(Lookup, calls[0]);
    assert.equal(runner.messages.at(-1).role, 'tool');
});

test('a choice of a tool that is not there names tool_choice', async () => {
    await assert.rejects(ask({ tool_choice: named('fly') }), error => error instanceof BadRequestError && error.param.startsWith('tool_choice'));
    await assert.rejects(ask({ tools: undefined, tool_choice: 'required' }), error => error instanceof BadRequestError && error.param === 'tool_choice');
});
