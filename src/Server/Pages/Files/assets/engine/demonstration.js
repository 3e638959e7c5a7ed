import { card, call } from '../shared/server.js';

const things = 'giraffe zebra camel otter violin bridge harbour lantern comet glacier orchid saffron compass anchor thunder velvet marble willow falcon pepper'.split(' ');
const workers = 4; // browsers open six connections to a server, and this page needs one
const answers = 16; // to a question at most: they share its blocks
const pace = 5_000; // milliseconds that an answer should take, to be seen: fast models are asked for longer ones

/** Keeps the engine busy as some dozens of users would, with questions that begin alike, until it is told to stop. */
export class Demonstration {
    #stopping = null;

    get isRunning() {
        return this.#stopping !== null;
    }

    stop() {
        this.#stopping?.abort();
        this.#stopping = null;
    }

    /** Ends when it is stopped, or with what a request ended with. */
    async run() {
        this.#stopping = new AbortController();
        const { signal } = this.#stopping;
        try {
            const { model, max_model_len } = await card();
            await Promise.all(Array.from({ length: workers }, () => work(model, max_model_len - 128, signal)));
        } catch (error) {
            if (!signal.aborted)
                throw error;
        } finally {
            this.stop();
        }
    }
}

async function work(model, mostTokens, signal) {
    for (let tokens = 32; !signal.aborted;) {
        const start = performance.now(), asked = Math.max(8, Math.min(mostTokens, Math.round(tokens * (0.5 + Math.random()))));
        const response = await call('v1/chat/completions', { body: question(model, asked), signal });
        await response.arrayBuffer();
        tokens = pace * asked / (performance.now() - start);
    }
}

const any = list => list[Math.floor(Math.random() * list.length)];

const question = (model, tokens) => ({
    model,
    messages: [
        { role: 'user', content: `What is a ${things[0]}?` },
        { role: 'assistant', content: 'a tall animal with a very long neck that lives in Africa and eats the leaves of trees.' },
        { role: 'user', content: `And a ${any(things)}, and a ${any(things)}?` },
    ],
    n: 1 + Math.floor(answers * Math.random()),
    max_tokens: tokens,
    temperature: 1,
    ignore_eos: true, // short answers would be gone before anybody sees them
});
