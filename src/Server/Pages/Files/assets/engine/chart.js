import { el, number } from '../shared/dom.js';
import { colors, nice, prepare } from './canvas.js';

const span = 180_000; // milliseconds shown
const height = 110;

/** Lines over the last minutes. */
export class Chart {
    #points = []; // [time, value of each line or null]
    #canvas = el('canvas', { role: 'img' });
    #reading = el('span', { class: 'reading' });

    /** lines: [{ name, color }] with the name of a page's colour; least: what the axis goes up to at least. */
    constructor(title, unit, lines, least = 1) {
        Object.assign(this, { title, unit, lines, least });
        this.element = el('figure', {}, el('figcaption', {}, title, ' ', this.#reading), this.#canvas);
    }

    add(time, values) {
        this.#points = [...this.#points.filter(([before]) => before > time - span && before < time), [time, ...values]]; // clocks may be set back
    }

    draw() {
        const { context, width } = prepare(this.#canvas, height), now = this.#points.at(-1)?.[0] ?? 0;
        const top = nice(Math.max(this.least, ...this.#points.flatMap(([, ...values]) => values.filter(value => value !== null))));
        this.#drawGrid(context, width, top);
        this.lines.forEach(({ color }, line) => {
            context.strokeStyle = colors()[color];
            context.lineWidth = 1.5;
            context.beginPath();
            let isDown = false;
            for (const [time, ...values] of this.#points) {
                if (values[line] === null)
                    continue; // nothing happened: the line goes straight to the next time that something does
                context[isDown ? 'lineTo' : 'moveTo'](width * (1 - (now - time) / span), height - 1 - (height - 16) * values[line] / top);
                isDown = true;
            }
            context.stroke();
        });
        this.#read();
    }

    #drawGrid(context, width, top) {
        const { grid, muted } = colors();
        context.fillStyle = grid;
        for (const y of [15, 15 + (height - 16) / 2, height - 1])
            context.fillRect(0, y, width, 1);
        context.fillStyle = muted;
        context.fillText(`${number(top, top < 1 ? 2 : 0)} ${this.unit}`, 2, 11);
        context.textAlign = 'right';
        context.fillText(`last ${span / 60_000} minutes`, width - 2, 11);
        context.textAlign = 'left';
    }

    #read() {
        const latest = line => this.#points.findLast(values => values[line + 1] !== null)?.[line + 1];
        const say = value => this.unit ? `${number(value, value < 10 ? 1 : 0)} ${this.unit}` : number(value);
        const text = this.lines.map(({ name }, line) => latest(line) === undefined ? null : `${name} ${say(latest(line))}`).filter(Boolean).join(', ');
        this.#reading.textContent = text;
        this.#canvas.setAttribute('aria-label', `${this.title}: ${text || 'nothing yet'}`);
    }
}
