// CreateChatCompletionResponse and CreateChatCompletionStreamResponse; prompt_token_ids, token_ids and prompt_logprobs are extensions.
import { count, either, filled, list, nullable, number, object, oneOf, only, seconds, text } from './combinators.mjs';
import { usage } from './common.mjs';

const byte = { type: 'integer', minimum: 0, maximum: 255 };
const alternative = object({ token: text, logprob: number, bytes: nullable(list(byte)) });
const token = object({ token: text, logprob: number, bytes: nullable(list(byte)), top_logprobs: list(alternative) });
const logprobs = object({ content: nullable(list(token)), refusal: nullable(list(token)) });
const finish = either('stop', 'length', 'tool_calls', 'content_filter', 'function_call');
const head = { id: filled, created: seconds, model: filled };
const fingerprint = { system_fingerprint: filled, service_tier: nullable(either('auto', 'default', 'flex', 'scale', 'priority', 'fast')) };
const prompt = { prompt_token_ids: list(count), prompt_logprobs: nullable({}) };

// ChatCompletionMessageToolCall, ChatCompletionMessageToolCallChunk
const toolCall = object({ id: filled, type: only('function'), function: object({ name: filled, arguments: text }) });
const toolCallDelta = object({ index: count }, { id: filled, type: only('function'), function: object({}, { name: filled, arguments: text }) });

const message = object(
    { role: only('assistant'), content: nullable(text), refusal: nullable(text) },
    { tool_calls: list(toolCall, { minItems: 1 }), annotations: list({}, { maxItems: 0 }) });

export const completion = object(
    {
        ...head,
        object: only('chat.completion'),
        choices: list(object({ index: count, message, logprobs: nullable(logprobs), finish_reason: finish }, { token_ids: list(count) }), { minItems: 1 }),
        usage,
    },
    { ...fingerprint, ...prompt, metadata: nullable({ type: 'object' }) });

const delta = object({}, { role: only('assistant'), content: nullable(text), refusal: nullable(text), tool_calls: list(toolCallDelta, { minItems: 1 }) });

const chunkChoice = object({ index: count, delta, finish_reason: nullable(finish) }, { logprobs: nullable(logprobs), token_ids: list(count) });

export const chunk = oneOf(
    object({ ...head, object: only('chat.completion.chunk'), choices: list(chunkChoice, { minItems: 1 }) }, { ...fingerprint, ...prompt, usage: { type: 'null' } }),
    object({ ...head, object: only('chat.completion.chunk'), choices: list({}, { maxItems: 0 }), usage }, fingerprint));
