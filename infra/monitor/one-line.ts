/** What ends a line, moves the cursor, or turns the direction of reading, for some reader at least; half of a sign too. */
const unsafe = /[^\P{Cc}\t]|[\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r' };

/**
 * The text as it may stand in one line of a log: what it must not hold is written out as in JSON, so that nobody whose
 * words are logged begins a line of their own. A line of JSON stays the same JSON.
 */
export function oneLine(text: string): string {
  return text.replace(unsafe, sign => short[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
