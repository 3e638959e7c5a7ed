/** What went wrong, in words for whoever sits before the page. */
export class Fault extends Error {
    constructor(message, { status = 0, code = null, retryAfter = null } = {}) {
        super(message);
        Object.assign(this, { name: 'Fault', status, code, retryAfter });
    }

    static async of(response) {
        const { error = {} } = await response.json().catch(() => ({}));
        const retryAfter = Number.parseInt(response.headers.get('retry-after'), 10) || null;
        const said = error.message ?? `The server answered ${response.status} ${response.statusText}.`;
        const words = meaning(response.status, error.code, said, response.headers.get('x-request-id'));
        return new Fault(words, { status: response.status, code: error.code ?? null, retryAfter });
    }

    /** An error that came as an event, when the answer had begun. */
    static inStream(error) {
        return new Fault(meaning(500, error.code, error.message ?? 'The server ended the answer with an error.', null), { status: 500, code: error.code });
    }

    static unreachable() {
        return new Fault('The server cannot be reached. It may have stopped, or this device may be offline.', { code: 'unreachable' });
    }

    static lost() {
        return new Fault('The connection was lost in the middle of the answer. What had come is kept.', { code: 'lost' });
    }
}

function meaning(status, code, said, requestId) {
    if (status === 401)
        return `The server wants an API key. ${said}`;
    if (status === 429)
        return `A limit is reached. ${said}`;
    if (code === 'context_length_exceeded')
        return `This conversation has become too long for the model. ${said} Begin a new one, or edit an earlier message to go on from there.`;
    if (code === 'server_overloaded')
        return `The server is busy. ${said}`;
    if (status === 503)
        return `The server cannot answer now. ${said}`;
    if (status >= 500 && requestId)
        return `The server failed. ${said} (${requestId})`;
    return said;
}
