const longest = 80;

/** A value as a message shows it: short, on one line, and never failing on what cannot be written as JSON. */
export function show(value: unknown): string {
  const text = asText(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function asText(value: unknown): string {
  try {
    if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value === 'number' || typeof value === 'symbol' || value === undefined) return String(value);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    return JSON.stringify(value) ?? String(value);
  } catch {
    // A circle, a Proxy, a getter or a toJSON that throws.
    return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
  }
}
