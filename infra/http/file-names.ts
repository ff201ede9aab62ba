/** The types that a download may have, each with the extensions for it; any other type becomes plain bytes. */
const safeTypes = new Map([
  ['image/jpeg', ['.jpg', '.jpeg']],
  ['image/png', ['.png']],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', ['.xlsx']],
]);

export function safeType(type: string | undefined): string {
  return type && safeTypes.has(type) ? type : 'application/octet-stream';
}

/** The name of a download: a picture that was uploaded as `page.html` must not open as a page once it is saved. */
export function downloadName(name: string | undefined, type: string): string {
  const safe = safeName(name, 'file');
  const ends = safeTypes.get(type) ?? ['.bin'];
  return ends.some(end => safe.toLowerCase().endsWith(end)) ? safe : `${safe}${ends[0]}`;
}

const longestName = 100;

/** A file name to store and show: no folder, no control characters, no quotes of another system, not too long. */
export function safeName(name: string | undefined, fallback: string): string {
  const last = (name ?? '').split(/[/\\]/).at(-1) ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this removes them.
  const clean = last.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069<>:"|?*]/g, '').trim();
  return cutInFront(wellFormed(clean.replace(/^\.+/, ''))) || fallback;
}

/** Cuts between whole characters: an emoji may have many units. Keeps the extension, which tells the type. */
function cutInFront(name: string): string {
  if (name.length <= longestName) return name;
  const signs = [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(name)].map(({ segment }) => segment);
  let length = 0;
  const kept = signs.toReversed().filter(sign => {
    length += sign.length;
    return length <= longestName;
  });
  return kept.reverse().join('');
}

/** Neither a header nor the database takes half an emoji. */
function wellFormed(name: string): string {
  return name.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** A Content-Disposition that means the same to each browser (RFC 6266): an ASCII name, and the real one in UTF-8. */
export function disposition(kind: 'inline' | 'attachment', name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%;]/g, '_');
  const utf8 = encodeURIComponent(wellFormed(name)).replace(
    /['()*]/g,
    c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${utf8}`;
}
