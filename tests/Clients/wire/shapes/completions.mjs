// CreateCompletionResponse. OpenAI publishes no shape of its chunks: they are the same, with finish_reason null until the end. The token ids are extensions,
// and with echo the first token has no log-probability, as in OpenAI's own answers.
import { count, either, filled, list, map, nullable, number, object, oneOf, only, seconds, text } from './combinators.mjs';
import { usage } from './common.mjs';

const head = { id: filled, object: only('text_completion'), created: seconds, model: filled };
const fingerprint = { system_fingerprint: filled };
const finish = either('stop', 'length', 'content_filter');

const logprobs = object({
    tokens: list(text),
    token_logprobs: list(nullable(number)),
    top_logprobs: nullable(list(nullable(map(number)))),
    text_offset: list(count),
});

const choice = finish_reason => object(
    { index: count, text, logprobs: nullable(logprobs), finish_reason },
    { prompt_token_ids: list(count), token_ids: list(count), prompt_logprobs: nullable({}) });

export const completion = object({ ...head, choices: list(choice(finish), { minItems: 1 }), usage }, fingerprint);

export const chunk = oneOf(
    object({ ...head, choices: list(choice(nullable(finish)), { minItems: 1 }) }, { ...fingerprint, usage: { type: 'null' } }),
    object({ ...head, choices: list({}, { maxItems: 0 }), usage }, fingerprint));
