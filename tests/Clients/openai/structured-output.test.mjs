import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadRequestError } from 'openai';
import { LengthFinishReasonError } from 'openai/error';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { Animal, assertMatches, collect, model, question } from '../demo.mjs';
import { connect } from './client.mjs';

const client = connect();
const messages = [{ role: 'user', content: question }];
const response_format = zodResponseFormat(Animal, 'animal');
const parse = (options = {}) => client.chat.completions.parse({ model, messages, response_format, temperature: 0, ...options });

test('chat.completions.parse gives an object of the schema', async () => {
    const [choice] = (await parse()).choices;
    assert.equal(choice.finish_reason, 'stop');
    assertMatches(Animal, choice.message.content);
    assert.deepEqual(choice.message.parsed, JSON.parse(choice.message.content));
    assert.equal(choice.message.refusal, null);
});

test('what was parsed is taken back with its message', async () => {
    const { message } = (await parse()).choices[0];
    const answer = given => client.chat.completions.create({ model, messages: [...messages, given, ...messages], temperature: 0, max_tokens: 40 });
    const [whole, plain] = await Promise.all([message, { role: 'assistant', content: message.content }].map(answer));
    assert.equal(whole.choices[0].message.content, plain.choices[0].message.content);
    assert.equal(whole.usage.prompt_tokens, plain.usage.prompt_tokens);
});

test('every one of n hot answers is an object of the schema', async () => {
    const { choices } = await parse({ n: 4, temperature: 2, seed: 3 });
    assert.equal(choices.length, 4);
    choices.forEach(choice => assertMatches(Animal, choice.message.content));
});

test('the streamed pieces are the whole object', async () => {
    const whole = (await parse()).choices[0].message;
    const stream = client.chat.completions.stream({ model, messages, response_format, temperature: 0 });
    const pieces = await collect(stream);
    assert.equal(pieces.map(chunk => chunk.choices[0]?.delta.content ?? '').join(''), whole.content);
    assert.deepEqual((await stream.finalChatCompletion()).choices[0].message.parsed, whole.parsed);
});

test('responses.parse gives an object of the schema, whole and streamed', async () => {
    const body = { model, input: question, temperature: 0, text: { format: zodTextFormat(Animal, 'animal') } };
    const whole = await client.responses.parse(body);
    assertMatches(Animal, whole.output_text);
    assert.deepEqual(whole.output_parsed, JSON.parse(whole.output_text));
    const streamed = await client.responses.stream(body).finalResponse();
    assert.deepEqual(streamed.output_parsed, whole.output_parsed);
});

test('unions, tuples of constants, patterns, formats and recursion hold', async () => {
    const Plant = z.object({ type: z.literal('plant'), code: z.string().regex(/^[A-Z]{2}-\d{3}$/) });
    const Beast = z.object({ type: z.literal('beast'), born: z.iso.date(), parent: z.nullable(z.object({ name: z.enum(['Ada', 'Bo']) })) });
    const Zoo = z.object({ living: z.union([Plant, Beast]), scores: z.array(z.number().min(0).max(1)).min(2).max(3) });
    const { choices } = await parse({ response_format: zodResponseFormat(Zoo, 'zoo'), n: 4, temperature: 2, seed: 5 });
    choices.forEach(choice => assertMatches(Zoo, choice.message.content));

    const Tree = z.object({ name: z.enum(['leaf', 'branch']), get children() { return z.array(Tree).max(2); } });
    const tree = await client.chat.completions.create({ model, messages, response_format: zodResponseFormat(Tree, 'tree'), seed: 1, temperature: 0.5, max_tokens: 400 });
    if (tree.choices[0].finish_reason === 'stop')
        assertMatches(Tree, tree.choices[0].message.content);
});

test('optional properties of a schema that is not strict may be there or not', async () => {
    const schema = { type: 'object', properties: { a: { type: 'boolean' }, b: { enum: [1, 'x', null] } }, required: ['a'], additionalProperties: false };
    const { choices } = await client.chat.completions.create({
        model, messages, n: 4, seed: 2, temperature: 2, response_format: { type: 'json_schema', json_schema: { name: 'loose', schema } },
    });
    choices.forEach(choice => assertMatches(z.strictObject({ a: z.boolean(), b: z.union([z.literal(1), z.literal('x'), z.null()]).optional() }), choice.message.content));
});

test('maps by rules of their names, numbers of properties and sets hold', async () => {
    const Name = z.string().regex(/^[a-z]{2}$/);
    const Totals = z.object({
        scores: z.record(Name, z.int().min(0).max(9)).meta({ minProperties: 1, maxProperties: 2 }),
        codes: z.object({}).meta({ additionalProperties: false, patternProperties: { '^x_[a-z]$': { type: 'boolean' }, '^y_[a-z]$': { type: 'null' } }, maxProperties: 3 }),
        colours: z.array(z.enum(['red', 'green', 'blue'])).min(1).max(2).meta({ uniqueItems: true }),
    });
    const schema = z.toJSONSchema(Totals);
    const { choices } = await client.chat.completions.create({
        model, messages, n: 8, seed: 2, temperature: 2, response_format: { type: 'json_schema', json_schema: { name: 'totals', schema } },
    });
    choices.forEach(choice => assertMatches(Totals, choice.message.content));
});

test('json_object gives some object', async () => {
    const answer = await client.chat.completions.create({ model, messages, response_format: { type: 'json_object' }, temperature: 0, max_tokens: 60 });
    const { message, finish_reason } = answer.choices[0];
    assert.ok(message.content.trimStart().startsWith('{'));
    if (finish_reason === 'stop')
        assert.equal(typeof JSON.parse(message.content), 'object');
});

test('an object that the token limit cuts is a LengthFinishReasonError, not a wrong object', async () => {
    await assert.rejects(parse({ max_completion_tokens: 3 }), LengthFinishReasonError);
});

test('a schema that cannot be held is a BadRequestError that names the place', async () => {
    const cases = [{ type: 'object', properties: { a: { type: 'strange' } } }, { type: 'object', properties: { a: { type: 'string', pattern: '(' } } }];
    for (const schema of cases) {
        await assert.rejects(
            client.chat.completions.create({ model, messages, response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }),
            error => error instanceof BadRequestError && error.param.startsWith('response_format.json_schema.schema.properties.a'));
    }
});
