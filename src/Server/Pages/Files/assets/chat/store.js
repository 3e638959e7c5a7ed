// Every conversation has a place of its own, so that two tabs do not write over each other; under the pages' own path, since other servers may share the origin.
const prefix = `llama-chat:${new URL('../../', import.meta.url).pathname}:`;

/** The conversations of this browser. Without storage, or when it is full, they live as long as the page. Tells of a 'change', and of one that came from 'elsewhere'. */
export class Store extends EventTarget {
    #unsaved = new Map();

    constructor() {
        super();
        addEventListener('storage', ({ key }) => key?.startsWith(prefix) && this.#tell(key.slice(prefix.length)));
    }

    static create() {
        return { id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`, title: '', updated: Date.now(), system: '', parameters: {}, messages: [] };
    }

    /** All of them, the latest first. */
    list() {
        const ids = new Set([...this.#unsaved.keys(), ...keys().map(key => key.slice(prefix.length))]);
        return [...ids].map(id => this.get(id)).filter(Boolean).sort((one, other) => other.updated - one.updated);
    }

    get(id) {
        return this.#unsaved.get(id) ?? read(prefix + id);
    }

    /** False when it could not be stored. */
    save(conversation, { isNew = true } = {}) {
        if (isNew)
            conversation.updated = Date.now();
        try {
            localStorage.setItem(prefix + conversation.id, JSON.stringify(conversation));
            this.#unsaved.delete(conversation.id);
        } catch {
            this.#unsaved.set(conversation.id, conversation);
        }
        this.dispatchEvent(new Event('change'));
        return !this.#unsaved.has(conversation.id);
    }

    delete(id) {
        this.#unsaved.delete(id);
        try {
            localStorage.removeItem(prefix + id);
        } catch { /* no storage here */ }
        this.dispatchEvent(new Event('change'));
    }

    /** Takes in what was exported; returns how many conversations that were. One that has changed since stays, and the exported one comes beside it. */
    import(json) {
        const found = [JSON.parse(json)].flat().filter(isConversation);
        for (const conversation of found) {
            const fresh = Store.create(), here = this.get(conversation.id);
            const id = here && JSON.stringify(here) !== JSON.stringify(conversation) ? fresh.id : String(conversation.id ?? fresh.id);
            this.save({ ...fresh, title: conversation.messages[0]?.content.slice(0, 60) ?? '', ...conversation, id }, { isNew: false });
        }
        return found.length;
    }

    /** Another tab has changed one. */
    #tell(id) {
        this.dispatchEvent(new Event('change'));
        this.dispatchEvent(new CustomEvent('elsewhere', { detail: this.get(id) }));
    }
}

function keys() {
    try {
        return Object.keys(localStorage).filter(key => key.startsWith(prefix));
    } catch {
        return []; // no storage here
    }
}

function read(place) {
    try {
        const conversation = JSON.parse(localStorage.getItem(place));
        return isConversation(conversation) ? conversation : null;
    } catch {
        return null;
    }
}

const isConversation = value => Array.isArray(value?.messages)
    && value.messages.every(message => ['user', 'assistant'].includes(message?.role) && typeof message.content === 'string');
