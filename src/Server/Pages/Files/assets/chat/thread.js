import { byId } from '../shared/dom.js';
import { MessageView } from './message.js';

/** The messages of the conversation that is open. */
export class Thread {
    #views = [];
    #isPlanned = false;

    /** actions.edit(place, text), .regenerate(place), .resume(place). */
    constructor(actions) {
        this.actions = actions;
    }

    show(conversation, model) {
        this.#views = conversation.messages.map((message, place) => new MessageView(message, model, {
            edit: text => this.actions.edit(place, text),
            regenerate: () => this.actions.regenerate(place),
            resume: () => this.actions.resume(place),
        }));
        byId('messages').replaceChildren(...this.#views.map(view => view.element));
        byId('welcome').hidden = this.#views.length > 0;
        this.#scrollDown();
    }

    /** The server has said which model answers. */
    showModel(model) {
        this.#views.forEach(view => view.showAuthor(model));
    }

    /** The last message has more text. Shown once per frame, however many tokens come in it. */
    grow() {
        if (this.#isPlanned)
            return;
        this.#isPlanned = true;
        requestAnimationFrame(() => {
            this.#isPlanned = false;
            const isAtEnd = this.#isAtEnd();
            this.#views.at(-1)?.showText();
            if (isAtEnd)
                this.#scrollDown();
        });
    }

    /** The last message begins or ends to be written. */
    setBusy(isBusy) {
        const isAtEnd = this.#isAtEnd();
        this.#views.at(-1)?.showText();
        this.#views.at(-1)?.showFoot({ isBusy });
        if (isAtEnd)
            this.#scrollDown();
    }

    /** Whoever scrolled up to read is left where they are. */
    #isAtEnd() {
        const thread = byId('thread');
        return thread.scrollHeight - thread.scrollTop - thread.clientHeight < 60;
    }

    #scrollDown() {
        byId('thread').scrollTop = byId('thread').scrollHeight;
    }
}
