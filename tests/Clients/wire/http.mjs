// HTTP without a client library, to see what is on the wire.
import assert from 'node:assert/strict';
import { model, serverURL } from '../demo.mjs';
import { assertShape } from './schema.mjs';

export const send = (path, body, { method = 'POST', headers = {}, server = serverURL } = {}) => fetch(server + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
});

/** Sends a request and holds the answer against its shape and the headers that every answer has. */
export async function call(shape, path, body, options) {
    const response = await send(path, body, options);
    const answer = await response.json();
    assert.equal(response.status, 200, JSON.stringify(answer));
    assertHeaders(response, 'application/json');
    return assertShape(shape, answer);
}

export const post = (shape, path, fields) => call(shape, path, { model, ...fields });

/** Sends a request that is refused and gives the error that came. */
export async function refused(status, path, body, options) {
    const response = await send(path, body, options);
    const answer = await response.json();
    assert.equal(response.status, status, JSON.stringify(answer));
    assertHeaders(response, 'application/json');
    return { ...assertShape('errorBody', answer).error, headers: response.headers };
}

/** The events of a stream, each `{ event, data }`, comments left out. */
export async function events(path, fields) {
    const response = await send(path, { model, stream: true, ...fields });
    const raw = await response.text();
    assert.equal(response.status, 200, raw);
    assertHeaders(response, 'text/event-stream');
    assert.equal(response.headers.get('cache-control'), 'no-cache');
    assert.equal(response.headers.get('x-accel-buffering'), 'no');
    assert.ok(raw.endsWith('\n\n'));
    return raw.split('\n\n').filter(block => block && !block.startsWith(':')).map(parse);
}

/** The chunks of a stream that ends with `[DONE]`, each held against its shape. */
export async function chunks(shape, path, fields) {
    const all = await events(path, fields);
    assert.deepEqual(all.pop(), { event: undefined, data: '[DONE]' });
    return all.map(({ data }) => assertShape(shape, JSON.parse(data)));
}

function assertHeaders(response, contentType) {
    assert.equal(response.headers.get('content-type').split(';')[0], contentType);
    assert.match(response.headers.get('x-request-id'), /^[\w.:-]+$/);
}

function parse(block) {
    const fields = block.split('\n').map(line => /^(event|data): (.*)$/s.exec(line));
    assert.ok(fields.every(Boolean), `not an event: ${block}`);
    return { event: undefined, data: undefined, ...Object.fromEntries(fields.map(([, name, value]) => [name, value])) };
}
