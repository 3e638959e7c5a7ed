import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APICallError, embed, embedMany, generateText, streamText } from 'ai';
import { collect, keyedURL, model, question, tooLong } from '../demo.mjs';
import { embeddingModels, languageModels, provider } from './models.mjs';

for (const [name, embedding] of Object.entries(embeddingModels)) {
    test(`${name}: embed and embedMany give vectors of length one and their usage`, async () => {
        const one = await embed({ model: embedding, value: 'giraffe', maxRetries: 0 });
        const many = await embedMany({ model: embedding, values: ['zebra', 'giraffe'], maxRetries: 0 });
        assert.ok(Math.abs(Math.hypot(...one.embedding) - 1) < 1e-4);
        assert.ok(Math.hypot(...one.embedding.map((value, i) => value - many.embeddings[1][i])) < 1e-2);
        assert.ok(many.usage.tokens > one.usage.tokens);
    });
}

for (const [name, languageModel] of Object.entries(languageModels)) {
    test(`${name}: a prompt beyond the context is an APICallError, whole and streamed`, async () => {
        const options = { model: languageModel, prompt: tooLong, maxRetries: 0 };
        const isExpected = error => APICallError.isInstance(error) && error.statusCode === 400 && !error.isRetryable && error.data.error.code === 'context_length_exceeded';
        await assert.rejects(generateText(options), isExpected);
        const parts = await collect(streamText({ ...options, onError() { } }).fullStream);
        assert.ok(isExpected(parts.find(part => part.type === 'error').error));
    });
}

test('a wrong key and an unknown model are APICallErrors', async () => {
    const ask = languageModel => generateText({ model: languageModel, prompt: question, maxRetries: 0 });
    const keyed = provider({ baseURL: keyedURL, apiKey: 'sk-wrong' });
    for (const languageModel of [keyed(model), keyed.chat(model)])
        await assert.rejects(ask(languageModel), error => APICallError.isInstance(error) && error.statusCode === 401);
    for (const languageModel of [provider()('gpt-99'), provider().chat('gpt-99')])
        await assert.rejects(ask(languageModel), error => APICallError.isInstance(error) && error.statusCode === 404 && error.data.error.code === 'model_not_found');
});
