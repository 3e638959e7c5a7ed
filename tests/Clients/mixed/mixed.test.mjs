// What a request is answered does not depend on how it is asked, on what else is asked at the same time, or on who leaves: the server runs deterministically.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverURL, untilIdle } from '../demo.mjs';
import { streamed, whole } from './answers.mjs';
import { randomOf, requestOf } from './requests.mjs';

const random = randomOf(+(process.env.SEED ?? 1)), count = +(process.env.REQUESTS ?? 120), callers = 32;
const requests = Array.from({ length: count }, () => requestOf(random)), alone = [];

test('a streamed answer makes up the whole one', { timeout: 600_000 }, async () => {
    for (const request of requests) {
        const answer = await whole(request);
        assert.equal(typeof answer, 'object', `${answer} ${JSON.stringify(request)}`);
        assert.deepEqual(await streamed(request), answer, JSON.stringify(request));
        alone.push(answer);
    }
});

test('the bytes of an answer\'s tokens are those of its text', () => {
    for (const [i, { path, body }] of requests.entries()) {
        if (path !== '/v1/chat/completions' || !body.logprobs || body.tools)
            continue;
        for (const { text, logprobs } of alone[i].choices) {
            const written = Buffer.from(logprobs.content.flatMap(token => token.bytes)).toString();
            if (written.includes('\uFFFD')) // how many stand for a broken character is told differently
                continue;
            assert.ok(body.stop ? written.startsWith(text) : written === text, `'${written}' for '${text}'`);
        }
    }
});

test('no answer depends on its company, nor on callers who leave', { timeout: 600_000 }, async () => {
    const left = [...requests.entries()].flatMap(entry => [[...entry, whole], [...entry, streamed]]).sort(() => random() - 0.5);
    await Promise.all(Array.from({ length: callers }, async () => {
        while (left.length > 0) {
            const [i, request, ask] = left.pop();
            if (random() < 0.3)
                await leave(request, ask === streamed, Math.ceil(100 * random()));
            assert.deepEqual(await ask(request), alone[i], JSON.stringify(request));
        }
    }));
    await untilIdle();
});

async function leave({ path, body }, stream, milliseconds) {
    try {
        await (await fetch(serverURL + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ...body, stream }), signal: AbortSignal.timeout(milliseconds) })).text();
    } catch (error) {
        assert.equal(error.name, 'TimeoutError');
    }
}
