import { Fault } from '../shared/fault.js';
import { call } from '../shared/server.js';
import { events } from '../shared/sse.js';

/**
 * Asks for the next message of a conversation and hands its text over as it comes.
 * Returns { ending, usage, firstAfter, lastAfter } (milliseconds; usage is null for one that was stopped), or throws what call() throws, or a Fault.
 */
export async function answer(conversation, model, { onText, signal }) {
    const start = performance.now(), result = { ending: null, usage: null, firstAfter: null, lastAfter: null };
    const response = await call('v1/chat/completions', { body: requestOf(conversation, model), signal });
    for await (const { data } of chunks(response, signal)) {
        if (data === '[DONE]')
            return result;
        const { choices = [], usage, error } = JSON.parse(data);
        if (error)
            throw Fault.inStream(error);
        result.usage = usage ?? result.usage;
        result.ending = choices[0]?.finish_reason ?? result.ending;
        if (choices[0]?.delta.content) {
            result.lastAfter = performance.now() - start;
            result.firstAfter ??= result.lastAfter;
            onText(choices[0].delta.content);
        }
    }
    throw Fault.lost(); // the end was not said
}

async function* chunks(response, signal) {
    try {
        yield* events(response);
    } catch (error) {
        throw signal.aborted ? error : Fault.lost();
    }
}

function requestOf({ system, parameters, messages }, model) {
    // A question that got no answer is left out, unless it is the one to be answered now: roles take turns.
    const isUnanswered = place => place + 2 < messages.length && messages[place + 1].content === '';
    const said = messages.filter(({ content }, place) => content !== '' && !isUnanswered(place)).map(({ role, content }) => ({ role, content }));
    const continues = said.at(-1)?.role === 'assistant' ? { add_generation_prompt: false, continue_final_message: true } : {};
    return {
        model,
        messages: [...system ? [{ role: 'system', content: system }] : [], ...said],
        stream: true,
        stream_options: { include_usage: true },
        ...parameters,
        ...continues,
    };
}
