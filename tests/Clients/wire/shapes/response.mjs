// Response, with the output items that this server makes. Keys that the official clients' types have without a question mark are required here too.
import { count, either, filled, flag, list, nullable, number, object, oneOf, only, seconds, text } from './combinators.mjs';
import { metadata } from './common.mjs';

const byte = { type: 'integer', minimum: 0, maximum: 255 };
const alternative = object({ token: text, logprob: number, bytes: list(byte) });
const status = either('in_progress', 'completed', 'incomplete');

// LogProb, OutputTextContent
const logprob = object({ token: text, logprob: number, bytes: list(byte), top_logprobs: list(alternative) });
export const outputText = object({ type: only('output_text'), text, annotations: list({}, { maxItems: 0 }), logprobs: list(logprob) });

// OutputMessage, FunctionToolCall
const message = object({ id: filled, type: only('message'), role: only('assistant'), status, content: list(outputText) });
const functionCall = object({ id: filled, type: only('function_call'), status, call_id: filled, name: filled, arguments: text });
export const outputItem = oneOf(message, functionCall);

// ResponseUsage
const usage = object({
    input_tokens: count,
    input_tokens_details: object({ cached_tokens: count, cache_write_tokens: count }),
    output_tokens: count,
    output_tokens_details: object({ reasoning_tokens: count }),
    total_tokens: count,
});

// ResponseTextParam, FunctionTool, ToolChoiceParam, Reasoning
const format = oneOf(
    object({ type: either('text', 'json_object') }),
    object({ type: only('json_schema'), name: filled, schema: { type: 'object' }, strict: nullable(flag) }, { description: nullable(text) }));
const tool = object({ type: only('function'), name: filled, parameters: nullable({ type: 'object' }), strict: nullable(flag) }, { description: nullable(text) });
const toolChoice = oneOf(
    either('none', 'auto', 'required'),
    object({ type: only('function'), name: filled }),
    object({ type: only('allowed_tools'), mode: either('auto', 'required'), tools: list({ type: 'object' }) }));
const reasoning = object({}, { effort: nullable(text), summary: nullable(text), generate_summary: nullable(text), mode: nullable(text), context: nullable(text) });

export const response = object(
    {
        id: filled,
        object: only('response'),
        access_programs: { type: 'null' },
        created_at: seconds,
        status: either('completed', 'failed', 'in_progress', 'cancelled', 'queued', 'incomplete'),
        error: nullable(object({ code: filled, message: filled })),
        incomplete_details: nullable(object({}, { reason: either('max_output_tokens', 'content_filter') })),
        instructions: nullable(oneOf(text, list({ type: 'object' }))),
        metadata: nullable(metadata),
        model: filled,
        output: list(outputItem),
        parallel_tool_calls: flag,
        temperature: nullable(number),
        tool_choice: toolChoice,
        tools: list(tool),
        top_p: nullable(number),
    },
    {
        background: nullable(flag),
        completed_at: nullable(seconds),
        conversation: { type: 'null' },
        max_output_tokens: nullable(count),
        max_tool_calls: nullable(count),
        moderation: { type: 'null' },
        output_text: nullable(text),
        previous_response_id: nullable(filled),
        prompt: { type: 'null' },
        prompt_cache_key: nullable(text),
        prompt_cache_retention: nullable(either('in_memory', '24h')),
        reasoning: nullable(reasoning),
        safety_identifier: nullable(text),
        service_tier: nullable(text),
        store: flag, // not among the properties, but in every example of the document
        text: object({}, { format, verbosity: nullable(either('low', 'medium', 'high')) }),
        top_logprobs: nullable(count),
        truncation: nullable(either('auto', 'disabled')),
        usage: nullable(usage),
        user: nullable(text),
    });

/** A response that has come to its end; only these must have counts. */
export const endedResponse = { allOf: [response, { type: 'object', required: ['usage'], properties: { usage } }] };

// The document gives no shape for a deletion but this example.
export const deletion = object({ id: filled, object: either('response', 'response.deleted'), deleted: only(true) });

// ResponseItemList
const inputText = object({ type: only('input_text'), text });
const inputMessage = object({ id: filled, type: only('message'), role: either('user', 'system', 'developer'), content: list(inputText) }, { status });
const functionOutput = object({ id: filled, type: only('function_call_output'), call_id: filled, output: oneOf(text, list(inputText)), status });
export const inputItems = object({
    object: only('list'), data: list(oneOf(inputMessage, functionOutput, message, functionCall)), has_more: flag, first_id: filled, last_id: filled,
});
