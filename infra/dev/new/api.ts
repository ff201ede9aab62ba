import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Change, Recipe } from './changes';
import { refuseTaken } from './free-name';
import type { Name } from './name';

/** A domain whose documents belong to the visitor who made them: collection, schema, methods, publication, test. */
export function newApi(name: Name, root: string): Recipe {
  const of = wordsFor(name);
  const folder = `imports/api/${name.kebab}`;
  refuseTaken(of.camel, [of.pascal, of.Type], root);
  refuseFolderBesideFile(folder, root);
  return {
    changes: [
      { file: `${folder}/schema.ts`, text: schema(of) },
      { file: `${folder}/collection.ts`, text: collection(of) },
      { file: `${folder}/methods.ts`, text: methods(of) },
      { file: `${folder}/publications.ts`, text: publications(of) },
      { file: `${folder}/index.ts`, text: part(of) },
      ...lines(of),
      { file: `tests/app/api-${name.kebab}.test.ts`, text: test(of) },
    ],
    next: [
      `${folder}/schema.ts: what ${of.aOne} is, and what may be stored`,
      `${folder}/methods.ts, publications.ts: what visitors may do and see`,
      `imports/ui/: where the page shows it, with useSubscribe('${of.camel}.mine') and call('${of.camel}.add', …)`,
    ],
  };
}

/** `./api/live` means live.ts, and never the folder beside it. */
function refuseFolderBesideFile(folder: string, root: string): void {
  if (existsSync(join(root, `${folder}.ts`))) throw new Error(`${folder}.ts: is there already; choose another name`);
}

/** The names of one domain: `notes`, a `Note`, the collection `Notes`. */
interface Words extends Name {
  /** `note`, in a sentence. */
  one: string;
  /** `a note`, `an invoice`. */
  aOne: string;
  /** `Note`. */
  Type: string;
}

function wordsFor(name: Name): Words {
  const one = singular(name.words);
  const Type = singular(name.pascal);
  const aOne = `${/^[aeiou]/.test(one) ? 'an' : 'a'} ${one}`;
  return { ...name, one, aOne, Type: Type === name.pascal ? `${Type}Document` : Type };
}

function singular(plural: string): string {
  if (/[^aeiou]ies$/i.test(plural)) return plural.replace(/ies$/, 'y');
  if (/(s|x|z|ch|sh)es$/i.test(plural)) return plural.replace(/es$/, '');
  return /[^isu]s$/i.test(plural) ? plural.slice(0, -1) : plural;
}

/** The domain's line in the list of them, and its import. */
function lines({ camel, kebab }: Words): Change[] {
  const file = 'imports/app.ts';
  // Imported or declared, or a part already; a word of a comment or of an option is not in the way.
  const unless = new RegExp(`^import \\{[^}]*\\b${camel}\\b|\\bconst ${camel}\\b|^ {2}${camel},$`, 'm');
  return [
    { file, insert: `  ${camel},\n`, at: { before: /^\]\);\n/ }, unless },
    { file, insert: `import { ${camel} } from './api/${kebab}';\n`, at: { after: /^/ } },
  ];
}

const part = ({ camel, pascal, Type }: Words) => `import type { ApiPart } from '../part';
import { ${pascal} } from './collection';
import { define${Type}Methods } from './methods';
import { publish${pascal} } from './publications';

export const ${camel}: ApiPart<'${camel}'> = {
  limits: { '${camel}.add': [20, 10_000], '${camel}.remove': [40, 10_000] },
  publications: ['${camel}.mine'],
  async ensureIndexes() {
    await ${pascal}.createIndexAsync({ owner: 1, createdAt: -1 });
  },
  async start() {
    define${Type}Methods();
    publish${pascal}();
  },
};

declare module '../contract' {
  interface Methods {
    /** Gives the id. */
    '${camel}.add': (text: string) => string;
    '${camel}.remove': (id: string) => undefined;
  }
}
`;

