const twoToMinus32 = 2.3283064365386963e-10;

/**
 * Alea, the seeded generator that Meteor uses (Johannes Baagøe's algorithm): server and browser must draw the same ids
 * from one seed, so that a document inserted by a method's simulation has the id which the server gives it.
 */
export function alea(seeds: readonly unknown[]): () => number {
  const mash = masher();
  let s0 = mash(' ');
  let s1 = mash(' ');
  let s2 = mash(' ');
  for (const seed of seeds) {
    s0 = wrap(s0 - mash(seed));
    s1 = wrap(s1 - mash(seed));
    s2 = wrap(s2 - mash(seed));
  }
  let carry = 1;
  return () => {
    const t = 2091639 * s0 + carry * twoToMinus32;
    s0 = s1;
    s1 = s2;
    carry = t | 0;
    s2 = t - carry;
    return s2;
  };
}

const wrap = (n: number): number => (n < 0 ? n + 1 : n);

function masher(): (data: unknown) => number {
  let n = 0xefc8249d;
  return data => {
    for (const char of String(data).split('')) {
      n += char.charCodeAt(0);
      let h = 0.02519603282416938 * n;
      n = h >>> 0;
      h -= n;
      h *= n;
      n = h >>> 0;
      h -= n;
      n += h * 0x1_0000_0000;
    }
    return (n >>> 0) * twoToMinus32;
  };
}
