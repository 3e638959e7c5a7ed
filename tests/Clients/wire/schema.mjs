// Holds what the server sends against the shapes that OpenAI publishes.
import assert from 'node:assert/strict';
import Ajv from 'ajv/dist/2020.js';
import * as chat from './shapes/chat.mjs';
import * as common from './shapes/common.mjs';
import * as completions from './shapes/completions.mjs';
import { events } from './shapes/response-events.mjs';
import * as responses from './shapes/response.mjs';

const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true });

const validators = Object.fromEntries(Object.entries({
    errorBody: common.error,
    model: common.model,
    models: common.models,
    'embeddings.float': common.embeddingsFloat,
    'embeddings.base64': common.embeddingsBase64,
    inputTokens: common.inputTokens,
    tokenize: common.tokenize,
    detokenize: common.detokenize,
    health: common.health,
    'chat.completion': chat.completion,
    'chat.completion.chunk': chat.chunk,
    text_completion: completions.completion,
    'text_completion.chunk': completions.chunk,
    response: responses.endedResponse,
    'response.deletion': responses.deletion,
    'response.inputItems': responses.inputItems,
    ...events,
}).map(([name, shape]) => [name, ajv.compile(shape)]));

/** Fails with every deviation of a value from a published shape; returns the value. */
export function assertShape(name, value) {
    const validate = validators[name];
    assert.ok(validate, `no shape is published for '${name}'`);
    const faults = () => validate.errors.map(({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`).join('\n  ');
    assert.ok(validate(value), `not a ${name}:\n  ${validate.errors && faults()}\nin ${JSON.stringify(value)}`);
    return value;
}
