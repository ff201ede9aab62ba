import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { oneLine } from '../monitor/one-line';

/**
 * What a JSON file of a person holds. It may begin with a byte order mark, which some editors write and Meteor skips.
 *
 * @throws one line that names the file, what is wrong and where.
 */
export async function readJson(path: string): Promise<unknown> {
  const name = basename(path);
  const bytes = await readFile(path).catch(error => {
    throw new Error(`${name}: can't be read (${error.code}). It should be at ${resolve(path)}`, { cause: error });
  });
  if (isUtf16(bytes)) throw new Error(`${name}: is not JSON in UTF-8 but in UTF-16: save it as UTF-8`);
  return parseJson(bytes.toString('utf8'), name);
}

/** @throws one line that begins with `name`, says what is wrong and where. */
export function parseJson(text: string, name: string): unknown {
  const json = withoutByteOrderMark(text);
  try {
    return JSON.parse(json);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`${name}: is not JSON: ${oneLine(message)}${place(json, message)}`, { cause: error });
  }
}

const withoutByteOrderMark = (text: string) => text.replace(/^\uFEFF/, '');

/** Its own byte order mark, or a zero in what must be an ASCII sign. */
function isUtf16([first, second]: Buffer): boolean {
  const mark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return mark || first === 0 || second === 0;
}

function place(text: string, message: string): string {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined || /line \d+/.test(message)) return '';
  return ` (line ${text.slice(0, Number(position)).split('\n').length})`;
}
