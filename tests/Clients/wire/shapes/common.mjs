// Shapes that several routes share. Source: OpenAI's OpenAPI document, whose names stand in the comments; our extensions are marked.
import { count, filled, list, map, nullable, number, object, only, seconds, text } from './combinators.mjs';

// Error, ErrorResponse
export const error = object({ error: object({ message: filled, type: filled, param: nullable(filled), code: nullable(filled) }) });

// CompletionUsage
export const usage = object(
    { prompt_tokens: count, completion_tokens: count, total_tokens: count },
    {
        prompt_tokens_details: object({}, { cached_tokens: count, audio_tokens: count, text_tokens: count, image_tokens: count, cache_write_tokens: count }),
        completion_tokens_details: object({}, {
            reasoning_tokens: count, audio_tokens: count, text_tokens: count, accepted_prediction_tokens: count, rejected_prediction_tokens: count,
        }),
    });

// Model; max_model_len is an extension
export const model = object({ id: filled, object: only('model'), created: seconds, owned_by: filled }, { max_model_len: nullable(count) });

// ListModelsResponse
export const models = object({ object: only('list'), data: list(model, { minItems: 1 }) });

// CreateEmbeddingResponse, once per encoding
const embeddings = vector => object({
    object: only('list'),
    model: filled,
    data: list(object({ object: only('embedding'), index: count, embedding: vector }), { minItems: 1 }),
    usage: object({ prompt_tokens: count, total_tokens: count }),
});

export const embeddingsFloat = embeddings(list(number, { minItems: 1 }));
export const embeddingsBase64 = embeddings({ type: 'string', pattern: '^[A-Za-z0-9+/]+={0,2}$' });

// Ours and vLLM's
export const inputTokens = object({ object: filled, input_tokens: count });
export const tokenize = object({ count, max_model_len: count, tokens: list(count) }, { token_strs: nullable(list(text)) });
export const detokenize = object({ prompt: text });
export const health = object({ status: filled });
export const metadata = map(text);
