/** What happened between two views, as rates and means; null for what did not happen. */
export function between(before, now) {
    if (!before?.totals || !now.totals || now.totals.generated_tokens < before.totals.generated_tokens)
        return null; // the first view, or the server was started anew
    const grown = name => now.totals[name] - before.totals[name], seconds = (now.time - before.time) / 1000;
    const firsts = grown('first_tokens'), later = grown('generated_tokens') - firsts;
    return {
        generated: grown('generated_tokens') / seconds,
        prompt: (grown('prompt_tokens') - grown('cached_tokens')) / seconds,
        firstTokenMs: firsts > 0 ? 1000 * grown('first_token_seconds') / firsts : null,
        laterTokenMs: later > 0 ? 1000 * grown('later_token_seconds') / later : null,
        stepCount: now.counts.steps - before.counts.steps,
    };
}

/** A number that forgets slowly, so that it can be read while it changes. */
export class Smooth {
    #value = null;

    add(value) {
        this.#value = value === null ? this.#value : this.#value === null ? value : this.#value + 0.3 * (value - this.#value);
        return this.#value;
    }
}
