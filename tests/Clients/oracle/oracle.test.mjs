import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { model } from '../demo.mjs';
import { connect } from '../openai/client.mjs';
import { load, Reading } from './llama.mjs';

const client = connect();
const paper = load(fileURLToPath(new URL(`../../../models/${model}`, import.meta.url)));

// The server multiplies in bfloat16, of which a number has eight bits. In float32 all of this holds within 0.00001.
const tolerance = 0.25, meanTolerance = 0.04;

/** What the paper gives behind each token: the log-probability of every one that could follow. */
function follow(tokens) {
    const reading = new Reading(paper);
    return tokens.map(token => reading.next(token));
}

const rankOf = (logprobs, value) => logprobs.reduce((rank, other) => rank + (other > value), 1);

test('the log-probabilities of prompts and answers, their alternatives and ranks are the paper\'s', async () => {
    const prompts = ['[INST] What is a giraffe? [/INST]', 'a quick 日本 🦒 brown', Array.from({ length: 60 }, (_, i) => 3 + (i * 131) % 8000)];
    const answers = await Promise.all(prompts.map(prompt => client.completions.create({
        model, prompt, temperature: 0, max_tokens: 12, ignore_eos: true, echo: true, logprobs: 5, prompt_logprobs: 5, return_token_ids: true,
    })));
    const errors = [];
    for (const { choices: [choice] } of answers) {
        const ids = [...choice.prompt_token_ids, ...choice.token_ids], expected = follow(ids);
        assert.equal(choice.logprobs.token_logprobs.length, ids.length);
        for (let i = 1; i < ids.length; i++) {
            const logprobs = expected[i - 1], own = logprobs[ids[i]];
            errors.push(Math.abs(choice.logprobs.token_logprobs[i] - own));
            assert.ok(i < choice.prompt_token_ids.length || Math.max(...logprobs) - own < tolerance, `token ${i} is not the most probable one`);
            for (const [id, { logprob, rank }] of Object.entries(choice.prompt_logprobs[i] ?? {})) {
                errors.push(Math.abs(logprob - logprobs[id]));
                assert.ok(rank >= rankOf(logprobs, logprobs[id] + 2 * tolerance) && rank <= rankOf(logprobs, logprobs[id] - 2 * tolerance), `token ${i}: rank ${rank} of ${id}`);
            }
        }
    }
    assert.ok(Math.max(...errors) < tolerance, `off by ${Math.max(...errors)}`);
    assert.ok(errors.reduce((sum, error) => sum + error) / errors.length < meanTolerance);
});

test('the first tokens of many seeds are distributed as the paper says', async () => {
    const prompt = 'The', draws = 2000, temperature = 1.5, kept = 20;
    const { choices: [{ prompt_token_ids: ids }] } = await client.completions.create({ model, prompt, max_tokens: 1, return_token_ids: true });
    const probable = [...follow(ids).at(-1).entries()].sort((a, b) => b[1] - a[1]).slice(0, kept).map(([id, logprob]) => [id, Math.exp(logprob / temperature)]);
    const mass = probable.reduce((sum, [, weight]) => sum + weight, 0), seen = new Map();
    for (let seed = 0; seed < draws / 50; seed++) {
        const { choices } = await client.completions.create({ model, prompt, n: 50, seed, temperature, top_k: kept, max_tokens: 1, ignore_eos: true, return_token_ids: true });
        choices.forEach(({ token_ids: [id] }) => seen.set(id, (seen.get(id) ?? 0) + 1));
    }
    const likely = probable.slice(0, kept - 4); // bfloat16 may let another in at the end
    const chiSquare = likely.reduce((sum, [id, weight]) => sum + ((seen.get(id) ?? 0) - draws * weight / mass) ** 2 / (draws * weight / mass), 0);
    assert.ok(chiSquare < 70, `chi-square ${chiSquare} of ${likely.length} tokens`);
});

test('embeddings are the mean of the last hidden states', async () => {
    const input = [5, 300, 4000, 77];
    const { data: [{ embedding }] } = await client.embeddings.create({ model, input, encoding_format: 'float' });
    const reading = new Reading(paper), sum = new Float64Array(embedding.length);
    for (const token of input) {
        reading.next(token);
        reading.hidden.forEach((value, i) => { sum[i] += value; });
    }
    const cosine = embedding.reduce((total, value, i) => total + value * sum[i], 0) / Math.hypot(...sum);
    assert.ok(cosine > 0.999, `cosine ${cosine}`);
});
