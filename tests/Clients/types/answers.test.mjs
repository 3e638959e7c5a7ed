// Every kind of answer, written down as a literal of its type in the official client and given to the TypeScript compiler: what a caller's program takes for
// granted must be there, with one of the values that the types name.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import { z } from 'zod';
import { Animal, Lookup, model, question, serverURL } from '../demo.mjs';
import { events, send } from '../wire/http.mjs';

const file = new URL('answers.generated.ts', import.meta.url);
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const schema = z.toJSONSchema(Animal);
const call = { name: 'look_up', description: 'Looks a word up.', parameters: z.toJSONSchema(Lookup), strict: true };

const chat = {
    plainly: {},
    'with log-probabilities': { logprobs: true, top_logprobs: 2 },
    'three times': { n: 3, temperature: 1.5, seed: 1 },
    'with a limit': { max_tokens: 3 },
    'in JSON': { response_format: { type: 'json_schema', json_schema: { name: 'animal', schema, strict: true } }, logprobs: true },
    'with a call': { tools: [{ type: 'function', function: call }], tool_choice: 'required' },
};
const completions = { plainly: {}, 'with log-probabilities': { logprobs: 2 }, 'of two prompts': { prompt: ['a', 'b'] } };
const responses = {
    plainly: { metadata: { topic: 'animals' }, user: 'u', instructions: 'You are a dictionary.' },
    'with log-probabilities': { include: ['message.output_text.logprobs'], top_logprobs: 2 },
    'with a limit': { max_output_tokens: 3 },
    'in JSON': { text: { format: { type: 'json_schema', name: 'animal', schema, strict: true } } },
    'with a call': { tools: [{ type: 'function', ...call }], tool_choice: { type: 'function', name: 'look_up' } },
    padded: {},
};

const answers = [];
const note = (type, what, value) => answers.push(`/* ${what} */ export const _${answers.length}: ${type} = ${JSON.stringify(value)};`);
const ask = async (path, body) => (await send(path, { model, temperature: 0, ...body })).json();
const streamed = async (path, fields) => (await events(path, { temperature: 0, ...fields })).filter(({ data }) => data !== '[DONE]').map(({ data }) => JSON.parse(data));

async function noteChat(how, fields) {
    const body = { messages: [{ role: 'user', content: question }], max_tokens: 400, ...fields };
    note('Chat', how, await ask('/v1/chat/completions', body));
    for (const chunk of await streamed('/v1/chat/completions', { ...body, stream_options: { include_usage: true } }))
        note('ChatChunk', how, chunk);
}

async function noteCompletion(how, fields) {
    const body = { prompt: question, max_tokens: 4, ...fields };
    note('Text', how, await ask('/v1/completions', body));
    for (const chunk of await streamed('/v1/completions', { ...body, stream_options: { include_usage: true } }))
        note('TextChunk', how, chunk);
}

async function noteResponse(how, fields) {
    const body = { input: question, max_output_tokens: 400, ...fields };
    const response = await ask('/v1/responses', body);
    note('Response', how, response);
    note('InputItems', how, await (await fetch(`${serverURL}/v1/responses/${response.id}/input_items`)).json());
    for (const event of await streamed('/v1/responses', how === 'padded' ? { ...body, stream_options: { include_obfuscation: true } } : body))
        note('Event', how, event);
}

after(() => rmSync(file, { force: true }));

test('what the server says compiles as what the client\'s types promise', { timeout: 300_000 }, async () => {
    for (const [how, fields] of Object.entries(chat)) await noteChat(how, fields);
    for (const [how, fields] of Object.entries(completions)) await noteCompletion(how, fields);
    for (const [how, fields] of Object.entries(responses)) await noteResponse(how, fields);
    for (const input of ['a', ['a', 'b'], [5, 6]]) note('Embeddings', 'floats', await (await send('/v1/embeddings', { model, input })).json());
    note('InputTokens', 'counts', await (await send('/v1/responses/input_tokens', { model, input: 'a' })).json());
    note('Model', 'a model', await (await fetch(`${serverURL}/v1/models/${model}`)).json());
    note('Failure', 'no field', await (await send('/v1/chat/completions', { model })).json());
    note('Failure', 'no model', await (await send('/v1/chat/completions', { model: 'gpt-99', messages: [] })).json());
    writeFileSync(file, `import type { Chat, ChatChunk, Embeddings, Event, Failure, InputItems, InputTokens, Model, Response, Text, TextChunk } from './published.js';\n${answers.join('\n')}\n`);

    assert.equal(compile(), '');
});

/** What the compiler has to say; nothing where all is well. */
function compile() {
    const options = '--noEmit --strict --skipLibCheck --module nodenext --target es2022 --pretty false'.split(' ');
    try {
        return execFileSync(process.execPath, [compiler, ...options, file.pathname], { encoding: 'utf8' });
    } catch (error) {
        return error.stdout;
    }
}
