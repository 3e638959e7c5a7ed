import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextLength, model, question, serverURL } from '../demo.mjs';
import { call, chunks, post, send } from './http.mjs';

const prompt = `[INST] ${question} [/INST]`;
const completions = { plainly: {}, 'with log-probabilities': { logprobs: 2 }, 'with echo': { echo: true }, 'with token ids': { return_token_ids: true }, 'of several prompts': { prompt: ['a', 'b c'], n: 2 }, 'of several prompts in tokens': { prompt: [[5, 6], [7]], n: 2 } };

for (const [how, fields] of Object.entries(completions)) {
    test(`a completion ${how} has the published shape, and its chunks make up the same text`, async () => {
        const body = { prompt, temperature: 0, max_tokens: 12, ...fields };
        const whole = await post('text_completion', '/v1/completions', body);
        const streamed = await chunks('text_completion.chunk', '/v1/completions', { ...body, stream_options: { include_usage: true } });
        const texts = whole.choices.map(() => '');
        for (const choice of streamed.flatMap(chunk => chunk.choices))
            texts[choice.index] += choice.text;
        assert.deepEqual(texts, whole.choices.map(choice => choice.text));
        assert.equal(streamed.at(-1).usage.completion_tokens, whole.usage.completion_tokens);
        const offsets = streamed.flatMap(chunk => chunk.choices.flatMap(choice => choice.logprobs?.text_offset ?? []));
        assert.deepEqual(offsets, whole.choices.flatMap(choice => choice.logprobs?.text_offset ?? []));
    });
}

test('models are listed and shown in the published shape', async () => {
    const { data } = await call('models', '/v1/models', undefined, { method: 'GET' });
    assert.deepEqual(await call('model', `/v1/models/${model}`, undefined, { method: 'GET' }), data[0]);
});

test('embeddings have the published shape in both encodings', async () => {
    const floats = await post('embeddings.float', '/v1/embeddings', { input: ['giraffe', 'zebra'] });
    const packed = await post('embeddings.base64', '/v1/embeddings', { input: ['giraffe', 'zebra'], encoding_format: 'base64' });
    floats.data.forEach(({ embedding }, i) => {
        const bytes = Buffer.from(packed.data[i].embedding, 'base64');
        assert.equal(bytes.length, 4 * embedding.length);
        embedding.forEach((value, k) => assert.equal(bytes.readFloatLE(4 * k), Math.fround(value)));
    });
});

test('text goes to tokens and back', async () => {
    const { count, tokens, max_model_len } = await post('tokenize', '/tokenize', { prompt: 'a giraffe 🦒', return_token_strs: true });
    assert.deepEqual([count, max_model_len], [tokens.length, contextLength]);
    assert.equal((await post('detokenize', '/detokenize', { tokens: tokens.slice(1) })).prompt, 'a giraffe 🦒');
    await post('inputTokens', '/v1/chat/completions/input_tokens', { messages: [{ role: 'user', content: question }] });
});

test('health, metrics, the description and its page are there', async () => {
    for (const path of ['/health', '/health/live', '/health/ready', '/health/startup'])
        await call('health', path, undefined, { method: 'GET' });
    assert.match(await (await fetch(`${serverURL}/metrics`)).text(), /^vllm:generation_tokens_total\{/m);
    const description = await (await fetch(`${serverURL}/swagger/v1/swagger.json`)).json();
    for (const path of ['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/responses', '/v1/models', '/tokenize', '/detokenize'])
        assert.ok(description.paths[path], path);
});

test('a caller\'s request id comes back, and one that could not stand in a header is replaced', async () => {
    const id = async asked => (await send('/v1/models', undefined, { method: 'GET', headers: { 'x-request-id': asked } })).headers.get('x-request-id');
    assert.equal(await id('my-id.1'), 'my-id.1');
    assert.match(await id('not sane'), /^req_/);
});
