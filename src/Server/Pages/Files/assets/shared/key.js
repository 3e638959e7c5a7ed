import { show } from './dialog.js';
import { el } from './dom.js';

const place = 'llama-api-key';

let unsaved = ''; // where the browser allows no storage

/** The API key: for this tab, until it is closed. */
export const key = {
    get value() {
        try {
            return sessionStorage.getItem(place) ?? unsaved;
        } catch {
            return unsaved;
        }
    },
    set value(text) {
        unsaved = text;
        try {
            sessionStorage.setItem(place, text);
        } catch { /* it lives as long as the page */ }
    },
};

let asking = null; // several requests that are refused together ask once

/** Asks for a key; true when there is one now. */
export function askForKey(reason) {
    asking ??= ask(reason).finally(() => { asking = null; });
    return asking;
}

async function ask(reason) {
    const field = el('input', { id: 'key', type: 'password', autocomplete: 'off', spellcheck: 'false', value: key.value });
    const form = el('form', { method: 'dialog' },
        el('h2', { id: 'key-title' }, 'API key'),
        el('p', { id: 'key-reason' }, reason),
        el('label', { for: 'key' }, 'Key'),
        field,
        el('p', {}, el('small', {}, 'It is kept in this tab until you close it, and sent to this server only.')),
        el('div', { class: 'buttons' },
            el('button', { class: 'primary', value: 'use' }, 'Use this key'),
            el('button', { value: 'cancel', type: 'button', onclick: () => dialog.close() }, 'Cancel')));
    const dialog = el('dialog', { 'aria-labelledby': 'key-title', 'aria-describedby': 'key-reason' }, form);
    const isGiven = await show(dialog) === 'use';
    if (isGiven)
        key.value = field.value.trim();
    return isGiven && key.value !== '';
}
