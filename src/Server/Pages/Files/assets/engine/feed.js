import { call } from '../shared/server.js';
import { events } from '../shared/sse.js';

/** The engine's events, for as long as the page is looked at. Comes back by itself when the connection is lost. */
export class Feed {
    #stopping = null;
    #isPaused = false;

    /** on.view(view), .about(about), .state(words). */
    constructor(on) {
        this.on = on;
        document.addEventListener('visibilitychange', () => this.#update());
        this.#update();
    }

    set isPaused(value) {
        this.#isPaused = value;
        this.#update();
    }

    #update() {
        const isWanted = !document.hidden && !this.#isPaused;
        if (isWanted && !this.#stopping) {
            this.#stopping = new AbortController();
            this.#run(this.#stopping.signal);
        } else if (!isWanted) {
            this.#stopping?.abort();
            this.#stopping = null;
            this.on.state(this.#isPaused ? 'Paused.' : '');
        }
    }

    async #run(signal) {
        for (let failures = 0; !signal.aborted;) {
            try {
                for await (const { name, data } of events(await call('engine/events', { signal }))) {
                    failures = 0;
                    this.on.state('');
                    this.on[name === 'about' ? 'about' : 'view'](JSON.parse(data));
                }
                throw new Error('The server has ended the stream.');
            } catch (error) {
                if (signal.aborted)
                    return;
                this.on.state(`${error.message} Trying again …`);
                await new Promise(resolve => setTimeout(resolve, Math.min(10_000, 1_000 * 2 ** failures++)));
            }
        }
    }
}
