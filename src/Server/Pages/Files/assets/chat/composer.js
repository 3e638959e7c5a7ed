import { byId, el, number } from '../shared/dom.js';

const examples = {
    'llama-2-wordnet-8m': ['What is a giraffe?', 'And a zebra?', 'What does serendipity mean?'],
    default: ['What can you help me with?', 'Explain continuous batching in three sentences.', 'Write a haiku about llamas.'],
};

/** The field for the next message and the buttons around it. */
export class Composer {
    /** actions.send(text), .stop(). */
    constructor(actions) {
        this.actions = actions;
        byId('composer').addEventListener('submit', event => {
            event.preventDefault();
            this.#send();
        });
        byId('prompt').addEventListener('keydown', event => this.#onKey(event));
        byId('stop').addEventListener('click', () => actions.stop());
        addEventListener('keydown', event => event.key === 'Escape' && this.isBusy && !document.querySelector('dialog[open], form textarea:focus:not(#prompt)') && actions.stop());
    }

    get isBusy() {
        return !byId('stop').hidden;
    }

    setBusy(isBusy) {
        const hadFocus = document.activeElement === byId(isBusy ? 'send' : 'stop') || document.activeElement === document.body;
        byId('stop').hidden = !isBusy;
        byId('send').hidden = isBusy;
        if (hadFocus)
            byId('prompt').focus();
    }

    showExamples(model) {
        byId('examples').replaceChildren(...(examples[model] ?? examples.default).map(text =>
            el('button', { type: 'button', onclick: () => this.actions.send(text) }, text)));
    }

    /** How much of the model's context the conversation takes. */
    showUse(conversation, limit) {
        const last = conversation.messages.findLast(message => message.stats?.usage);
        byId('context-use').textContent = last && limit ? `${number(last.stats.usage.total_tokens)} of ${number(limit)} tokens of context` : '';
    }

    #onKey(event) {
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing)
            return;
        event.preventDefault();
        this.#send();
    }

    #send() {
        const text = byId('prompt').value.trim();
        if (!text || this.isBusy)
            return;
        byId('prompt').value = '';
        this.actions.send(text);
    }
}
