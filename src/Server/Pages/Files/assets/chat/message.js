import { el, number } from '../shared/dom.js';
import { copyText, showMarkdown } from './markdown.js';

/** One message on the page. What can be done with it is told by actions.edit(text), .regenerate(), .resume(). */
export class MessageView {
    #body = el('div', { class: 'body', dir: 'auto' });
    #foot = el('div');
    #author = el('h2');

    constructor(message, model, actions) {
        Object.assign(this, { message, actions });
        const isUser = message.role === 'user';
        this.#body.classList.toggle('markdown', !isUser);
        this.element = el('article', { class: `message ${message.role}`, 'aria-label': isUser ? 'Your message' : 'Answer' }, this.#author, this.#body, this.#foot);
        this.showAuthor(model);
        this.showText();
        this.showFoot({ isBusy: false });
    }

    showAuthor(model) {
        this.#author.textContent = this.message.role === 'user' ? 'You' : model;
    }

    showText() {
        if (this.message.role === 'user')
            this.#body.textContent = this.message.content;
        else
            showMarkdown(this.#body, this.message.content);
    }

    /** What stands below the text: how it came about, what went wrong, what can be done. */
    showFoot({ isBusy }) {
        this.element.setAttribute('aria-busy', String(isBusy));
        const { fault, stats } = this.message;
        this.#foot.replaceChildren(...[
            fault && el('p', { class: 'fault' }, fault),
            stats && !isBusy && el('p', { class: 'stats' }, describe(stats)),
            !isBusy && this.#actions(),
        ].filter(Boolean));
    }

    #actions() {
        const { role, content, fault, stats } = this.message;
        const button = (label, onclick) => el('button', { type: 'button', class: 'quiet', onclick }, label);
        const copy = button('Copy', () => copyText(content, copy));
        if (role === 'user')
            return el('div', { class: 'actions' }, copy, button('Edit', () => this.#edit()));
        return el('div', { class: 'actions' },
            content && copy,
            button(fault && !content ? 'Try again' : 'Regenerate', this.actions.regenerate),
            content && (fault || ['length', 'stopped'].includes(stats?.ending)) ? button('Continue', this.actions.resume) : null);
    }

    #edit() {
        const field = el('textarea', { 'aria-label': 'Your message', dir: 'auto', value: this.message.content });
        const done = () => {
            form.replaceWith(this.#body);
            this.#foot.hidden = false;
        };
        const form = el('form', {
            onsubmit: event => {
                event.preventDefault();
                if (field.value.trim())
                    this.actions.edit(field.value.trim());
            },
        }, field, el('div', { class: 'buttons' },
            el('button', { class: 'primary' }, 'Send anew'),
            el('button', { type: 'button', onclick: done }, 'Cancel')));
        field.addEventListener('keydown', event => event.key === 'Escape' && done());
        this.#body.replaceWith(form);
        this.#foot.hidden = true;
        field.focus();
    }
}

// Of an answer that came all at once the time between its tokens tells nothing; then the wait for it counts too.
const rate = (made, firstAfter, lastAfter) => lastAfter - firstAfter > 50 ? (made - 1) * 1000 / (lastAfter - firstAfter) : made * 1000 / lastAfter;

function describe({ ending, usage, firstAfter, lastAfter }) {
    const parts = [];
    if (usage) {
        const { completion_tokens: made, prompt_tokens: asked, prompt_tokens_details: details } = usage;
        parts.push(`${number(made)} tokens`);
        if (made > 0 && lastAfter)
            parts.push(`${number(rate(made, firstAfter, lastAfter), 1)} tokens/s`);
        parts.push(`${number(details?.cached_tokens ?? 0)} of ${number(asked)} prompt tokens cached`);
    }
    if (firstAfter !== null && firstAfter !== undefined)
        parts.splice(1, 0, `first after ${number(firstAfter / 1000, 2)} s`);
    if (ending === 'length')
        parts.push('ended at the token limit');
    if (ending === 'stopped')
        parts.push('stopped');
    return parts.join(' · ');
}
