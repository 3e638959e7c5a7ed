import { ChatOpenAI, OpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { baseURL, model } from '../demo.mjs';

const common = { model, apiKey: 'any', maxRetries: 0 };

export const chat = (options = {}) => new ChatOpenAI({ ...common, temperature: 0, configuration: { baseURL }, ...options });
export const completion = (options = {}) => new OpenAI({ ...common, temperature: 0, configuration: { baseURL }, ...options });
export const embeddings = (options = {}) => new OpenAIEmbeddings({ ...common, configuration: { baseURL }, ...options });

/** LangChain speaks both APIs. */
export const apis = { chat: { useResponsesApi: false }, responses: { useResponsesApi: true } };
