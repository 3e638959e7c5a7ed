// OpenAI's Agents SDK over both APIs. What a run returns as its history goes back as it is: parts, calls and results in the SDK's own form.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agent, OpenAIProvider, Runner, tool } from '@openai/agents';
import { connect } from '../openai/client.mjs';
import { Animal, assertMatches, collect, followUp, followUpGloss, gloss, Lookup, model, question } from '../demo.mjs';

const apis = { chat: false, responses: true };
const settings = { temperature: 0, maxTokens: 400 };
const agent = (options = {}) => new Agent({ name: 'Dictionary', model, modelSettings: settings, ...options });

/** An agent that must call its tool once, and the arguments of its calls. */
function caller() {
    const calls = [];
    const execute = input => { calls.push(input); return 'a tall animal'; };
    const lookUp = tool({ name: 'look_up', description: 'Looks a word up.', parameters: Lookup, execute });
    return { calls, agent: agent({ tools: [lookUp], modelSettings: { ...settings, maxTokens: 100, toolChoice: 'look_up' } }) };
}

for (const [name, useResponses] of Object.entries(apis)) {
    const runner = new Runner({ modelProvider: new OpenAIProvider({ openAIClient: connect(), useResponses }), tracingDisabled: true });

    test(`${name}: a run answers, whole and streamed`, async () => {
        assert.equal((await runner.run(agent({ instructions: 'You are a dictionary.' }), question)).finalOutput, gloss);
        const stream = await runner.run(agent(), question, { stream: true });
        const events = await collect(stream);
        const deltas = events.filter(event => event.type === 'raw_model_stream_event' && event.data.type === 'output_text_delta');
        assert.equal(deltas.map(event => event.data.delta).join(''), gloss);
        assert.equal(stream.finalOutput, gloss);
    });

    test(`${name}: the history of a run is the beginning of the next`, async () => {
        const first = await runner.run(agent(), question);
        const second = await runner.run(agent(), [...first.history, { role: 'user', content: followUp }]);
        assert.equal(second.finalOutput, followUpGloss);
    });

    test(`${name}: a tool runs, its result goes back, and the history holds both`, async () => {
        for (const stream of [false, true]) {
            const { calls, agent: once } = caller();
            const result = await runner.run(once, question, { stream, maxTurns: 3 });
            if (stream)
                await collect(result);
            assert.equal(calls.length, 1);
            assertMatches(Lookup, calls[0]);
            assert.equal(typeof result.finalOutput, 'string');
            await runner.run(agent(), [...result.history, { role: 'user', content: followUp }]);
        }
    });

    test(`${name}: an output type is kept to`, async () => {
        assertMatches(Animal, (await runner.run(agent({ outputType: Animal }), question)).finalOutput);
    });

    test(`${name}: an agent hands over to another`, async () => {
        const zoo = agent({ name: 'Zoo', handoffDescription: 'Knows animals.' });
        const first = agent({ handoffs: [zoo], modelSettings: { ...settings, toolChoice: 'required' } });
        assert.equal((await runner.run(first, question, { maxTurns: 3 })).lastAgent.name, 'Zoo');
    });
}
