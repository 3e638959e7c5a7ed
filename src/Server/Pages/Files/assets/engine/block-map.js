import { byId, number } from '../shared/dom.js';
import { colorOf, colors, prepare } from './canvas.js';
import { nameOf } from './requests.js';

const sizes = [16, 13, 10, 8, 6, 5, 4], tallest = 320;

/** The map of KV blocks, a cell for each block or for several; under the pointer, or the cursor of the keyboard, it says whose they are. */
export class BlockMap {
    #view = null;
    #cells = []; // by place: [how many, held, shared, cached, holders, …places of the first of them in requests]
    #columns = 1;
    #size = sizes[0];
    #cursor = null;

    constructor() {
        const canvas = byId('blocks');
        canvas.addEventListener('pointermove', event => this.#point(Math.floor(event.offsetX / this.#size) + this.#columns * Math.floor(event.offsetY / this.#size)));
        canvas.addEventListener('pointerleave', () => this.#point(null));
        canvas.addEventListener('blur', () => this.#point(null));
        canvas.addEventListener('focus', () => this.#point(this.#cursor ?? 0));
        canvas.addEventListener('keydown', event => this.#onKey(event));
    }

    show(view) {
        this.#view = view;
        this.#cells = view.blocks.cells.flatMap(run => Array.from({ length: run[0] }, () => run));
        this.draw();
    }

    draw() {
        if (!this.#view)
            return;
        const width = byId('blocks').clientWidth, rows = size => Math.max(1, Math.ceil(this.#cells.length / Math.max(1, Math.floor(width / size))));
        this.#size = sizes.find(size => rows(size) * size <= tallest) ?? sizes.at(-1);
        this.#columns = Math.max(1, Math.floor(width / this.#size));
        const { context } = prepare(byId('blocks'), Math.max(this.#size, rows(this.#size) * this.#size));
        this.#cells.forEach((cell, place) => this.#drawCell(context, cell, place));
        byId('block-text').textContent = this.#describe();
    }

    #drawCell(context, [, held, shared, cached, , first], place) {
        const { text, free, cached: kept, muted, shared: mark } = colors(), per = this.#view.blocks.blocks_per_cell, inner = this.#size - 1;
        const x = (place % this.#columns) * this.#size, y = Math.floor(place / this.#columns) * this.#size;
        const fill = (color, from, share) => {
            context.fillStyle = color;
            context.fillRect(x, y + inner * (1 - from - share), inner, inner * share);
        };
        fill(free, 0, 1);
        fill(kept, 0, (held + cached) / per);
        fill(first === undefined ? muted : colorOf(this.#view.requests[first].number), 0, held / per);
        if (shared > 0) {
            context.fillStyle = mark;
            context.beginPath();
            context.moveTo(x + inner, y + inner * 0.4);
            context.lineTo(x + inner, y + inner);
            context.lineTo(x + inner * 0.4, y + inner);
            context.fill();
        }
        if (place === this.#cursor) {
            context.strokeStyle = text;
            context.lineWidth = 2;
            context.strokeRect(x, y, inner, inner);
        }
    }

    #point(place) {
        this.#cursor = place !== null && place >= 0 && place < this.#cells.length ? place : null;
        this.draw();
    }

    #onKey(event) {
        const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.#columns, ArrowDown: this.#columns, Home: -Infinity, End: Infinity }[event.key];
        if (step === undefined)
            return;
        event.preventDefault();
        this.#point(Math.min(this.#cells.length - 1, Math.max(0, (this.#cursor ?? 0) + step)));
    }

    #describe() {
        const { counts, blocks, requests } = this.#view, per = blocks.blocks_per_cell;
        if (this.#cursor === null) {
            const unused = counts.total_blocks - blocks.touched_blocks;
            return `${number(counts.used_blocks)} held, ${number(counts.cached_blocks)} kept, of ${number(counts.total_blocks)} blocks${per > 1 ? `, ${per} to a cell` : ''}`
                + `${unused > 0 ? `; the last ${number(unused)} were never used and are not shown` : ''}.`;
        }
        const [, held, shared, cached, holderCount, ...holders] = this.#cells[this.#cursor], first = this.#cursor * per;
        const which = per === 1 ? `Block ${number(first)}` : `Blocks ${number(first)} to ${number(first + per - 1)}`;
        const what = per === 1 ? (held ? 'held' : cached ? 'kept for its prefix' : 'free') : `${held} held, ${cached} kept, ${per - held - cached} free`;
        const names = tally(holders.map(place => nameOf(requests[place]))), more = holderCount - holders.length;
        return `${which}: ${what}${names ? ` by ${names}` : ''}${more > 0 ? ` and ${more} more` : ''}${shared ? '; a shared prefix' : ''}.`;
    }
}

/** Names, and how often each: all the answers to a request have its name. */
function tally(names) {
    const counts = new Map();
    for (const name of names)
        counts.set(name, (counts.get(name) ?? 0) + 1);
    return [...counts].map(([name, count]) => count > 1 ? `${name} × ${count}` : name).join(', ');
}
