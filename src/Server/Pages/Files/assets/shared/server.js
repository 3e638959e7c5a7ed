import { Fault } from './fault.js';
import { askForKey, key } from './key.js';

// The pages lie two folders above this file, whatever the prefix, and the API beside them.
const root = new URL('../../', import.meta.url);

/** Who serves here: model, state, defaults, links. Needs no key. */
export async function card() {
    const response = await fetch(root, { headers: { accept: 'application/json' } });
    if (!response.ok)
        throw await Fault.of(response);
    return response.json();
}

/**
 * A response of the API, of which nothing is read yet. Asks for a key where the server wants one, as often as it takes.
 * Throws a Fault for whatever is not a success, and the browser's own error for one that was aborted.
 */
export async function call(path, { body, signal } = {}) {
    for (;;) {
        const response = await send(path, body, signal);
        if (response.ok)
            return response;
        const fault = await Fault.of(response);
        if (response.status !== 401 || !await askForKey(fault.message))
            throw fault;
    }
}

async function send(path, body, signal) {
    const headers = { accept: 'application/json, text/event-stream' };
    if (key.value)
        headers.authorization = `Bearer ${key.value}`;
    if (body)
        headers['content-type'] = 'application/json';
    try {
        return await fetch(new URL(path, root), { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body), signal, cache: 'no-store' });
    } catch (error) {
        throw error.name === 'AbortError' ? error : Fault.unreachable();
    }
}
