/** Characters that end a line, move the cursor, or change the direction of text in some reader; lone surrogates too. */
const unsafe = /[^\P{Cc}\t]|[\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r' };

/**
 * Makes a text safe for one line of a log: it escapes forbidden characters as JSON does, so that logged text never
 * begins a line of its own. A line of JSON stays the same JSON.
 */
export function oneLine(text: string): string {
  return text.replace(unsafe, sign => short[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
