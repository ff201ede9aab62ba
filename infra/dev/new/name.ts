/** One name in the spellings that its uses need. */
export interface Name {
  /** `sendInvoice`: in the catalog, in code. */
  camel: string;
  /** `SendInvoice`: a type or a collection. */
  pascal: string;
  /** `send-invoice`: a file or a folder. */
  kebab: string;
  /** `send invoice`: in a sentence. */
  words: string;
}

/** Meteor drops some of these folders from a build, and the others are names without a subject. */
const refused = ['client', 'server', 'test', 'tests', 'index', 'main', 'util', 'utils', 'helper', 'helpers'];
const refusedToo = ['common', 'misc', 'type', 'types', 'private', 'public', 'packages', 'prototype'];
const longest = 40;

/**
 * Reads a name as a person types it: `sendInvoice`, `send-invoice`, `"send invoice"`.
 *
 * @param command the command, for the example in the message.
 * @throws if it is missing or can't be a name.
 */
export function nameOf(typed: readonly string[], command: string): Name {
  const problem = problemOf(typed);
  if (problem) throw new Error(`name: ${problem}. Try: npm run ${command} ${example(typed)}`);
  return spellings(wordsOf(typed[0]!));
}

function spellings(words: readonly string[]): Name {
  const pascal = words.map(capital).join('');
  return { pascal, camel: pascal[0]!.toLowerCase() + pascal.slice(1), kebab: words.join('-'), words: words.join(' ') };
}

function problemOf(typed: readonly string[]): string | undefined {
  const [text] = typed;
  if (text === undefined || text.trim() === '') return 'is missing';
  if (typed.length > 1) return `one is enough, not ${typed.length} (${typed.join(', ')})`;
  if (text.startsWith('-')) return `${JSON.stringify(text)} is no name, and there are no options`;
  const words = wordsOf(text);
  if (words.some(word => !/^[a-z0-9]+$/.test(word)))
    return `${JSON.stringify(text)} has more than letters, digits and -`;
  if (!/^[a-z]/.test(words[0] ?? '')) return `${JSON.stringify(text)} does not begin with a letter`;
  if (text.length > longest) return `${JSON.stringify(text)} is longer than ${longest} characters`;
  const { camel, kebab } = spellings(words);
  const isTaken = [...refused, ...refusedToo].includes(kebab) || camel in Object.prototype;
  return isTaken ? `${JSON.stringify(text)} means something else here` : undefined;
}

function wordsOf(text: string): string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[\s_-]+/)
    .filter(Boolean)
    .map(word => word.toLowerCase());
}

const capital = (word: string) => word[0]!.toUpperCase() + word.slice(1);

/** An example from the typed words, if there are several; else any. */
function example(typed: readonly string[]): string {
  const joined = typed.join('-').toLowerCase();
  return typed.length > 1 && /^[a-z][a-z0-9-]*$/.test(joined) ? joined : 'send-invoice';
}
