// Requests of every route with whatever fields go together, the same for the same seed.
import { model, question } from '../demo.mjs';

const words = ['giraffe', 'zebra', 'run', 'light', 'bank', 'table', 'nonsuch', '日本語', '🦒', 'naïve', '👩‍👩‍👧‍👦', '\u200b', '\n\n', '   ', '</s>', '[INST]', '\u0000', 'مرحبا', 'e\u0301', '{"a":1}'];
const endings = ['an', 'a', ' wi', 'with', 'ed', '; ', 'st', 'é', '🦒', 'ing ', ' the l', 'long'];
const schema = { type: 'object', properties: { '名前': { type: 'string', maxLength: 8 }, n: { type: 'integer', minimum: -5, maximum: 300 } }, required: ['名前', 'n'], additionalProperties: false };
const tools = [{ name: 'look_up', parameters: { type: 'object', properties: { word: { type: 'string', maxLength: 15 } }, required: ['word'], additionalProperties: false }, strict: true }, { name: 'now' }];
const shared = 'A dictionary says what words mean. '.repeat(12); // several blocks of the cache

/** Numbers from 0 to 1, mulberry32. */
export function randomOf(seed) {
    return () => {
        seed = (seed + 0x6D2B79F5) | 0;
        let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
        t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
        return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
    };
}

/** One request: `{ path, body }`. */
export function requestOf(random) {
    const pick = array => array[Math.floor(random() * array.length)], often = chance => random() < chance;
    const some = (array, most) => Array.from({ length: 1 + Math.floor(random() * most) }, () => pick(array));
    const text = () => some(words, 6).join(often(0.8) ? ' ' : '');
    const maybe = (chance, fields) => (often(chance) ? fields() : {});
    const limit = 5 + Math.floor(random() * 40);
    const common = {
        model,
        ...(often(0.4) ? { temperature: 0 } : { temperature: pick([0.7, 1, 1.5, 2]), seed: Math.floor(random() * 1e6) }),
        ...maybe(0.3, () => ({ top_p: pick([0.1, 0.5, 0.9]) })),
        ...maybe(0.2, () => ({ top_k: pick([1, 20, -1]) })),
        ...maybe(0.2, () => ({ frequency_penalty: pick([-1, 0.7]), repetition_penalty: 1.2 })),
        ...maybe(0.4, () => ({ stop: some(endings, 4), include_stop_str_in_output: often(0.3) })),
        ...maybe(0.2, () => ({ ignore_eos: true })),
        ...maybe(0.1, () => ({ min_tokens: 3 })),
        ...maybe(0.3, () => ({ priority: Math.floor(random() * 5) - 2 })),
        ...maybe(0.1, () => ({ cache_salt: pick(['a', 'b']) })),
    };
    const form = pick([{}, {}, {}, { bad_words: ['the', 'e'] }, { guided_regex: '[a-z]{3,9}é?' }, { guided_choice: ['yes', ' no', '🦒'] }, { guided_json: schema }]);
    const several = maybe(0.3, () => ({ n: 2 + Math.floor(random() * 2) }));
    return pick([
        () => ({
            path: '/v1/chat/completions',
            body: {
                ...common, ...several, ...(often(0.3) ? { tools: tools.map(tool => ({ type: 'function', function: tool })), tool_choice: pick(['auto', 'required', 'none']) } : form),
                messages: [...maybeOne(often(0.3), { role: 'system', content: shared }), { role: 'user', content: often(0.5) ? question : text() }],
                max_tokens: limit, ...maybe(0.4, () => ({ logprobs: true, top_logprobs: 3 })),
            },
        }),
        () => ({
            path: '/v1/completions',
            body: { ...common, ...several, ...form, prompt: pick([text(), [shared, shared + text()], [5, 300, 4000, 77]]), max_tokens: limit, ...maybe(0.4, () => ({ logprobs: 2 })), ...maybe(0.3, () => ({ echo: true })) },
        }),
        () => ({
            path: '/v1/responses',
            body: { ...common, ...(often(0.3) ? { tools: tools.map(tool => ({ type: 'function', ...tool })), tool_choice: pick(['auto', 'required']) } : form), input: often(0.5) ? question : text(), max_output_tokens: limit, ...maybe(0.4, () => ({ include: ['message.output_text.logprobs'] })) },
        }),
    ])();
}

const maybeOne = (has, one) => (has ? [one] : []);
