// Markdown to blocks, each with the lines it was made of. No HTML: markup in an answer is text like any other.
const deepest = 16; // quotes in quotes in lists …

const fence = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/;
const heading = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const rule = /^ {0,3}([-*_])(?: *\1){2,} *$/;
const quote = /^ {0,3}> ?/;
const item = /^( {0,3})([-*+]|\d{1,9}[.)])(\s+|$)/;
const delimiter = /^ {0,3}\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** [{ type, source, … }]: paragraph, heading, rule, code, quote, list, table. */
export function blocks(text, depth = 0) {
    const lines = text.replaceAll('\r\n', '\n').split('\n'), found = [];
    for (let at = 0; at < lines.length;) {
        if (lines[at].trim() === '') {
            at++;
            continue;
        }
        const { end, ...block } = next(lines, at, depth);
        found.push({ ...block, source: lines.slice(at, end).join('\n') });
        at = end;
    }
    return found;
}

function next(lines, at, depth) {
    const line = lines[at];
    if (fence.test(line))
        return code(lines, at);
    if (heading.test(line)) {
        const [, marks, text] = line.match(heading);
        return { type: 'heading', level: marks.length, text, end: at + 1 };
    }
    if (rule.test(line))
        return { type: 'rule', end: at + 1 };
    if (quote.test(line) && depth < deepest)
        return quoted(lines, at, depth);
    if (item.test(line) && depth < deepest)
        return list(lines, at, depth);
    return isTable(lines, at) ? table(lines, at) : paragraph(lines, at, depth);
}

function code(lines, at) {
    const [, marks, language] = lines[at].match(fence);
    const closing = new RegExp(`^ {0,3}${marks[0]}{${marks.length},}\\s*$`);
    let end = at + 1;
    while (end < lines.length && !closing.test(lines[end]))
        end++;
    return { type: 'code', language, text: lines.slice(at + 1, end).join('\n'), end: Math.min(end + 1, lines.length) };
}

function quoted(lines, at, depth) {
    let end = at;
    while (end < lines.length && quote.test(lines[end]))
        end++;
    return { type: 'quote', blocks: blocks(lines.slice(at, end).map(line => line.replace(quote, '')).join('\n'), depth + 1), end };
}

function list(lines, at, depth) {
    const isOrdered = line => /\d/.test(line.match(item)[2]), ordered = isOrdered(lines[at]), items = [];
    const isNext = place => place < lines.length && item.test(lines[place]) && !rule.test(lines[place]) && isOrdered(lines[place]) === ordered;
    let end = at;
    for (let start = at; isNext(start); start = afterBlank(lines, end)) {
        const indent = lines[start].match(item)[0].length || 2;
        end = itemEnd(lines, start);
        items.push(blocks([lines[start].replace(item, ''), ...lines.slice(start + 1, end).map(line => dedent(line, indent))].join('\n'), depth + 1));
    }
    return { type: 'list', start: ordered ? Number.parseInt(lines[at].match(item)[2], 10) : null, items, end };
}

/** An item goes on over indented lines, over lines right behind text, and over blank ones if an indented line follows. */
function itemEnd(lines, start) {
    let end = start + 1;
    for (let at = end; at < lines.length; at++) {
        const isBlank = lines[at].trim() === '', isIndented = /^\s{2,}/.test(lines[at]);
        if (!isBlank && !isIndented && (lines[at - 1].trim() === '' || beginsBlock(lines, at)))
            break;
        if (!isBlank)
            end = at + 1;
    }
    return end;
}

function afterBlank(lines, at) {
    while (at < lines.length && lines[at].trim() === '')
        at++;
    return at;
}

const dedent = (line, indent) => line.replace(new RegExp(`^\\s{0,${indent}}`), '');

function isTable(lines, at) {
    return lines[at].includes('|') && at + 1 < lines.length && lines[at + 1].includes('-') && delimiter.test(lines[at + 1]) && cells(lines[at]).length === cells(lines[at + 1]).length;
}

function table(lines, at) {
    let end = at + 2;
    while (end < lines.length && lines[end].includes('|'))
        end++;
    return { type: 'table', head: cells(lines[at]), sides: cells(lines[at + 1]).map(side), rows: lines.slice(at + 2, end).map(cells), end };
}

/** Where a column's cells stand: end, center, or null for where text begins. */
const side = marks => marks.endsWith(':') ? (marks.startsWith(':') ? 'center' : 'end') : null;

const cells = line => line.trim().replace(/^\||(?<!\\)\|$/g, '').split(/(?<!\\)\|/).map(cell => cell.trim().replaceAll('\\|', '|'));

function paragraph(lines, at, depth) {
    let end = at + 1;
    while (end < lines.length && lines[end].trim() !== '' && (depth >= deepest || !beginsBlock(lines, end)))
        end++;
    return { type: 'paragraph', text: lines.slice(at, end).map(line => line.trimStart()).join('\n'), end };
}

const beginsBlock = (lines, at) => [fence, heading, rule, quote, item].some(pattern => pattern.test(lines[at])) || isTable(lines, at);
