// Draws on and on: so many pixels a second, or all at once.
const BUSY = 12; // milliseconds of a frame, so that the page stays alive
const PATIENCE = 30; // of a burst, where nothing is to be seen before the end
const LONGEST = 0.1; // seconds to catch up with: a hidden page has none

export class Runner {
  #turn = null;

  // `frame()` waits for the next one, `rest()` lets the page have its turn; `show()`
  // is called when there is something new to be seen.
  constructor(drawing, { frame, rest, show, now = () => performance.now() }) {
    Object.assign(this, { drawing, frame, rest, show, now });
    this.rate = 60; // pixels a second
  }

  get running() {
    return this.#turn !== null;
  }

  stop() {
    this.#turn = null;
  }

  // Until the image is complete, or stop(), or another run.
  async run() {
    await this.#go(async (goesOn) => {
      let owed = 1;
      let last = this.now();
      while (goesOn()) {
        owed -= await this.#burst(goesOn, owed, BUSY);
        this.show();
        await this.frame();
        const seconds = Math.min(LONGEST, (this.now() - last) / 1000);
        last = this.now();
        owed = Math.min(owed + this.rate * seconds, 1 + this.rate * LONGEST);
      }
    });
  }

  async all() {
    await this.#go(async (goesOn) => {
      while (goesOn()) {
        await this.#burst(goesOn, Infinity, PATIENCE);
        await this.rest();
      }
    });
  }

  async #go(work) {
    const turn = Symbol("turn");
    this.#turn = turn;
    try {
      await work(() => this.#turn === turn && !this.drawing.complete);
    } finally {
      if (this.#turn === turn) {
        this.#turn = null;
        this.show();
      }
    }
  }

  // Draws as many whole pixels as are owed, if time allows; returns how many.
  async #burst(goesOn, owed, time) {
    const until = this.now() + time;
    let count = 0;
    while (goesOn() && count + 1 <= owed && this.now() < until) {
      await this.drawing.step();
      count += 1;
    }
    return count;
  }
}
