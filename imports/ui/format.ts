/** How numbers and times are written on the page: as the visitor's browser writes them. */

const whole = new Intl.NumberFormat();
const tenths = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });

const share = new Intl.NumberFormat(undefined, { style: 'percent' });

/** `42%`. @public */
export const percent = (fraction: number) => share.format(fraction);

export const count = (n: number) => whole.format(n);

/** @public */
export const timeOfDay = (date: Date) => clock.format(date);

/** `1 row`, `2 rows`. */
export const plural = (n: number, word: string) => `${count(n)} ${word}${n === 1 ? '' : 's'}`;

/** `12 kB`, `1.4 MB`. @public */
export function bytes(n: number): string {
  if (n < 1_000) return `${n} B`;
  return n < 1_000_000 ? `${Math.round(n / 1_000)} kB` : `${tenths.format(n / 1_000_000)} MB`;
}

/** Milliseconds, with as many places as mean something: `0.4`, `12`. */
export const ms = (n: number) => (n < 9.95 ? tenths.format(n) : whole.format(Math.round(n)));

/** `42 s`, `3 min`. */
export const seconds = (n: number) => (n < 120 ? `${Math.round(n)} s` : `${Math.round(n / 60)} min`);
