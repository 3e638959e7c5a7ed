import { byId, el } from '../shared/dom.js';

let timer;

/** Says something in passing, with one thing that may be done about it. */
export function notify(text, action = null) {
    clearTimeout(timer);
    const close = () => byId('notice').replaceChildren();
    const button = action && el('button', { type: 'button', onclick: () => { close(); action.act(); } }, action.label);
    byId('notice').replaceChildren(...[el('span', {}, text), button].filter(Boolean));
    timer = setTimeout(close, action ? 15_000 : 6_000);
}

/** Says something to those who listen rather than look. */
export function announce(text) {
    byId('announcer').textContent = text;
}
