import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuthenticationError, BadRequestError, NotFoundError } from 'openai';
import { keyedURL, model, question, rightKey, tooLong } from '../demo.mjs';
import { connect } from './client.mjs';

const client = connect();
const ask = (options = {}, to = client) => to.chat.completions.create({ model, messages: [{ role: 'user', content: question }], max_tokens: 4, ...options });

test('a wrong key is an AuthenticationError, the right one is served', async () => {
    await ask({}, connect({ baseURL: keyedURL, apiKey: rightKey }));
    await assert.rejects(ask({}, connect({ baseURL: keyedURL, apiKey: 'sk-wrong' })), error => {
        assert.ok(error instanceof AuthenticationError);
        assert.equal(error.status, 401);
        assert.equal(error.code, 'invalid_api_key');
        assert.ok(error.requestID);
        return true;
    });
});

test('an unknown model is a NotFoundError', async () => {
    for (const call of [() => ask({ model: 'gpt-99' }), () => client.models.retrieve('gpt-99')])
        await assert.rejects(call, error => error instanceof NotFoundError && error.code === 'model_not_found' && error.param === 'model');
});

test('a value out of range is a BadRequestError that names the field', async () => {
    const cases = [
        [{ temperature: 3 }, 'temperature', 'invalid_value'],
        [{ max_tokens: '4' }, 'max_tokens', 'invalid_type'],
        [{ no_such_field: 1 }, 'no_such_field', 'unknown_parameter'],
        [{ messages: [{ role: 'user', content: 'Hi' }, { role: 'nobody', content: 'Hi' }] }, 'messages[1].role', 'invalid_value'],
        [{ messages: undefined }, 'messages', 'missing_required_parameter'],
    ];
    for (const [options, param, code] of cases) {
        await assert.rejects(ask(options), error => {
            assert.ok(error instanceof BadRequestError);
            assert.deepEqual([error.status, error.type, error.param, error.code], [400, 'invalid_request_error', param, code]);
            return true;
        });
    }
});

test('a prompt beyond the context is a BadRequestError, also where a stream was asked for', async () => {
    for (const stream of [false, true]) {
        await assert.rejects(
            ask({ messages: [{ role: 'user', content: tooLong }], stream }),
            error => error instanceof BadRequestError && error.code === 'context_length_exceeded' && error.param === 'messages');
    }
});

test('an image is refused by its path', async () => {
    const content = [{ type: 'text', text: question }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }];
    await assert.rejects(ask({ messages: [{ role: 'user', content }] }), error => {
        assert.ok(error instanceof BadRequestError);
        assert.deepEqual([error.code, error.param], ['unsupported_value', 'messages[0].content[1].type']);
        return true;
    });
});

test('a route that is not there is a NotFoundError', async () => {
    await assert.rejects(client.images.generate({ prompt: 'a giraffe' }), error => error instanceof NotFoundError && error.code === 'unknown_url');
});
