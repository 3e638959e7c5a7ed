import { byId, el, number } from '../shared/dom.js';
import { showState } from '../shared/state.js';
import { BlockMap } from './block-map.js';
import { Chart } from './chart.js';
import { Demonstration } from './demonstration.js';
import { Feed } from './feed.js';
import { between, Smooth } from './rates.js';
import { Requests } from './requests.js';
import { Steps } from './steps.js';

const steps = new Steps(), blocks = new BlockMap(), requests = new Requests(), demonstration = new Demonstration();
const charts = {
    throughput: new Chart('Throughput', 'tokens/s', [{ name: 'generated', color: 'decode' }, { name: 'prompts', color: 'prompt' }], 10),
    latency: new Chart('Latency', 'ms', [{ name: 'first token', color: 'prompt' }, { name: 'each further token', color: 'decode' }], 10),
    sequences: new Chart('Sequences', '', [{ name: 'running', color: 'decode' }, { name: 'waiting', color: 'prompt' }], 4),
    pool: new Chart('KV blocks', '', [{ name: 'held', color: 'decode' }, { name: 'kept', color: 'cached' }], 16),
};
const generated = new Smooth(), stepRate = new Smooth(), calm = matchMedia('(prefers-reduced-motion: reduce)');
let last = null, drawnAt = 0;

byId('charts').append(...Object.values(charts).map(chart => chart.element));
addEventListener('resize', draw);
showState();
const feed = new Feed({ view: show, about: showAbout, state: text => { if (byId('feed-state').textContent !== text) byId('feed-state').textContent = text; } });

byId('pause').addEventListener('click', () => {
    feed.isPaused = toggle(byId('pause'));
});
byId('demonstrate').addEventListener('click', async () => {
    byId('work-state').textContent = '';
    if (!toggle(byId('demonstrate')))
        return demonstration.stop();
    try {
        await demonstration.run();
    } catch (error) {
        byId('work-state').textContent = error.message;
    } finally {
        byId('demonstrate').setAttribute('aria-pressed', String(demonstration.isRunning));
    }
});

function toggle(button) {
    const isPressed = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(isPressed));
    return isPressed;
}

function show(view) {
    if (!view.counts)
        return; // no engine yet, or a step that takes long; the header says how the server fares
    const rates = between(last, view), { counts } = view;
    charts.throughput.add(view.time, [rates?.generated ?? null, rates?.prompt ?? null]);
    charts.latency.add(view.time, [rates?.firstTokenMs ?? null, rates?.laterTokenMs ?? null]);
    charts.sequences.add(view.time, [counts.running, counts.waiting]);
    charts.pool.add(view.time, [counts.used_blocks, counts.cached_blocks]);
    steps.add(view.steps);
    showFigures(view, rates, last ? (view.time - last.time) / 1000 : 1);
    last = view;
    if (calm.matches && performance.now() - drawnAt < 1_000)
        return;
    blocks.show(view);
    requests.show(view);
    draw();
}

function draw() {
    drawnAt = performance.now();
    steps.draw();
    blocks.draw();
    for (const chart of Object.values(charts))
        chart.draw();
}

function showFigures({ counts, totals }, rates, seconds) {
    const share = (part, whole) => whole > 0 ? `${number(100 * part / whole)} %` : '–';
    const figures = {
        'running': [number(counts.running)],
        'waiting': [number(counts.waiting)],
        'generated': [number(generated.add(rates?.generated ?? null) ?? 0), 'tokens/s'],
        'steps': [number(stepRate.add(rates ? rates.stepCount / seconds : null) ?? 0), 'per s'],
        'KV pool held': [share(counts.used_blocks, counts.total_blocks)],
        'prompt cached': [share(totals.cached_tokens, totals.prompt_tokens), 'since start'],
        'requests ended': [number(totals.ended)],
        'preemptions': [number(totals.preemptions)],
    };
    byId('figures').replaceChildren(...Object.entries(figures).map(([name, [value, unit]]) =>
        el('div', {}, el('dt', {}, name), el('dd', {}, value, ' ', unit ? el('small', {}, unit) : null))));
}

function showAbout({ model, version, lines, warnings, block_size, batch_tokens, max_sequences, max_queue_length }) {
    const all = {
        ...lines,
        'batch': `up to ${number(batch_tokens)} tokens of ${number(max_sequences)} sequences in a step; up to ${number(max_queue_length)} requests wait`,
        'block': `${block_size} tokens`,
        'served as': model,
        'version': version,
        ...Object.fromEntries(warnings.map((text, i) => [`warning ${i + 1}`, text])),
    };
    byId('about').replaceChildren(...Object.entries(all).flatMap(([name, text]) => [el('dt', {}, name), el('dd', {}, text)]));
}
