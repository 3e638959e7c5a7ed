import { byId, number } from '../shared/dom.js';
import { colors, nice, prepare } from './canvas.js';

const barWidth = 4, most = 600;

/** The latest steps, a bar each: tokens decoded, and on top of them tokens of prompts. */
export class Steps {
    #steps = [];

    add(steps) {
        this.#steps = [...this.#steps, ...steps].slice(-most);
    }

    draw() {
        const { context, width, height } = prepare(byId('steps'), 120), { decode, prompt, grid, muted } = colors();
        const shown = this.#steps.slice(-Math.floor(width / barWidth));
        const top = nice(Math.max(8, ...shown.map(step => step.decode_tokens + step.prompt_tokens)));
        const scale = (height - 16) / top;
        context.fillStyle = grid;
        context.fillRect(0, 15, width, 1);
        context.fillStyle = muted;
        context.fillText(`${number(top)} tokens`, 2, 11);
        shown.forEach((step, i) => {
            const x = width - (shown.length - i) * barWidth, low = step.decode_tokens * scale, high = step.prompt_tokens * scale;
            context.fillStyle = decode;
            context.fillRect(x, height - low, barWidth - 1, low);
            context.fillStyle = prompt;
            context.fillRect(x, height - low - high, barWidth - 1, high);
        });
        byId('steps-text').textContent = describe(this.#steps.slice(-100));
    }
}

function describe(steps) {
    if (steps.length === 0)
        return 'No step has run since this page was opened.';
    const mean = value => steps.reduce((sum, step) => sum + value(step), 0) / steps.length;
    return `The last ${steps.length} steps: ${number(mean(step => step.decode_tokens), 1)} decode and ${number(mean(step => step.prompt_tokens), 1)} prompt tokens `
        + `of ${number(mean(step => step.sequences), 1)} sequences in ${number(mean(step => step.milliseconds), 2)} ms each.`;
}
