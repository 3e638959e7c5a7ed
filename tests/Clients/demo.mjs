// What the tests of all clients share: where the servers are, what the bundled model says, and the shapes that are asked of it.
import assert from 'node:assert/strict';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';

export const serverURL = process.env.SERVER_URL;
export const baseURL = `${serverURL}/v1`;
export const keyedURL = `${process.env.KEYED_SERVER_URL}/v1`;
export const rightKey = 'sk-right';
export const model = 'llama-2-wordnet-8m';
export const contextLength = 1024;

export const question = 'What is a giraffe?';
export const gloss = 'tallest living quadruped; having a spotted coat and small horns and very long neck and legs';
export const followUp = 'And a zebra?';
export const followUpGloss = 'any of several fleet black-and-white striped African equines';
export const tooLong = 'a giraffe and a zebra '.repeat(contextLength);

/** Everything in it is bounded, so that even a model which never saw JSON comes to its end. */
export const Animal = z.object({
    word: z.string().max(12),
    kind: z.enum(['mammal', 'bird', 'fish']),
    legs: z.int().min(0).max(8),
    isTall: z.boolean(),
    weight: z.number().nullable(),
    colours: z.array(z.enum(['black', 'white', 'brown'])).max(3),
    habitat: z.object({ continent: z.enum(['Africa', 'Asia']), isWet: z.boolean() }),
});

/** Arguments of tools. They are small, because a tool's description is part of the prompt and the bundled model has room for 1,024 tokens. */
export const Lookup = z.object({ word: z.string().max(12), language: z.enum(['en', 'fr']) });
export const Paint = z.object({ colour: z.enum(['black', 'white']), isStriped: z.boolean() });

const ajv = addFormats(new Ajv({ strict: false, allErrors: true }));

/** Holds a value, or its JSON, against a zod schema's JSON Schema, by a validator that is not the client's own. */
export function assertMatches(shape, value) {
    const data = typeof value === 'string' ? JSON.parse(value) : value;
    const validate = ajv.compile(z.toJSONSchema(shape));
    assert.ok(validate(data), `${JSON.stringify(data)}: ${ajv.errorsText(validate.errors)}`);
    return data;
}

/** Waits until no request is being answered; a client that left must not go on costing. */
export async function untilIdle() {
    const running = /^vllm:num_requests_running\{[^}]*\} (\d+)/m;
    while (running.exec(await (await fetch(`${serverURL}/metrics`)).text())?.[1] !== '0')
        await new Promise(resolve => setTimeout(resolve, 20));
}

export async function collect(stream) {
    const items = [];
    for await (const item of stream)
        items.push(item);
    return items;
}
