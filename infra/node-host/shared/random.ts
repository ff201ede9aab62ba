const unmistakableChars = '23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz';
const base64Chars = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_';

/** Meteor's `Random` over any source of fractions. */
export class RandomGenerator {
  /** @param fraction gives numbers from 0 (included) to 1 (excluded). */
  constructor(readonly fraction: () => number) {}

  /** An id of characters that people can tell apart; 17 of them hold about 96 bits. */
  id(length = 17): string {
    return this.string(length, unmistakableChars);
  }

  /** 43 characters hold about 256 bits. */
  secret(length = 43): string {
    return this.string(length, base64Chars);
  }

  hexString(digits: number): string {
    return this.string(digits, '0123456789abcdef');
  }

  choice(from: string): string;
  choice<T>(from: readonly T[]): T | undefined;
  choice<T>(from: string | readonly T[]): string | T | undefined {
    const index = Math.floor(this.fraction() * from.length);
    return typeof from === 'string' ? from.slice(index, index + 1) : from[index];
  }

  private string(length: number, alphabet: string): string {
    return Array.from({ length }, () => this.choice(alphabet)).join('');
  }
}

const cryptoFraction = (): number => crypto.getRandomValues(new Uint32Array(1))[0]! / 0x1_0000_0000;

const secure = new RandomGenerator(cryptoFraction);

/** Cryptographically strong random values; `createWithSeeds` gives a predictable generator, equal on both sides. */
export const Random = Object.assign(secure, {
  createWithSeeds(...seeds: unknown[]): RandomGenerator {
    if (seeds.length === 0) throw new Error('No seeds were provided');
    return new RandomGenerator(alea(seeds));
  },
  insecure: new RandomGenerator(Math.random),
});

const twoToMinus32 = 2.3283064365386963e-10;

/**
 * Alea, the seeded generator that Meteor uses (Johannes Baagøe's algorithm): server and browser must draw the same ids
 * from one seed, so that a document inserted by a method's simulation has the id which the server gives it.
 */
function alea(seeds: readonly unknown[]): () => number {
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
