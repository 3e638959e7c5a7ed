import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadRequestError } from 'openai';
import { model, tooLong } from '../demo.mjs';
import { connect } from './client.mjs';

const client = connect();
const embed = (input, options = {}) => client.embeddings.create({ model, input, ...options });
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

test('the client\'s default, base64, and floats are the same numbers of length one', async () => {
    const packed = await embed('a giraffe');
    const floats = await embed('a giraffe', { encoding_format: 'float' });
    assert.equal(packed.object, 'list');
    assert.equal(packed.model, model);
    assert.deepEqual(Float32Array.from(packed.data[0].embedding), Float32Array.from(floats.data[0].embedding));
    assert.equal((await embed('a giraffe', { dimensions: packed.data[0].embedding.length })).data[0].embedding.length, packed.data[0].embedding.length);
    assert.ok(Math.abs(Math.hypot(...floats.data[0].embedding) - 1) < 1e-5);
    assert.equal(packed.usage.prompt_tokens, packed.usage.total_tokens);
});

test('a batch keeps its order and gives each what it gets alone', async () => {
    const words = ['giraffe', 'zebra', 'a long neck and long legs', '🦒'];
    const batch = await embed(words);
    assert.deepEqual(batch.data.map(one => one.index), [0, 1, 2, 3]);
    for (const [i, word] of words.entries())
        assert.ok(dot(batch.data[i].embedding, (await embed(word)).data[0].embedding) > 0.9999, word);
});

test('tokens are taken as texts are, one row or several', async () => {
    const [one] = (await embed([5, 6, 7])).data;
    const both = (await embed([[5, 6, 7], [8, 9]])).data;
    assert.equal(both.length, 2);
    assert.ok(dot(one.embedding, both[0].embedding) > 0.9999);
    assert.ok(dot(both[0].embedding, both[1].embedding) < 0.9999);
});

test('what cannot be done is refused by name', async () => {
    const cases = [['x', { dimensions: 8 }, 'dimensions'], ['', {}, 'input'], [[], {}, 'input'], ['x', { encoding_format: 'hex' }, 'encoding_format'], [tooLong, {}, 'input']];
    for (const [input, options, param] of cases)
        await assert.rejects(embed(input, options), error => error instanceof BadRequestError && error.param.startsWith(param), param);
});
