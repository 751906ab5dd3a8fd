// What a pixel sees, from masks that were measured: pure functions, no page.

// A mask from base64, eight of its entries in a byte, the first one highest.
export function unpacked(bits, count) {
  const bytes = Uint8Array.from(atob(bits), (letter) => letter.charCodeAt(0));
  if (bytes.length !== Math.ceil(count / 8)) {
    throw new Error(`Expected a mask of ${count} bits, got ${bytes.length} bytes.`);
  }
  return Uint8Array.from(
    { length: count },
    (_, i) => (bytes[i >> 3] >> (7 - (i & 7))) & 1,
  );
}

// What each pixel is to the one at `place`: "own", "seen", "hidden" (earlier, but not
// seen), "future", or "leak" (itself or later, and seen all the same).
export function kinds(mask, place, pixels) {
  return Array.from({ length: pixels }, (_, other) => {
    const sees = mask[place * pixels + other] === 1;
    if (other >= place && sees) return "leak";
    if (other === place) return "own";
    if (other > place) return "future";
    return sees ? "seen" : "hidden";
  });
}

export function counted(found) {
  const count = { own: 0, seen: 0, hidden: 0, future: 0, leak: 0 };
  for (const kind of found) count[kind] += 1;
  return count;
}

// A sentence or two that say what the picture shows.
export function inWords({ seen, hidden, leak }) {
  const before = seen + hidden;
  const said =
    before === 0
      ? "No pixel comes before this one."
      : hidden === 0
        ? `Sees all ${before} pixels before it.`
        : `Sees ${seen} of the ${before} pixels before it; ${hidden} ${hidden === 1 ? "stays" : "stay"} hidden.`;
  return leak ? `${said} It also sees ${leak} that it must not: a leak.` : said;
}