const schema = ({ aOne, Type }: Words) => `/** What a visitor has stored: the page shows it, nobody else gets it. */
export interface ${Type} {
  _id: string;
  owner: string;
  text: string;
  createdAt: Date;
}

export const longestText = 200;

/** What is wrong with the text of ${aOne}, in words for the person who typed it; undefined where nothing is. */
export function textProblem(text: string): string | undefined {
  const { length } = text.trim();
  if (length >= 1 && length <= longestText) return undefined;
  return \`The text must have 1 to \${longestText} characters, not \${length}.\`;
}
`;

const collection = ({ camel, pascal, Type }: Words) => `import { Mongo } from 'meteor/mongo';
import type { ${Type} } from './schema';

export const ${pascal} = new Mongo.Collection<${Type}>('${camel}');
`;

const methods = ({ camel, one, pascal, Type }: Words) => `import { defineMethods } from '../../../infra/link';
import { badInput, notFound, parse, visitorOf } from '../errors';
import { ${pascal} } from './collection';
import { textProblem } from './schema';

/** What a visitor does with ${pascal.toLowerCase() === camel ? camel : `what is in ${pascal}`}. Each method looks at the owner first. */
export function define${Type}Methods(): void {
  defineMethods({
    async '${camel}.add'(input: unknown) {
      const owner = visitorOf(this);
      const text = parse('${camel}.add', input, String);
      const problem = textProblem(text);
      if (problem) throw badInput(problem);
      return ${pascal}.insertAsync({ owner, text, createdAt: new Date() });
    },

    async '${camel}.remove'(id: unknown) {
      const owner = visitorOf(this);
      const removed = await ${pascal}.removeAsync({ _id: parse('${camel}.remove', id, String), owner });
      if (removed === 0) throw notFound('${one}');
    },
  });
}
`;

const publications = ({ camel, pascal }: Words) => `import { Meteor } from 'meteor/meteor';
import { live } from '../live';
import { ${pascal} } from './collection';

const newest = 50;

/** \`${camel}.mine\`: the visitor's own, newest first. */
export function publish${pascal}(): void {
  Meteor.publish('${camel}.mine', function () {
    if (!this.userId) return this.ready();
    return ${pascal}.find(
      { owner: this.userId },
      { fields: { owner: 0 }, sort: { createdAt: -1 }, limit: newest, ...live },
    );
  });
}
`;

const test = ({ camel, one, aOne }: Words) => `import { eventually } from '../support/eventually';
import { ForeignClient } from '../support/foreign-ddp';
import { startRoles, type TestRoles } from '../support/roles';

let roles: TestRoles;
const clients: ForeignClient[] = [];

beforeAll(async () => {
  roles = await startRoles({ jobs: false });
});
afterAll(async () => {
  for (const client of clients) client.close();
  await roles?.stop();
});

/** Somebody with an empty ${one} list, who sees it change. */
async function visitor(): Promise<ForeignClient> {
  const client = await ForeignClient.open(roles.webUrl);
  clients.push(client);
  await client.enter();
  await client.subscribe('${camel}.mine');
  return client;
}

test('shows ${aOne} to who added it, and to nobody else', async () => {
  const [ada, ben] = [await visitor(), await visitor()];
  const _id = await ada.call<string>('${camel}.add', 'an example');
  await eventually(() => ada.list('${camel}').length === 1);
  expect(ada.list('${camel}')).toMatchObject([{ _id, text: 'an example' }]);
  await expect(ben.call('${camel}.remove', _id)).rejects.toMatchObject({ error: 'not-found' });
  expect(ben.list('${camel}')).toEqual([]);
});

test('removes ${aOne} for good', async () => {
  const ada = await visitor();
  const _id = await ada.call<string>('${camel}.add', 'an example');
  await eventually(() => ada.list('${camel}').length === 1);
  await ada.call('${camel}.remove', _id);
  await eventually(() => ada.list('${camel}').length === 0);
});

test.each([['', 'not 0'], ['x'.repeat(201), 'not 201'], [{ $ne: null }, 'Expected string']])(
  'refuses %p and says why',
  async (text, reason) => {
    const ada = await visitor();
    await expect(ada.call('${camel}.add', text)).rejects.toMatchObject({
      error: 'bad-input',
      reason: expect.stringContaining(reason),
    });
  },
);
`;
