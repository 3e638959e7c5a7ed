import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect, gloss, model, question } from '../demo.mjs';
import { connect } from './client.mjs';

const client = connect();
const prompt = `[INST] ${question} [/INST]`;
const complete = (options = {}) => client.completions.create({ model, prompt, temperature: 0, max_tokens: 40, ...options });
const assemble = chunks => chunks.flatMap(chunk => chunk.choices).map(choice => choice.text).join('');

test('a prompt in the chat format is completed with the gloss, whole and streamed', async () => {
    const whole = await complete();
    assert.equal(whole.choices[0].text.trim(), gloss);
    assert.equal(whole.choices[0].finish_reason, 'stop');
    const chunks = await collect(await complete({ stream: true, stream_options: { include_usage: true } }));
    assert.equal(assemble(chunks), whole.choices[0].text);
    assert.equal(chunks.at(-1).usage.completion_tokens, whole.usage.completion_tokens);
});

test('several prompts are answered in their order', async () => {
    const both = await complete({ prompt: [prompt, '[INST] What is a zebra? [/INST]'], n: 2, best_of: 2, max_tokens: 8 });
    assert.deepEqual(both.choices.map(choice => choice.index), [0, 1, 2, 3]);
    assert.equal(both.choices[0].text, both.choices[1].text);
    assert.equal(both.choices[0].text, (await complete({ max_tokens: 8 })).choices[0].text);
});

test('echo gives the prompt back in front of the answer', async () => {
    const answer = await complete({ echo: true, max_tokens: 4 });
    assert.ok(answer.choices[0].text.startsWith(prompt));
});

test('log-probabilities come in columns whose offsets point into the text', async () => {
    const [choice] = (await complete({ logprobs: 2 })).choices;
    const { tokens, token_logprobs, top_logprobs, text_offset } = choice.logprobs;
    assert.equal(tokens.join(''), `${choice.text}</s>`); // the token that ends an answer has a row as well
    assert.ok([token_logprobs, top_logprobs, text_offset].every(column => column.length === tokens.length));
    tokens.slice(0, -1).forEach((token, i) => assert.ok(choice.text.startsWith(token, text_offset[i])));
    assert.equal(text_offset.at(-1), choice.text.length);
});
