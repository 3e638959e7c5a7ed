// Every conversation has a place of its own, so that two tabs do not write over each other; under the pages' own path, since other servers may share the origin.
const prefix = `llama-chat:${new URL('../../', import.meta.url).pathname}:`;

/** The conversations of this browser. Without storage, or when it is full, they live as long as the page. */
export class Store extends EventTarget {
    #unsaved = new Map();

    constructor() {
        super();
        addEventListener('storage', event => event.key?.startsWith(prefix) && this.dispatchEvent(new Event('change')));
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
        return this.#unsaved.get(id) ?? read(localStorage.getItem(prefix + id));
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
        localStorage.removeItem(prefix + id);
        this.dispatchEvent(new Event('change'));
    }

    /** Takes in what was exported; returns how many conversations that were. */
    import(json) {
        const found = [JSON.parse(json)].flat().filter(isConversation);
        for (const conversation of found)
            this.save({ ...Store.create(), ...conversation }, { isNew: false });
        return found.length;
    }
}

function keys() {
    try {
        return Object.keys(localStorage).filter(key => key.startsWith(prefix));
    } catch {
        return []; // no storage here
    }
}

function read(json) {
    try {
        const conversation = JSON.parse(json);
        return isConversation(conversation) ? conversation : null;
    } catch {
        return null;
    }
}

const isConversation = value => Array.isArray(value?.messages)
    && value.messages.every(message => ['user', 'assistant'].includes(message?.role) && typeof message.content === 'string');
