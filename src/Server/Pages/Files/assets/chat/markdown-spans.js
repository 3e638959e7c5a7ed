// The spans of a line of Markdown: text, code, strong, emphasis, struck, links. An image becomes a link to it; nothing is fetched.
const deepest = 8;
const schemes = new Set(['http:', 'https:', 'mailto:']);
const marks = [['**', 'strong'], ['__', 'strong'], ['~~', 'struck'], ['*', 'emphasis'], ['_', 'emphasis']];
const interesting = /[\\`*_~![<\n]|https?:\/\//g;

/** [{ type: 'text', text } | { type: 'break' } | { type: 'code', text } | { type: 'link', href, spans } | { type: 'strong' | 'emphasis' | 'struck', spans }] */
export function spans(text, depth = 0) {
    const found = [], unclosed = new Set(); // marks that nothing closes from here on: looked for once, not at each of many
    let plain = '';
    for (let at = 0; at < text.length;) {
        interesting.lastIndex = at;
        const here = interesting.exec(text)?.index ?? text.length;
        plain += text.slice(at, here);
        if (here === text.length)
            break;
        const [span, end] = depth < deepest ? read(text, here, depth, unclosed) : [null, here + 1];
        if (span === null)
            plain += text.slice(here, end);
        else
            found.push(...plain ? [{ type: 'text', text: plain }] : [], span);
        plain = span === null ? plain : '';
        at = end;
    }
    return plain ? [...found, { type: 'text', text: plain }] : found;
}

/** The span that begins here and where it ends; null in its place when there is none. */
function read(text, at, depth, unclosed) {
    const letter = text[at];
    if (letter === '\n')
        return [{ type: 'break' }, at + 1];
    if (letter === '\\')
        return /[!-/:-@[-`{-~]/.test(text[at + 1] ?? '') ? [{ type: 'text', text: text[at + 1] }, at + 2] : [null, at + 1];
    if (letter === '`')
        return code(text, at);
    if (letter === '!' || letter === '[')
        return link(text, at, depth) ?? [null, at + 1];
    if (letter === '<' || letter === 'h')
        return address(text, at) ?? [null, at + 1];
    return marked(text, at, depth, unclosed) ?? [null, at + 1];
}

function code(text, at) {
    const [ticks] = text.slice(at).match(/^`+/);
    for (let end = text.indexOf(ticks, at + ticks.length); end >= 0; end = text.indexOf(ticks, end + 1)) {
        if (text[end - 1] !== '`' && text[end + ticks.length] !== '`')
            return [{ type: 'code', text: text.slice(at + ticks.length, end).replaceAll('\n', ' ').trim() }, end + ticks.length];
    }
    return [null, at + ticks.length];
}

function link(text, at, depth) {
    const found = text.slice(at, at + 4096).match(/^(!?)\[((?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]\(\s*<?([^\s<>()]*(?:\([^\s()]*\)[^\s<>()]*)*)>?(?:\s+["'(][^\n]*?["')])?\s*\)/);
    if (!found)
        return null;
    const [whole, isImage, label, target] = found, end = at + whole.length, href = safe(target);
    const inner = isImage ? [{ type: 'text', text: `image: ${label || target}` }] : spans(label, depth + 1);
    return href ? [{ type: 'link', href, spans: inner }, end] : [{ type: 'text', text: whole }, end];
}

function address(text, at) {
    const found = text.slice(at, at + 2048).match(text[at] === '<' ? /^<((?:https?:\/\/|mailto:)[^\s<>]+)>/ : /^(https?:\/\/[^\s<>"'`]*[^\s<>"'`.,;:!?)\]}*_~])/);
    const href = found && safe(found[1]);
    return href ? [{ type: 'link', href, spans: [{ type: 'text', text: found[1] }] }, at + found[0].length] : null;
}

/** Only addresses that a click can do no harm with; a relative one would lead into this server. */
function safe(target) {
    try {
        const url = new URL(target);
        return schemes.has(url.protocol) ? url.href : null;
    } catch {
        return null;
    }
}

function marked(text, at, depth, unclosed) {
    for (const [mark, type] of marks) {
        if (unclosed.has(mark) || !text.startsWith(mark, at) || /\s|^$/.test(text[at + mark.length] ?? '') || (mark[0] === '_' && /\w/.test(text[at - 1] ?? '')))
            continue;
        const end = closing(text, at + mark.length, mark);
        if (end > 0)
            return [{ type, spans: spans(text.slice(at + mark.length, end), depth + 1) }, end + mark.length];
        unclosed.add(mark);
    }
    return null;
}

function closing(text, from, mark) {
    for (let end = text.indexOf(mark, from + 1); end >= 0; end = text.indexOf(mark, end + 1)) {
        const after = text[end + mark.length] ?? '';
        if (mark.length === 1 && after === mark) {
            end++; // it is the closing of a longer mark
            continue;
        }
        if (mark.length === 2 && after === mark[0])
            continue; // of ***both*** the outer ones close
        if (!/\s/.test(text[end - 1]) && text[end - 1] !== '\\' && !(mark[0] === '_' && /\w/.test(after)))
            return end;
    }
    return -1;
}
