import { byId, el, number } from '../shared/dom.js';
import { colorOf } from './canvas.js';

const most = 100; // rows; more could not be followed anyway

/** A request's id, short enough to read. */
export function nameOf({ id, number: sequence }) {
    return id ? (id.length > 12 ? `${id.slice(0, 10)}…` : id) : `#${sequence}`;
}

/** The running and the waiting, a row each. Rows stay where they are as long as their request does, so that what is read or selected there stays too. */
export class Requests {
    #rows = new Map();

    show({ requests, counts }) {
        const shown = requests.slice(0, most), gone = new Set(this.#rows.keys());
        shown.forEach((request, place) => {
            gone.delete(request.number);
            this.#put(this.#rowOf(request), place);
        });
        for (const number of gone) {
            this.#rows.get(number).remove();
            this.#rows.delete(number);
        }
        const all = counts ? counts.running + counts.waiting : 0;
        byId('requests-text').textContent = all === 0 ? 'Nobody asks for anything.' : all > shown.length ? `${number(all - shown.length)} more are not listed.` : '';
    }

    #rowOf(request) {
        if (!this.#rows.has(request.number)) {
            const swatch = el('span', { class: 'swatch' });
            swatch.style.background = colorOf(request.number);
            this.#rows.set(request.number, el('tr', {}, el('th', { scope: 'row' }, swatch, el('code', { title: request.id }, nameOf(request))), ...Array.from({ length: 6 }, () => el('td'))));
        }
        const row = this.#rows.get(request.number);
        texts(request).forEach((text, i) => {
            const cell = row.children[i + 1];
            if (cell.textContent !== text)
                cell.textContent = text;
        });
        return row;
    }

    #put(row, place) {
        const body = byId('requests');
        if (body.children[place] !== row)
            body.insertBefore(row, body.children[place] ?? null);
    }
}

const texts = request => [
    request.key ?? '–',
    request.phase,
    number(request.prompt_tokens),
    number(request.cached_tokens),
    `${number(request.generated_tokens)} of ${number(request.max_tokens)}`,
    `${number(request.age_seconds, 1)} s`,
];
