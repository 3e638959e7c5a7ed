// Whole and streamed answers as one shape, without what differs from one answer to the next: ids, times, what the cache had.
import { events, send } from '../wire/http.mjs';

const round = answer => JSON.parse(JSON.stringify(answer, (_, value) => (typeof value === 'number' && !Number.isInteger(value) ? +value.toFixed(5) : value)));

/** Asks and gives the answer, or the error's message. */
export async function whole({ path, body }) {
    const response = await send(path, body), answer = await response.json();
    return response.ok ? ofWhole(path, answer) : answer.error.message;
}

/** The same from a stream. */
export async function streamed({ path, body }) {
    const isResponse = path === '/v1/responses';
    const all = (await events(path, isResponse ? body : { ...body, stream_options: { include_usage: true } })).filter(({ data }) => data !== '[DONE]').map(({ data }) => JSON.parse(data));
    return isResponse ? ofWhole(path, all.at(-1).response) : joined(all);
}

function ofWhole(path, answer) {
    if (path === '/v1/responses')
        return round({ status: answer.status, tokens: answer.usage.output_tokens, output: answer.output.map(item => [item.status, item.content, item.name, item.arguments]) });
    return round({ tokens: answer.usage.completion_tokens, choices: answer.choices.map(choice => ({ text: choice.text ?? choice.message.content ?? '', calls: (choice.message?.tool_calls ?? []).map(call => ({ ...call.function })), logprobs: choice.logprobs ?? null, finish: choice.finish_reason })) });
}

function joined(chunks) {
    const choices = [];
    for (const { choices: [choice] } of chunks.filter(chunk => chunk.choices.length > 0)) {
        const all = choices[choice.index] ??= { text: '', calls: [], logprobs: null, finish: null };
        all.text += choice.text ?? choice.delta.content ?? '';
        for (const { index, function: { name, arguments: more } } of choice.delta?.tool_calls ?? []) {
            all.calls[index] ??= { name, arguments: '' };
            all.calls[index].arguments += more;
        }
        for (const [column, values] of Object.entries(choice.logprobs ?? {}))
            (all.logprobs ??= {})[column] = values && [...(all.logprobs[column] ?? []), ...values];
        all.finish = choice.finish_reason;
    }
    return round({ tokens: chunks.at(-1).usage.completion_tokens, choices });
}
