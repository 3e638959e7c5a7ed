import OpenAI from 'openai';
import { baseURL } from '../demo.mjs';

/** The official client; a retry would hide a fault. */
export const connect = (options = {}) => new OpenAI({ baseURL, apiKey: 'any', maxRetries: 0, ...options });
