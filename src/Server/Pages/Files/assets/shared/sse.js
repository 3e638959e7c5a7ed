/** The server-sent events of a response, as { name, data }. Comments are left out. */
export async function* events(response) {
    let rest = '';
    for await (const piece of pieces(response.body.pipeThrough(new TextDecoderStream()))) {
        rest += piece;
        const ends = rest.split('\n\n');
        rest = ends.pop();
        for (const lines of ends) {
            const event = parse(lines);
            if (event.data !== null)
                yield event;
        }
    }
}

function parse(lines) {
    const event = { name: 'message', data: null };
    for (const line of lines.split('\n')) {
        if (line.startsWith('data: '))
            event.data = event.data === null ? line.slice(6) : `${event.data}\n${line.slice(6)}`;
        else if (line.startsWith('event: '))
            event.name = line.slice(7);
    }
    return event;
}

// Not every browser can iterate over a stream.
async function* pieces(stream) {
    const reader = stream.getReader();
    try {
        for (let read = await reader.read(); !read.done; read = await reader.read())
            yield read.value;
    } finally {
        reader.cancel().catch(() => {});
    }
}
