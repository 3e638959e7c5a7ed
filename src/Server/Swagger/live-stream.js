// Swagger UI shows an answer when all of it is there. While a stream runs, this shows its events below the button as they come.
(() => {
  let pressed = null;
  document.addEventListener('click', event => {
    if (event.target.closest('.execute')) pressed = event.target.closest('.opblock');
  }, true);

  async function show(response, block) {
    const live = document.createElement('pre');
    live.className = 'live-stream';
    block.querySelector('.responses-wrapper').before(live);
    live.scrollIntoView({ block: 'nearest' });
    const text = response.body.pipeThrough(new TextDecoderStream());
    for await (const piece of text) {
      live.append(piece);
      live.scrollTop = live.scrollHeight;
    }
    live.remove(); // the page now shows the whole
  }

  // Called by Swagger UI with each request it is about to send.
  window.showStreams = request => {
    const block = pressed;
    request.userFetch = async (url, options) => {
      const response = await fetch(url, options);
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
      if (isStream && block) show(response.clone(), block).catch(() => {});
      return response;
    };
    return request;
  };
})();
