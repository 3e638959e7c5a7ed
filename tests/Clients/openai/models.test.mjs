import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect, contextLength, model, question } from '../demo.mjs';
import { connect } from './client.mjs';

const client = connect();

test('the served model is listed and can be retrieved', async () => {
    const listed = await collect(client.models.list());
    assert.deepEqual(listed.map(one => one.id), [model]);
    const one = await client.models.retrieve(model);
    assert.deepEqual(one, listed[0]);
    assert.equal(one.object, 'model');
    assert.equal(one.max_model_len, contextLength);
});

test('tokens are counted without generating, as the answer counts them', async () => {
    const messages = [{ role: 'user', content: question }];
    const counted = await client.post('/chat/completions/input_tokens', { body: { model, messages } });
    const answer = await client.chat.completions.create({ model, messages, max_tokens: 1 });
    assert.equal(counted.input_tokens, answer.usage.prompt_tokens);
});
