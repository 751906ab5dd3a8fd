// Random numbers from a seed, the same in every browser.
import { uniformFloat64 } from "../vendor/pure-rand/esm/distribution/uniformFloat64.js";
import { mersenne } from "../vendor/pure-rand/esm/generator/mersenne.js";

export class Random {
  #source;
  #spare = null;

  // Generators that are only handed the seed start nearly alike at neighbouring seeds;
  // this one stirs it first.
  constructor(seed) {
    this.#source = mersenne(seed);
  }

  // In [0, 1).
  uniform() {
    return uniformFloat64(this.#source);
  }

  // One of 0 ... count - 1.
  integer(count) {
    return Math.floor(this.uniform() * count);
  }

  // From N(0, 1), two at a time (Box and Muller 1958).
  normal() {
    if (this.#spare !== null) {
      const kept = this.#spare;
      this.#spare = null;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  // A code of `size` numbers from N(0, 1).
  code(size) {
    return Float32Array.from({ length: size }, () => this.normal());
  }
}
