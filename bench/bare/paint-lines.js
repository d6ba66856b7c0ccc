// Loaded into pages of a browser: shows the last of many lines, and says how many milliseconds that took.
globalThis.paintLines = {
  /** The whole text at once, in one element: what the browser itself needs. */
  async inOnePiece(text) {
    const began = performance.now();
    const place = this.makePlace('pre');
    place.textContent = text;
    return await this.untilPainted(place, began);
  },

  /** An element for each line, as a page of a few lines does it, from a server. */
  async oneByOne(url) {
    const began = performance.now();
    const text = await (await fetch(url)).text();
    const place = this.makePlace('div');
    for (const line of text.trimEnd().split('\n')) {
      const row = document.createElement('div');
      const time = document.createElement('time');
      time.textContent = new Date().toLocaleTimeString();
      const said = document.createElement('span');
      said.textContent = line;
      row.append(time, said);
      place.append(row);
    }
    return await this.untilPainted(place, began);
  },

  /** The window's own view of a run. */
  async ofRun(id, lastText) {
    const began = performance.now();
    location.hash = `#/runs/${id}`;
    for (;;) {
      await this.frame();
      const place = document.querySelector('[data-testid="log-lines"]');
      if (place === null) continue;
      place.scrollTop = place.scrollHeight;
      if (place.textContent.includes(lastText)) break;
    }
    await this.frame();
    return performance.now() - began;
  },

  makePlace(tag) {
    document.body.replaceChildren();
    const place = document.createElement(tag);
    place.style.cssText = 'height: 500px; overflow: auto; font: 12.5px/20px monospace';
    document.body.append(place);
    return place;
  },

  async untilPainted(place, began) {
    place.scrollTop = place.scrollHeight;
    await this.frame();
    await this.frame();
    return performance.now() - began;
  },

  frame: () => new Promise((resolve) => requestAnimationFrame(resolve)),
};
