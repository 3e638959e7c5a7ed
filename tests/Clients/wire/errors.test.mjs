import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';
import { model, question, serverURL, tooLong } from '../demo.mjs';
import { refused, send } from './http.mjs';
import { assertShape } from './schema.mjs';

const messages = [{ role: 'user', content: question }];
const bodies = {
    '/v1/chat/completions': { model, messages },
    '/v1/completions': { model, prompt: 'a' },
    '/v1/embeddings': { model, input: 'a' },
    '/v1/responses': { model, input: 'a' },
    '/v1/responses/input_tokens': { model, input: 'a' },
    '/v1/chat/completions/input_tokens': { model, messages },
    '/tokenize': { prompt: 'a' },
    '/detokenize': { tokens: [5] },
};

/** Says how long a body will be and sends none of it: who goes on sending while the server closes would see a broken pipe, not the answer. */
async function announce(path, length) {
    const request = http.request(serverURL + path, { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': length } });
    request.flushHeaders();
    const [response] = await once(request, 'response');
    const answer = JSON.parse((await response.toArray()).join(''));
    request.destroy();
    assert.equal(response.statusCode, 413);
    return assertShape('errorBody', answer).error;
}

for (const [path, body] of Object.entries(bodies)) {
    test(`${path} says what is wrong, in the published shape`, async () => {
        assert.equal((await refused(400, path, '{"model": ')).code, 'invalid_json');
        assert.equal((await refused(400, path, '[]')).code, 'invalid_type');
        assert.equal((await refused(400, path, '')).code, 'invalid_json');
        assert.equal((await refused(404, path, { ...body, model: 'gpt-99' })).code, 'model_not_found');
        const unknown = await refused(400, path, { ...body, no_such_field: 1 });
        assert.deepEqual([unknown.code, unknown.param, unknown.type], ['unknown_parameter', 'no_such_field', 'invalid_request_error']);
        const wrong = await refused(400, path, { ...body, model: 7 });
        assert.deepEqual([wrong.code, wrong.param], ['invalid_type', 'model']);
        assert.equal((await refused(415, path, 'x', { headers: { 'content-type': 'text/plain' } })).code, 'unsupported_media_type');
        assert.equal((await announce(path, 5 << 20)).code, 'request_too_large');
        const method = await refused(405, path, undefined, { method: 'PUT' });
        assert.equal(method.code, 'method_not_allowed');
        assert.match(method.headers.get('allow'), /\bPOST\b/);
    });

    test(`${path} asks for the key`, async () => {
        const server = process.env.KEYED_SERVER_URL;
        for (const headers of [{}, { authorization: 'Bearer sk-wrong' }]) {
            const error = await refused(401, path, body, { server, headers });
            assert.equal(error.code, 'invalid_api_key');
            assert.equal(error.headers.get('www-authenticate'), 'Bearer');
        }
        assert.equal((await send(path, body, { server, headers: { authorization: 'Bearer sk-right' } })).status, 200);
    });
}

test('a prompt beyond the context is refused before a stream begins', async () => {
    const cases = [
        ['/v1/chat/completions', { model, messages: [{ role: 'user', content: tooLong }], stream: true }, 'messages'],
        ['/v1/completions', { model, prompt: tooLong, stream: true }, 'prompt'],
        ['/v1/responses', { model, input: tooLong, stream: true }, 'input'],
        ['/v1/embeddings', { model, input: tooLong }, 'input'],
    ];
    for (const [path, body, param] of cases) {
        const error = await refused(400, path, body);
        assert.deepEqual([error.code, error.param], ['context_length_exceeded', param], path);
    }
});

test('a route that is not there says so in JSON', async () => {
    const error = await refused(404, '/v1/audio/speech', { model });
    assert.deepEqual([error.code, error.type, error.param], ['unknown_url', 'invalid_request_error', null]);
});
