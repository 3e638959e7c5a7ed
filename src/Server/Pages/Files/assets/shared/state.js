import { byId, el, number } from './dom.js';
import { card } from './server.js';

const words = {
    ok: 'ready',
    loading: 'loading the model …',
    draining: 'shutting down',
    failed: 'failed: the model cannot be served',
    stalled: 'stalled: a step does not end',
};

/** Shows in the header which model is served and how it fares, for as long as somebody looks; tells each card to whoever wants to know. */
export async function showState(onCard = () => {}) {
    for (;;) {
        if (!document.hidden)
            await look(onCard);
        await new Promise(resolve => setTimeout(resolve, waitFor(byId('server-state').dataset.status)));
    }
}

async function look(onCard) {
    try {
        const now = await card();
        show(now.status, words[now.status] ?? now.status, `${now.model}${now.max_model_len ? `, ${number(now.max_model_len)} tokens` : ''} · `);
        byId('to-swagger').hidden = !now.links.swagger;
        onCard(now);
    } catch {
        show('unreachable', 'cannot be reached', 'The server ');
    }
}

function show(status, text, before) {
    const state = byId('server-state');
    if (state.dataset.shown === before + text)
        return;
    Object.assign(state.dataset, { status, shown: before + text });
    state.replaceChildren(before, el('strong', { class: status === 'ok' ? 'ok' : null }, text));
}

const waitFor = status => status === 'ok' ? 15_000 : 2_000;
