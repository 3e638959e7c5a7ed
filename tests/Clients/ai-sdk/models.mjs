// The ways by which an application of the AI SDK reaches a server: the Responses API, which is the OpenAI provider's default, its chat, and the generic provider.
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { baseURL, model } from '../demo.mjs';

globalThis.AI_SDK_LOG_WARNINGS = false;

export const provider = (options = {}) => createOpenAI({ baseURL, apiKey: 'any', ...options });
export const compatible = createOpenAICompatible({ name: 'llama', baseURL, apiKey: 'any', includeUsage: true, supportsStructuredOutputs: true });

export const languageModels = { 'openai, responses': provider()(model), 'openai, chat': provider().chat(model), 'openai-compatible': compatible(model) };
export const completionModels = { openai: provider().completion(model), 'openai-compatible': compatible.completionModel(model) };
export const embeddingModels = { openai: provider().embeddingModel(model), 'openai-compatible': compatible.embeddingModel(model) };
