import { el } from '../shared/dom.js';
import { blocks } from './markdown-blocks.js';
import { spans } from './markdown-spans.js';

const shown = new WeakMap(); // per element: the blocks it shows

/** Shows Markdown in an element. Blocks that are as they were stay what they are, selection and all: while an answer comes, only its end is made anew. */
export function showMarkdown(element, text) {
    const now = blocks(text), before = shown.get(element) ?? [];
    let same = 0;
    while (same < before.length && same < now.length && before[same].type === now[same].type && before[same].source === now[same].source)
        same++;
    while (element.childNodes.length > same)
        element.lastChild.remove();
    element.append(...now.slice(same).map(block => toElement(block)));
    shown.set(element, now);
}

/** What contains other blocks decides for them from which side all of it runs; else a list's marks would stand opposite its text. */
function toElement(block, dir = 'auto') {
    switch (block.type) {
        case 'heading': return el(`h${Math.min(6, block.level + 2)}`, { dir }, ...inline(block.text)); // below the page's own
        case 'rule': return el('hr');
        case 'code': return codeBlock(block);
        case 'quote': return el('blockquote', { dir }, ...block.blocks.map(inner));
        case 'list': return list(block, dir);
        case 'table': return table(block, dir);
        default: return el('p', { dir }, ...inline(block.text));
    }
}

const inner = block => toElement(block, null);

function list({ start, items }, dir) {
    const entries = items.map(content => el('li', {}, ...content.length === 1 && content[0].type === 'paragraph' ? inline(content[0].text) : content.map(inner)));
    return start === null ? el('ul', { dir }, ...entries) : el('ol', { dir, start }, ...entries);
}

function table({ head, sides, rows }, dir) {
    const row = (tag, cells) => el('tr', {}, ...head.map((_, column) => el(tag, { scope: tag === 'th' ? 'col' : null, class: sides[column] }, ...inline(cells[column] ?? ''))));
    return el('div', { class: 'table', dir, tabindex: '0', role: 'region', 'aria-label': 'Table' },
        el('table', {}, el('thead', {}, row('th', head)), el('tbody', {}, ...rows.map(cells => row('td', cells)))));
}

function codeBlock({ language, text }) {
    const copy = el('button', { type: 'button', class: 'quiet' }, 'Copy code');
    copy.addEventListener('click', () => copyText(text, copy));
    const name = language || 'code';
    return el('figure', { class: 'code', dir: 'ltr' },
        el('figcaption', {}, name, copy),
        el('pre', { tabindex: '0', role: 'region', 'aria-label': `Code: ${name}` }, el('code', {}, text)));
}

/** Copies text and says so on the button that was pressed. */
export async function copyText(text, button) {
    const label = button.dataset.label ??= button.textContent;
    try {
        await navigator.clipboard.writeText(text);
        button.textContent = 'Copied';
    } catch {
        button.textContent = 'The browser does not allow it';
    }
    setTimeout(() => { button.textContent = label; }, 2_000);
}

const inline = text => spans(text).map(toNode);

function toNode(span) {
    switch (span.type) {
        case 'text': return span.text;
        case 'break': return el('br');
        case 'code': return el('code', {}, span.text);
        case 'link': return el('a', { href: span.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...span.spans.map(toNode));
        default: return el({ strong: 'strong', emphasis: 'em', struck: 's' }[span.type], {}, ...span.spans.map(toNode));
    }
}
