import { byId, download, el } from '../shared/dom.js';
import { notify } from './notice.js';

/** The list of conversations and what can be done with them. Tells by actions.open(conversation or null for a new one) and .remove(id). */
export class List {
    #current = null;
    #shown = '';

    constructor(store, actions) {
        Object.assign(this, { store, actions });
        byId('new').addEventListener('click', () => this.#open(null));
        byId('export-json').addEventListener('click', () => download('conversations.json', 'application/json', JSON.stringify(store.list(), null, 2)));
        byId('export-markdown').addEventListener('click', () => this.#exportCurrent());
        byId('import').addEventListener('click', () => byId('import-file').click());
        byId('import-file').addEventListener('change', event => this.#import(event.target));
        store.addEventListener('change', () => this.show(this.#current));
    }

    show(current) {
        this.#current = current;
        byId('export-markdown').disabled = !current?.messages.length;
        const all = this.store.list(), shown = JSON.stringify([current?.id, all.map(({ id, title }) => [id, title])]);
        if (shown === this.#shown)
            return; // it may have the focus
        this.#shown = shown;
        byId('conversations').replaceChildren(...all.map(conversation => this.#item(conversation)));
    }

    #item(conversation) {
        const isCurrent = conversation.id === this.#current?.id;
        return el('li', {},
            el('button', { type: 'button', class: 'open', dir: 'auto', 'aria-current': isCurrent ? 'true' : null, onclick: () => this.#open(conversation) }, conversation.title),
            el('button', { type: 'button', class: 'quiet', 'aria-label': `Delete “${conversation.title}”`, onclick: () => this.#delete(conversation) }, '✕'));
    }

    #open(conversation) {
        byId('list').hidePopover();
        this.actions.open(conversation);
    }

    async #delete(conversation) {
        await this.actions.remove(conversation.id);
        byId('new').focus();
        notify(`Deleted “${conversation.title}”.`, { label: 'Undo', act: () => this.store.save(conversation, { isNew: false }) });
    }

    #exportCurrent() {
        const { title, system, messages } = this.#current;
        const parts = [`# ${title}`, ...system ? [`> ${system.replaceAll('\n', '\n> ')}`] : [], ...messages.map(({ role, content }) => `**${role}**\n\n${content}`)];
        download(`${title.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 40) || 'conversation'}.md`, 'text/markdown', parts.join('\n\n') + '\n');
    }

    async #import(input) {
        const [file] = input.files;
        input.value = '';
        try {
            const count = this.store.import(await file.text());
            notify(count ? `Imported ${count} conversation${count === 1 ? '' : 's'}.` : 'The file holds no conversations.');
        } catch {
            notify('The file is no JSON that was exported here.');
        }
    }
}
