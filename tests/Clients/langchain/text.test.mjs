import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AIMessageChunk, HumanMessage, SystemMessage } from '@langchain/core/messages';
import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { collect, followUp, followUpGloss, gloss, keyedURL, question, tooLong, untilIdle } from '../demo.mjs';
import { apis, chat, completion, embeddings } from './models.mjs';

for (const [name, api] of Object.entries(apis)) {
    test(`${name}: invoke answers, with its usage`, async () => {
        const answer = await chat(api).invoke(question);
        assert.equal(answer.text, gloss);
        const { input_tokens, output_tokens, total_tokens } = answer.usage_metadata;
        assert.equal(total_tokens, input_tokens + output_tokens);
    });

    test(`${name}: the streamed chunks add up to the answer`, async () => {
        const whole = await chat(api).invoke(question);
        const chunks = await collect(await chat(api).stream(question));
        const sum = chunks.reduce((all, chunk) => all.concat(chunk));
        assert.ok(sum instanceof AIMessageChunk && chunks.length > 5);
        assert.equal(sum.text, gloss);
        assert.equal(sum.usage_metadata.output_tokens, whole.usage_metadata.output_tokens);
    });

    test(`${name}: a conversation with instructions goes on`, async () => {
        const messages = [new SystemMessage('You are a dictionary.'), new HumanMessage(question)];
        messages.push(await chat(api).invoke(messages), new HumanMessage(followUp));
        assert.equal((await chat(api).invoke(messages.slice(1))).text, followUpGloss);
    });

    test(`${name}: a chain of prompt, model and parser answers a batch`, async () => {
        const chain = ChatPromptTemplate.fromMessages([['user', 'What is a {animal}?']]).pipe(chat(api)).pipe(new StringOutputParser());
        assert.equal((await chain.batch([{ animal: 'giraffe' }, { animal: 'zebra' }]))[0], gloss);
    });

    test(`${name}: a caller who leaves in mid-stream frees the server`, async () => {
        const leaving = new AbortController();
        await assert.rejects(async () => {
            for await (const _ of await chat({ ...api, temperature: 2 }).stream(question, { signal: leaving.signal }))
                leaving.abort();
        });
        await untilIdle();
        assert.equal((await chat(api).invoke(question)).text, gloss);
    });

    test(`${name}: errors keep their status and code`, async () => {
        const keyed = chat({ ...api, apiKey: 'sk-wrong', configuration: { baseURL: keyedURL } });
        await assert.rejects(keyed.invoke(question), error => error.status === 401);
        await assert.rejects(chat({ ...api, model: 'gpt-99' }).invoke(question), error => error.status === 404);
        await assert.rejects(chat(api).invoke(tooLong), error => error.status === 400 && /context/.test(error.message));
    });
}

test('chat: stop texts, limits, n and log-probabilities count', async () => {
    assert.equal((await chat().invoke(question, { stop: ['spotted'] })).text, gloss.slice(0, gloss.indexOf('spotted')));
    const cut = await chat({ maxTokens: 4 }).invoke(question);
    assert.equal(cut.response_metadata.finish_reason, 'length');
    const { generations } = await chat({ n: 2, temperature: 1.5, modelKwargs: { seed: 1 } }).generate([[new HumanMessage(question)]]);
    assert.equal(generations[0].length, 2);
    const spelled = await chat({ logprobs: true, topLogprobs: 2 }).invoke(question);
    assert.equal(spelled.response_metadata.logprobs.content.map(token => token.token).join(''), gloss);
});

test('the legacy route completes, whole and streamed', async () => {
    const llm = completion({ maxTokens: 40 });
    const whole = await llm.invoke(`[INST] ${question} [/INST]`);
    assert.equal(whole.trim(), gloss);
    assert.equal((await collect(await llm.stream(`[INST] ${question} [/INST]`))).join(''), whole);
});

test('documents and queries are embedded alike', async () => {
    const [zebra, giraffe] = await embeddings().embedDocuments(['zebra', 'giraffe']);
    const query = await embeddings().embedQuery('giraffe');
    assert.ok(Math.abs(Math.hypot(...query) - 1) < 1e-4);
    assert.ok(Math.hypot(...query.map((value, i) => value - giraffe[i])) < 1e-2);
    assert.ok(Math.hypot(...query.map((value, i) => value - zebra[i])) > 1e-2);
});
