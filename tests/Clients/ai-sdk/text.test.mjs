import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateText, streamText } from 'ai';
import { collect, followUp, followUpGloss, gloss, question, untilIdle } from '../demo.mjs';
import { completionModels, languageModels } from './models.mjs';

for (const [name, model] of Object.entries(languageModels)) {
    const common = { model, temperature: 0, maxRetries: 0 };

    test(`${name}: generateText answers, with its usage`, async () => {
        const { text, finishReason, usage } = await generateText({ ...common, prompt: question });
        assert.equal(text, gloss);
        assert.equal(finishReason, 'stop');
        assert.equal(usage.totalTokens, usage.inputTokens + usage.outputTokens);
        assert.ok(usage.inputTokens > 0 && usage.outputTokens > 0);
    });

    test(`${name}: streamText gives the same in pieces`, async () => {
        const whole = await generateText({ ...common, prompt: question });
        const result = streamText({ ...common, prompt: question });
        const pieces = await collect(result.textStream);
        assert.ok(pieces.length > 5);
        assert.equal(pieces.join(''), gloss);
        assert.equal(await result.finishReason, 'stop');
        assert.equal((await result.usage).outputTokens, whole.usage.outputTokens);
    });

    test(`${name}: a conversation with instructions goes on`, async () => {
        const first = await generateText({ ...common, instructions: 'You are a dictionary.', prompt: question });
        const messages = [{ role: 'user', content: question }, ...first.response.messages, { role: 'user', content: followUp }];
        assert.equal((await generateText({ ...common, messages })).text, followUpGloss);
    });

    test(`${name}: a token limit ends with length`, async () => {
        const { finishReason, usage } = await generateText({ ...common, prompt: question, maxOutputTokens: 16 });
        assert.equal(finishReason, 'length');
        assert.equal(usage.outputTokens, 16);
    });

    test(`${name}: a caller who leaves in mid-stream frees the server`, async () => {
        const leaving = new AbortController();
        const result = streamText({ ...common, temperature: 2, prompt: question, abortSignal: leaving.signal, onError() { } });
        let seen = 0;
        for await (const part of result.fullStream) {
            if (part.type === 'text-delta' && ++seen === 2)
                leaving.abort();
        }
        await untilIdle();
        assert.equal((await generateText({ ...common, prompt: question })).text, gloss);
    });
}

for (const name of ['openai, chat', 'openai-compatible']) {
    test(`${name}: stop texts and seeds count`, async () => {
        const common = { model: languageModels[name], prompt: question, maxRetries: 0 };
        const { text } = await generateText({ ...common, temperature: 0, stopSequences: ['spotted'] });
        assert.equal(text, gloss.slice(0, gloss.indexOf('spotted')));
        const draw = async () => (await generateText({ ...common, temperature: 1.8, seed: 5, maxOutputTokens: 16 })).text;
        assert.equal(await draw(), await draw());
    });
}

for (const [name, model] of Object.entries(completionModels)) {
    test(`${name}: the legacy route completes, whole and streamed`, async () => {
        const common = { model, prompt: question, temperature: 0, maxOutputTokens: 12, maxRetries: 0 };
        const { text, usage } = await generateText(common);
        const result = streamText(common);
        assert.equal((await collect(result.textStream)).join(''), text);
        assert.equal((await result.usage).outputTokens, usage.outputTokens);
    });
}
