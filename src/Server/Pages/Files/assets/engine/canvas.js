const fonts = '11px system-ui, sans-serif';

/** A canvas' context in CSS pixels, sharp on any screen, cleared; with the size it has now. */
export function prepare(canvas, height) {
    const width = canvas.clientWidth, scale = devicePixelRatio;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
        canvas.width = Math.round(width * scale);
        canvas.height = Math.round(height * scale);
        canvas.style.height = `${height}px`;
    }
    const context = canvas.getContext('2d');
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = fonts;
    return { context, width, height };
}

let read = null;

/** The page's colours, by the names they have in its style sheets. */
export function colors() {
    if (read)
        return read;
    const style = getComputedStyle(document.documentElement);
    read = Object.fromEntries(['text', 'muted', 'ground', 'accent', 'decode', 'prompt', 'cached', 'free', 'grid', 'shared'].map(name => [name, style.getPropertyValue(`--${name}`).trim()]));
    return read;
}

const dark = matchMedia('(prefers-color-scheme: dark)');
dark.addEventListener('change', () => { read = null; });

/** A request's own colour: neighbours by number are far apart. */
export const colorOf = number => `hsl(${(number * 137.508) % 360} 65% ${dark.matches ? 62 : 42}%)`;

/** The smallest 1, 2 or 5 times a power of ten that is not below a value. */
export function nice(value) {
    const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
    return [1, 2, 5, 10].map(factor => factor * power).find(bound => bound >= value * 0.999);
}
