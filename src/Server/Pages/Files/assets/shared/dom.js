// Elements are made of names, listeners and text, never of markup: what a model or a server says stays text.
const properties = new Set(['value', 'checked', 'onclick']);

/** el('button', { type: 'button', onclick: send }, 'Send'). A property that is null or false is left out. */
export function el(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false)
            continue;
        if (properties.has(name))
            element[name] = value;
        else if (name.startsWith('on'))
            element.addEventListener(name.slice(2), value);
        else
            element.setAttribute(name, value === true ? '' : value);
    }
    element.append(...children.filter(child => child !== null && child !== undefined));
    return element;
}

export const byId = id => document.getElementById(id);

/** A number as people of this page's language write it. */
export const number = (value, digits = 0) => value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Saves text as a file of the one who looks at the page. */
export function download(name, type, text) {
    const url = URL.createObjectURL(new Blob([text], { type }));
    el('a', { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
