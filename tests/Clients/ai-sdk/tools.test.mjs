import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateText, isStepCount, streamText, tool } from 'ai';
import { assertMatches, collect, Lookup, Paint, question } from '../demo.mjs';
import { languageModels } from './models.mjs';

/** Tools that note what they were called with. */
function toolbox(calls = []) {
    const noting = (description, inputSchema) => tool({ description, inputSchema, execute: input => { calls.push(input); return { found: 'a tall animal' }; } });
    return { look_up: noting('Looks a word up.', Lookup), paint: noting('Paints an animal.', Paint) };
}

/** A call first, then words: the model never saw a tool and would not end by itself. */
const callThenAnswer = { stopWhen: isStepCount(2), prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? { type: 'tool', toolName: 'look_up' } : 'none' }) };

for (const [name, model] of Object.entries(languageModels)) {
    const common = { model, prompt: question, temperature: 0, maxRetries: 0, maxOutputTokens: 300 };

    test(`${name}: required makes a call that fits`, async () => {
        const { toolCalls, finishReason } = await generateText({ ...common, tools: toolbox(), toolChoice: 'required' });
        assert.ok(toolCalls.length > 0);
        toolCalls.forEach(call => assertMatches({ look_up: Lookup, paint: Paint }[call.toolName], call.input));
        assert.equal(finishReason, 'tool-calls');
    });

    test(`${name}: a tool runs and its result is taken into the next step`, async () => {
        const calls = [];
        const { steps, text } = await generateText({ ...common, tools: toolbox(calls), ...callThenAnswer });
        assert.equal(steps.length, 2);
        assert.equal(calls.length, 1);
        assertMatches(Lookup, calls[0]);
        assert.deepEqual(steps[0].toolResults[0].output, { found: 'a tall animal' });
        assert.equal(text, steps[1].text);
    });

    test(`${name}: the streamed call is the same`, async () => {
        const toolChoice = { type: 'tool', toolName: 'look_up' };
        const whole = await generateText({ ...common, tools: toolbox(), toolChoice });
        const result = streamText({ ...common, tools: toolbox(), toolChoice });
        const parts = await collect(result.fullStream);
        assert.equal(parts.filter(part => part.type === 'tool-input-delta').map(part => part.delta).join(''), JSON.stringify(whole.toolCalls[0].input));
        assert.deepEqual((await result.toolCalls).map(call => [call.toolName, call.input]), whole.toolCalls.map(call => [call.toolName, call.input]));
    });

    test(`${name}: streamed steps end in words`, async () => {
        const calls = [];
        const result = streamText({ ...common, tools: toolbox(calls), ...callThenAnswer });
        await result.consumeStream();
        assert.equal((await result.steps).length, 2);
        assert.equal(calls.length, 1);
    });

    test(`${name}: auto and none leave it to the model`, async () => {
        for (const toolChoice of ['auto', 'none']) {
            const { toolCalls, finishReason } = await generateText({ ...common, tools: toolbox(), toolChoice });
            assert.equal(finishReason === 'tool-calls', toolCalls.length > 0);
        }
    });
}
