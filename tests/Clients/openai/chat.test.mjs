import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect, followUp, followUpGloss, gloss, model, question, untilIdle } from '../demo.mjs';
import { connect } from './client.mjs';

const client = connect();
const ask = (options = {}) => client.chat.completions.create({ model, messages: [{ role: 'user', content: question }], temperature: 0, ...options });

/** Puts each choice's deltas together as an application's screen does. */
function assemble(chunks) {
    const texts = [];
    for (const choice of chunks.flatMap(chunk => chunk.choices))
        texts[choice.index] = (texts[choice.index] ?? '') + (choice.delta.content ?? '');
    return texts;
}

test('a question is answered with its gloss', async () => {
    const { data, response, request_id } = await ask().withResponse();
    assert.equal(data.choices[0].message.content, gloss);
    assert.equal(data.choices[0].message.role, 'assistant');
    assert.equal(data.choices[0].finish_reason, 'stop');
    assert.equal(data.model, model);
    assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
    assert.equal(request_id, response.headers.get('x-request-id'));
});

test('the streamed deltas are the whole answer, and the usage comes last', async () => {
    const whole = await ask();
    const chunks = await collect(await ask({ stream: true, stream_options: { include_usage: true } }));
    assert.deepEqual(assemble(chunks), [gloss]);
    assert.equal(chunks[0].choices[0].delta.role, 'assistant');
    assert.deepEqual(chunks.map(chunk => chunk.choices[0]?.finish_reason).filter(Boolean), ['stop']);
    const { prompt_tokens, completion_tokens, total_tokens } = chunks.at(-1).usage;
    assert.deepEqual([prompt_tokens, completion_tokens, total_tokens], [whole.usage.prompt_tokens, whole.usage.completion_tokens, whole.usage.total_tokens]);
    assert.ok(chunks.slice(0, -1).every(chunk => chunk.usage === null));
});

test('the stream helper gathers the same completion', async () => {
    const stream = client.chat.completions.stream({ model, messages: [{ role: 'user', content: question }], temperature: 0, stream_options: { include_usage: true } });
    const deltas = [];
    stream.on('content', delta => deltas.push(delta));
    const completion = await stream.finalChatCompletion();
    assert.equal(deltas.join(''), gloss);
    assert.equal(completion.choices[0].message.content, gloss);
    assert.equal((await stream.totalUsage()).completion_tokens, completion.usage.completion_tokens);
});

test('a follow-up goes on from the answer that was given back as it came', async () => {
    const messages = [{ role: 'user', content: question }];
    messages.push((await ask()).choices[0].message, { role: 'user', content: followUp });
    assert.equal((await ask({ messages })).choices[0].message.content, followUpGloss);
});

test('system and developer messages and text parts are read', async () => {
    for (const role of ['system', 'developer']) {
        const system = { role, content: 'You are a dictionary.' };
        const answer = await ask({ messages: [system, { role: 'user', content: [{ type: 'text', text: question }] }] });
        assert.equal(answer.choices[0].message.content, gloss);
        assert.ok(answer.usage.prompt_tokens > (await ask()).usage.prompt_tokens);
    }
});

test('a stop text ends the answer and is not in it', async () => {
    const expected = gloss.slice(0, gloss.indexOf('spotted coat'));
    const whole = await ask({ stop: ['never', 'spotted coat'] });
    assert.equal(whole.choices[0].message.content, expected);
    assert.equal(whole.choices[0].finish_reason, 'stop');
    assert.deepEqual(assemble(await collect(await ask({ stop: 'spotted coat', stream: true }))), [expected]);
});

test('a token limit cuts the answer and says so', async () => {
    for (const limit of [{ max_completion_tokens: 5 }, { max_tokens: 5 }]) {
        const answer = await ask(limit);
        assert.equal(answer.choices[0].finish_reason, 'length');
        assert.equal(answer.usage.completion_tokens, 5);
        assert.ok(gloss.startsWith(answer.choices[0].message.content));
    }
});

test('a seed repeats its draws, whole and streamed, and other seeds draw otherwise', async () => {
    const hot = seed => ({ seed, temperature: 1.8, max_completion_tokens: 16 });
    const first = (await ask(hot(7))).choices[0].message.content;
    assert.equal((await ask(hot(7))).choices[0].message.content, first);
    assert.deepEqual(assemble(await collect(await ask({ ...hot(7), stream: true }))), [first]);
    const others = await Promise.all([1, 2, 3, 4].map(seed => ask(hot(seed))));
    assert.ok(others.some(other => other.choices[0].message.content !== first));
});

test('n answers have their own index, text and ending', async () => {
    const options = { n: 3, seed: 11, temperature: 1.8, max_completion_tokens: 12 };
    const whole = await ask(options);
    assert.deepEqual(whole.choices.map(choice => choice.index), [0, 1, 2]);
    const texts = whole.choices.map(choice => choice.message.content);
    assert.equal(new Set(texts).size, 3);
    const chunks = await collect(await ask({ ...options, stream: true }));
    assert.deepEqual(assemble(chunks), texts);
    assert.equal(chunks.flatMap(chunk => chunk.choices).filter(choice => choice.finish_reason).length, 3);
});

test('log-probabilities spell the answer and rank the alternatives', async () => {
    const [choice] = (await ask({ logprobs: true, top_logprobs: 3 })).choices;
    const tokens = choice.logprobs.content;
    assert.equal(Buffer.from(tokens.flatMap(token => token.bytes)).toString(), gloss);
    for (const token of tokens) {
        assert.equal(token.top_logprobs.length, 3);
        assert.equal(token.top_logprobs[0].token, token.token);
        assert.ok(token.logprob <= 0 && token.top_logprobs[0].logprob >= token.top_logprobs[2].logprob);
    }
    const chunks = await collect(await ask({ logprobs: true, top_logprobs: 3, stream: true }));
    assert.deepEqual(chunks.flatMap(chunk => chunk.choices[0]?.logprobs?.content ?? []).map(token => token.token), tokens.map(token => token.token));
});

test('a caller who leaves in mid-stream frees the server', async () => {
    const stream = await ask({ stream: true, max_tokens: 900, ignore_eos: true });
    let seen = 0;
    for await (const _ of stream) {
        if (++seen === 3)
            stream.controller.abort();
    }
    assert.equal(seen, 3);
    await untilIdle();
    assert.equal((await ask()).choices[0].message.content, gloss);
});
