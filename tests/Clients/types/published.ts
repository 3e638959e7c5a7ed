// What the server says, in the words of the client's own types. Where OpenAI's answers differ from those types, as its documents and examples show them, the
// difference is named here; a key that is neither published nor named is a fault, and so is one that is missing.
import type { ChatCompletion, ChatCompletionChunk, Completion, CompletionChoice, CreateEmbeddingResponse, Model as PublishedModel } from 'openai/resources';
import type { InputTokenCountResponse } from 'openai/resources/responses/input-tokens';
import type { Response as PublishedResponse, ResponseItem, ResponseStreamEvent } from 'openai/resources/responses/responses';
import type { ErrorObject } from 'openai/resources/shared';

type Replace<T, U> = Omit<T, keyof U> & U;

export type Chat = ChatCompletion;
export type ChatChunk = ChatCompletionChunk;
export type Text = Completion;
export type TextChunk = Replace<Completion, { choices: Replace<CompletionChoice, { finish_reason: CompletionChoice['finish_reason'] | null }>[]; usage?: Completion['usage'] | null }>;
export type Embeddings = CreateEmbeddingResponse;
export type InputTokens = InputTokenCountResponse;
export type Model = PublishedModel & { max_model_len: number | null };
export type Failure = { error: ErrorObject };

/** `output_text` is made by the client; `store` is in the documents' examples, where `user` and, until the end, `usage` are null. */
export type Response = Replace<Omit<PublishedResponse, 'output_text'>, { store: boolean; user: string | null; usage: PublishedResponse['usage'] | null }>;

/** Log-probabilities carry their bytes, padding is `obfuscation`, and the end of a call's arguments names the function. */
type Logprob = { token: string; logprob: number; bytes: number[]; top_logprobs: { token: string; logprob: number; bytes: number[] }[] };
type Extras<E> = E extends { response: PublishedResponse } ? { response: Response }
    : E extends { type: 'response.output_text.delta' } ? { logprobs: Logprob[]; obfuscation?: string }
    : E extends { type: 'response.output_text.done' } ? { logprobs: Logprob[] }
    : E extends { type: 'response.function_call_arguments.delta' } ? { obfuscation?: string }
    : E extends { type: 'response.function_call_arguments.done' } ? { name: string }
    : {};
type Sent<E> = E extends unknown ? Replace<E, Extras<E>> : never;
export type Event = Sent<ResponseStreamEvent>;

export type InputItems = { object: 'list'; data: ResponseItem[]; has_more: boolean; first_id: string; last_id: string };
