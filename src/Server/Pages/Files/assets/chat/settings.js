import { show } from '../shared/dialog.js';
import { el } from '../shared/dom.js';

// Field of the request, label, bounds of the input, what it does.
const fields = [
    ['temperature', 'Temperature', { min: 0, max: 2, step: 0.05 }, '0 always takes the likeliest'],
    ['top_p', 'Top p', { min: 0.01, max: 1, step: 0.01 }, 'share of probability drawn from'],
    ['top_k', 'Top k', { min: 0, step: 1 }, 'tokens drawn from; 0 for all'],
    ['repetition_penalty', 'Repetition penalty', { min: 0.1, max: 2, step: 0.05 }, 'above 1 repeats less'],
    ['max_tokens', 'Max tokens', { min: 1, step: 1 }, 'longest answer'],
    ['seed', 'Seed', { step: 1 }, 'same seed, same answer'],
];

/** Lets the system prompt and the parameters of a conversation be changed; true when they were. */
export async function openSettings(conversation, defaults) {
    const system = el('textarea', { id: 'set-system', rows: '4', dir: 'auto', value: conversation.system });
    const stop = el('input', { id: 'set-stop', value: (conversation.parameters.stop ?? []).join(', '), oninput: () => stop.setCustomValidity(textsOf(stop.value).length > 4 ? 'Give no more than four.' : '') });
    const inputs = fields.map(([name, , bounds]) => el('input', {
        id: `set-${name}`, name, type: 'number', inputmode: 'decimal', placeholder: placeholder(name, defaults), 'aria-describedby': `about-${name}`, ...bounds,
        value: conversation.parameters[name] ?? '',
    }));
    const dialog = el('dialog', { 'aria-labelledby': 'settings-title' }, el('form', { method: 'dialog' },
        el('h2', { id: 'settings-title' }, 'Settings of this conversation'),
        el('div', { class: 'fields' },
            el('div', { class: 'wide' }, el('label', { for: 'set-system' }, 'System prompt'), system),
            ...fields.map(([name, label, , about], i) => el('div', {}, el('label', { for: `set-${name}` }, label), inputs[i], el('small', { id: `about-${name}` }, about))),
            el('div', { class: 'wide' }, el('label', { for: 'set-stop' }, 'Stop texts'), stop, el('small', {}, 'up to four, with commas between; the answer ends before them'))),
        el('div', { class: 'buttons' },
            el('button', { class: 'primary', value: 'keep' }, 'Save'),
            el('button', { type: 'button', onclick: () => clear([system, stop, ...inputs]) }, 'Back to the defaults'),
            el('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'))));
    const isKept = await show(dialog) === 'keep';
    if (isKept)
        Object.assign(conversation, { system: system.value.trim(), parameters: parametersOf(inputs, stop.value) });
    return isKept;
}

const placeholder = (name, defaults) => defaults?.[name] !== undefined ? String(Math.round(defaults[name] * 1000) / 1000) : { max_tokens: 'all that fits', seed: 'random' }[name] ?? '';

function clear(inputs) {
    for (const input of inputs) {
        input.value = '';
        input.dispatchEvent(new Event('input'));
    }
}

function parametersOf(inputs, stop) {
    const given = inputs.filter(input => input.value !== '').map(input => [input.name, Number(input.value)]);
    const stops = textsOf(stop);
    return { ...Object.fromEntries(given), ...stops.length ? { stop: stops } : {} };
}

const textsOf = list => list.split(',').map(text => text.trim()).filter(Boolean);
