import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run';

/** A fenced code block, or an indented one, which is taken for commands. */
export interface Block {
  page: string;
  /** Of its first line of code, from 1. */
  line: number;
  kind: string;
  /** The file that it names behind its kind. */
  file?: string;
  text: string;
}

export interface Page {
  path: string;
  text: string;
  blocks: Block[];
  /** Its lines without code blocks, each with its number. */
  prose: { line: number; text: string }[];
}

const alone = [
  'README.md',
  'AGENTS.md',
  'CONTRIBUTING.md',
  'packages/synced-cron/README.md',
  'infra/node-host/README.md',
];

/** Every page whose blocks must work. */
export function readPages(): Page[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  const paths = docs.filter(path => path.endsWith('.md')).map(path => `docs/${path}`);
  return [...alone, ...paths.sort()].map(path => parsePage(path, readFileSync(join(root, path), 'utf8')));
}

export function parsePage(path: string, text: string): Page {
  const page: Page = { path, text, blocks: [], prose: [] };
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    const fence = /^ *(`{3,}) *(\S*) *(.*?) *$/.exec(line);
    if (fence) {
      const end = lines.findIndex((one, index) => index > at && one.trim() === fence[1]);
      if (end < 0) throw new Error(`${path}:${at + 1}: a code block that does not end`);
      const [, , kind = '', file] = fence;
      const code = lines.slice(at + 1, end).join('\n');
      page.blocks.push({ page: path, line: at + 2, kind, ...(file && { file }), text: code });
      at = end;
    } else if (isIndentedCode(lines, at)) {
      const end = lines.findIndex((one, index) => index > at && one !== '' && !one.startsWith('    '));
      const code = lines.slice(at, end < 0 ? lines.length : end);
      page.blocks.push({ page: path, line: at + 1, kind: 'sh', text: code.map(one => one.slice(4)).join('\n') });
      at = (end < 0 ? lines.length : end) - 1;
    } else page.prose.push({ line: at + 1, text: line });
  }
  return page;
}

function isIndentedCode(lines: string[], at: number): boolean {
  const before = lines.slice(0, at).findLast(one => one !== '') ?? '';
  const inList = /^ *([-*]|\d+\.) /.test(before) || /^ {2,}\S/.test(before);
  return /^ {4}\S/.test(lines[at]!) && lines[at - 1] === '' && !inList;
}

/** What stands between backticks in the prose. */
export function wordsOfCode(page: Page): { where: string; word: string }[] {
  return page.prose.flatMap(({ line, text }) =>
    [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => ({ where: `${page.path}:${line}`, word: word! })),
  );
}

export function linksOf(page: Page): { where: string; target: string }[] {
  return page.prose.flatMap(({ line, text }) =>
    [...text.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => ({ where: `${page.path}:${line}`, target: target! })),
  );
}

/** The names by which its headings can be linked to, as GitHub makes them. */
export function anchorsOf({ prose }: Page): string[] {
  return prose.flatMap(({ text }) => {
    const title = /^#+ (.*)$/.exec(text)?.[1];
    if (title === undefined) return [];
    const plain = title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    return [plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/ /g, '-')];
  });
}
