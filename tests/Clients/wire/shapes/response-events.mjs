// ResponseStreamEvent: one shape per type of event that this server sends.
import { count, filled, list, nullable, number, object, only, text } from './combinators.mjs';
import { endedResponse, outputItem, outputText, response } from './response.mjs';

const place = { item_id: filled, output_index: count };
const partPlace = { ...place, content_index: count };

// ResponseLogProb: unlike LogProb its alternatives promise nothing, and bytes are not in it.
const byteList = list({ type: 'integer', minimum: 0, maximum: 255 });
const alternative = object({}, { token: text, logprob: number, bytes: byteList });
const logprobs = list(object({ token: text, logprob: number }, { top_logprobs: list(alternative), bytes: byteList }));

const shapes = {
    'response.created': { response },
    'response.in_progress': { response },
    'response.completed': { response: endedResponse },
    'response.incomplete': { response: endedResponse },
    'response.failed': { response },
    'response.output_item.added': { output_index: count, item: outputItem },
    'response.output_item.done': { output_index: count, item: outputItem },
    'response.content_part.added': { ...partPlace, part: outputText },
    'response.content_part.done': { ...partPlace, part: outputText },
    'response.output_text.delta': { ...partPlace, delta: text, logprobs },
    'response.output_text.done': { ...partPlace, text, logprobs },
    'response.function_call_arguments.delta': { ...place, delta: text },
    'response.function_call_arguments.done': { ...place, name: filled, arguments: text },
    error: { code: nullable(filled), message: filled, param: nullable(filled) },
};

export const events = Object.fromEntries(Object.entries(shapes).map(([type, shape]) => [type, object({ type: only(type), sequence_number: count, ...shape })]));
