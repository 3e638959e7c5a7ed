import { byId } from '../shared/dom.js';
import { askForKey } from '../shared/key.js';
import { card } from '../shared/server.js';
import { showState } from '../shared/state.js';
import { answer } from './answer.js';
import { Composer } from './composer.js';
import { List } from './list.js';
import { announce, notify } from './notice.js';
import { openSettings } from './settings.js';
import { Store } from './store.js';
import { Thread } from './thread.js';

const store = new Store(), running = new Map(); // by conversation: what stops its answer
const list = new List(store, { open, remove }), composer = new Composer({ send, stop: () => running.get(conversation.id)?.abort() });
const thread = new Thread({ edit, regenerate, resume });
let conversation = Store.create(), server = null;

byId('open-settings').addEventListener('click', async () => {
    if (await openSettings(conversation, server?.defaults) && conversation.messages.length > 0)
        save();
});
byId('change-key').addEventListener('click', () => askForKey('The key that requests of this page are sent with.'));
store.addEventListener('elsewhere', ({ detail: changed }) => {
    if (changed?.id !== conversation.id || running.has(conversation.id))
        return;
    conversation = changed; // what is written here must not undo what another tab has written
    show();
});
open(store.get(location.hash.slice(1)) ?? store.list()[0] ?? null);
showState(card => {
    const isFirst = server?.model !== card.model;
    server = card;
    byId('change-key').hidden = !card.requires_key;
    composer.showUse(conversation, card.max_model_len);
    if (isFirst) {
        composer.showExamples(card.model);
        thread.showModel(card.model);
    }
});

/** Opens a conversation, or begins a new one with the settings of the last. */
function open(chosen) {
    const { system = '', parameters = {} } = conversation;
    conversation = chosen ? running.get(chosen.id)?.conversation ?? chosen : { ...Store.create(), system, parameters };
    history.replaceState(null, '', chosen ? `#${conversation.id}` : location.pathname);
    show();
    byId('prompt').focus();
}

function show() {
    thread.show(conversation, server?.model ?? 'Answer');
    showProgress();
}

/** Whether an answer is being written. What stands above it stays as it is: somebody may read there, select, or edit. */
function showProgress() {
    const isBusy = running.has(conversation.id);
    list.show(conversation);
    thread.setBusy(isBusy);
    composer.setBusy(isBusy);
    composer.showUse(conversation, server?.max_model_len);
}

async function remove(id) {
    running.get(id)?.abort();
    await running.get(id)?.ended;
    store.delete(id);
    if (id === conversation.id)
        open(null);
}

function send(text) {
    const letters = [...text];
    conversation.title ||= letters.length > 60 ? `${letters.slice(0, 59).join('')}…` : text;
    conversation.messages.push({ role: 'user', content: text });
    history.replaceState(null, '', `#${conversation.id}`);
    write({ role: 'assistant', content: '' });
}

/** A changed message takes the place of the old one and of all that followed. */
function edit(place, text) {
    stopAnd(() => {
        conversation.messages.length = place;
        send(text);
    });
}

function regenerate(place) {
    stopAnd(() => {
        conversation.messages.length = place;
        write({ role: 'assistant', content: '' });
    });
}

function resume(place) {
    stopAnd(() => {
        conversation.messages.length = place + 1;
        write(conversation.messages.pop());
    });
}

async function stopAnd(act) {
    const run = running.get(conversation.id);
    run?.abort();
    await run?.ended;
    act();
}

/** Lets the model write a message at the end of the conversation; it goes on when another conversation is opened. */
function write(message) {
    const mine = conversation, stopping = new AbortController(), isShown = () => conversation === mine;
    delete message.fault;
    message.stats = { ending: 'stopped' }; // is what a page finds that was closed in the meantime
    mine.messages.push(message);
    const ended = fill(mine, message, stopping.signal, isShown).finally(() => {
        running.delete(mine.id);
        save(mine);
        if (isShown())
            showProgress();
    });
    running.set(mine.id, { conversation: mine, ended, abort: () => stopping.abort() });
    save(mine);
    show();
    byId('prompt').focus();
}

async function fill(mine, message, signal, isShown) {
    let savedAt = Date.now();
    const onText = text => {
        message.content += text;
        if (isShown())
            thread.grow();
        if (Date.now() - savedAt > 1_000) {
            savedAt = Date.now();
            store.save(mine); // a page that is closed keeps what has come
        }
    };
    announce('The answer is being written.');
    try {
        message.stats = await answer(mine, server?.model ?? (await card()).model, { onText, signal });
        announce(`Answer: ${message.content}`);
    } catch (error) {
        message.stats = signal.aborted ? { ending: 'stopped' } : undefined;
        message.fault = signal.aborted ? undefined : error.message + (error.retryAfter && !/try again in/i.test(error.message) ? ` Try again in ${error.retryAfter} s.` : '');
        announce(message.fault ?? 'Stopped.');
    }
}

function save(changed = conversation) {
    if (!store.save(changed))
        notify('This browser does not store the conversation (storage is full or switched off). Export it, if you want to keep it.');
}
