import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateObject, generateText, NoObjectGeneratedError, Output, streamObject, streamText } from 'ai';
import { z } from 'zod';
import { Animal, assertMatches, collect, question } from '../demo.mjs';
import { languageModels } from './models.mjs';

const Colour = z.object({ name: z.enum(['black', 'white', 'brown']), isDark: z.boolean() });

for (const [name, model] of Object.entries(languageModels)) {
    const common = { model, prompt: question, temperature: 0, maxRetries: 0 };

    test(`${name}: Output.object gives an object of the schema`, async () => {
        const { output, text } = await generateText({ ...common, output: Output.object({ schema: Animal, name: 'animal', description: 'An animal.' }) });
        assert.deepEqual(assertMatches(Animal, text), output);
    });

    test(`${name}: the partial objects grow into the whole one`, async () => {
        const { output } = await generateText({ ...common, output: Output.object({ schema: Animal }) });
        const result = streamText({ ...common, output: Output.object({ schema: Animal }) });
        const partial = await collect(result.partialOutputStream);
        assert.ok(partial.length > 3);
        assert.deepEqual(partial.at(-1), output);
        assert.deepEqual(await result.output, output);
    });

    test(`${name}: Output.choice and Output.json`, async () => {
        const options = ['mammal', 'bird', 'fish'];
        const { output } = await generateText({ ...common, output: Output.choice({ options }) });
        assert.ok(options.includes(output));
        // Nothing bounds an object of one's own, so the limit may cut it.
        const json = await generateText({ ...common, output: Output.json(), maxOutputTokens: 60 }).catch(error => error);
        assert.ok(NoObjectGeneratedError.isInstance(json) ? json.finishReason === 'length' : typeof json.output === 'object', json);
    });

    test(`${name}: the elements of an array come one by one`, async () => {
        const result = streamText({ ...common, temperature: 1.5, output: Output.array({ element: Colour }), maxOutputTokens: 600, onError() { } });
        const elements = await collect(result.elementStream);
        elements.forEach(element => assertMatches(Colour, element));
        if (await result.finishReason === 'stop')
            assert.deepEqual(await result.output, elements);
    });

    test(`${name}: generateObject and streamObject, the older names`, async () => {
        const { object } = await generateObject({ ...common, schema: Animal });
        assertMatches(Animal, object);
        const streamed = streamObject({ ...common, schema: Animal });
        await collect(streamed.partialObjectStream);
        assert.deepEqual(await streamed.object, object);
    });

    test(`${name}: an object that the token limit cuts is a NoObjectGeneratedError`, async () => {
        await assert.rejects(generateObject({ ...common, schema: Animal, maxOutputTokens: 16 }), error => NoObjectGeneratedError.isInstance(error) && error.finishReason === 'length');
    });
}
