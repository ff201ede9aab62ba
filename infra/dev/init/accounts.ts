import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Edits } from '../edits';

/** The files that an app with accounts has more, at their places below it: compiled and linted with the sample. */
const accountsFiles = 'template/accounts';

/** What the sample's visitors have, and users do not need. */
const visitors = ['imports/api/visitors', 'imports/ui/visitor.ts', 'tests/app/unit/api-visitors.test.ts'];

const cookieImport = { visitor: "from '../visitors/token'", user: "from '../accounts/login-cookie'" };
const forGuests = ['if (!this.userId) return;', 'if (!this.userId) return this.ready();'] as const;
const notSignedIn = "'not-signed-in', 'Sign in first.'";

/** What stands in the sample's files for visitors, and what for users. */
const changes: readonly (readonly [file: string, visitor: string, user: string])[] = [
  ['.meteor/packages', 'react-meteor-data@', 'accounts-base\naccounts-password\nemail\nroles\nreact-meteor-data@'],
  [
    'compose.yaml',
    '      HTTP_FORWARDED_COUNT: "1"\n',
    `      HTTP_FORWARDED_COUNT: "1"
      # For the mails of accounts, such as smtp://user:password@host:587. Without it, none is sent.
      MAIL_URL: \${MAIL_URL:-}
`,
  ],
  ['server/main.ts', 'import { app }', "import 'meteor/accounts-password';\n\nimport { app }"],
  ['client/main.tsx', 'import { Meteor }', "import 'meteor/accounts-password';\n\nimport { Meteor }"],
  [
    'client/main.tsx',
    "from '../imports/ui/App';",
    "from '../imports/ui/App';\nimport { startAccounts } from '../imports/ui/accounts/login';",
  ],
  ['client/main.tsx', 'Meteor.startup(', 'startAccounts();\n\nMeteor.startup('],
  ['client/main.tsx', '<Console />', '<Console signInAt="/" />'],
  [
    'imports/app.ts',
    "import { visitors } from './api/visitors';",
    "import { accounts } from './api/accounts';\nimport { firstAdministrator } from './api/accounts/first-administrator';\nimport { mayOperate } from './api/accounts/roles';",
  ],
  ['imports/app.ts', '  visitors,\n', '  accounts,\n'],
  [
    'imports/app.ts',
    '\n  api,\n',
    '\n  api,\n  mayOperate,\n  services: { web: role => [firstAdministrator(role)] },\n',
  ],
  ['imports/api/errors.ts', "'no-visitor', 'The server does not know this browser yet. Reload the page.'", notSignedIn],
  ['imports/api/errors.ts', ' * The visitor who calls.', ' * The user who calls.'],
  [
    'imports/api/errors.ts',
    '`no-visitor` where the connection has not said who it is.',
    '`not-signed-in` where the connection has no user.',
  ],
  [
    'imports/api/tasks/index.ts',
    'Not ready without a visitor: after a reconnect the page keeps what it shows until `visitors.enter` has come.',
    'Ready: where a login has ended, a page that comes back hears it once all of its subscriptions are.',
  ],
  ['imports/api/tasks/index.ts', ...forGuests],
  ['imports/api/reports/index.ts', ...forGuests],
  ['imports/api/pictures/index.ts', ...forGuests],
  ['imports/api/files/index.ts', cookieImport.visitor, cookieImport.user],
  ['imports/api/files/index.ts', '= ownerOfCookies(', '= await ownerOfCookies('],
  ['imports/api/pictures/index.ts', cookieImport.visitor, cookieImport.user],
  ['imports/api/pictures/index.ts', '= ownerOfCookies(', '= await ownerOfCookies('],
  [
    'imports/api/pictures/index.ts',
    "'no-visitor', 'Open the page first: it gives your browser its visitor cookie.'",
    notSignedIn,
  ],
  ['imports/ui/App.tsx', "import { useVisitor } from './visitor';", "import { SignedIn } from './accounts/SignedIn';"],
  ['imports/ui/App.tsx', '  const entered = useVisitor();\n', ''],
  [
    'imports/ui/App.tsx',
    '{entered ? <Page /> : <p className="opening">Opening …</p>}',
    '\n        <SignedIn>\n          <Page />\n        </SignedIn>\n      ',
  ],
  ['imports/ui/App.tsx', 'it belongs to this browser.', 'it belongs to your account.'],
  [
    'imports/ui/header/Header.tsx',
    "from 'react';\n",
    "from 'react';\nimport { AccountMenu } from '../accounts/AccountMenu';\n",
  ],
  ['imports/ui/header/Header.tsx', '      <LinkState />\n', '      <LinkState />\n      <AccountMenu />\n'],
  [
    'imports/ui/pictures/use-uploads.ts',
    "{ visitorToken } from '../visitor'",
    "{ keepLoginCookie } from '../accounts/login'",
  ],
  ['imports/ui/pictures/use-uploads.ts', 'visitorToken();', 'keepLoginCookie();'],
  ['tests/e2e/bad-input.test.ts', "'no-visitor'", "'not-signed-in'"],
  ['tests/e2e/bad-input.test.ts', "    ['visitors.enter', 'me', /bad-input: the token/],\n", ''],
  [
    'tests/e2e/panels.test.ts',
    '  const stops: (string | undefined)[] = [];\n  for (let step = 0; step < 11;',
    "  await page.reload(); // signing up has left the focus in the middle\n  await page.waitForSelector('.account-menu ::-p-text(@example.com)');\n  const stops: (string | undefined)[] = [];\n  for (let step = 0; step < 12;",
  ],
  ['tests/e2e/panels.test.ts', "    'Burn',\n", "    expect.stringContaining('@example.com'),\n    'Burn',\n"],
];

/** Puts users who sign in where the sample has visitors. Call it before parts of the sample are removed. */
export function addAccounts(edits: Edits, root: string): void {
  for (const path of visitors) edits.remove(path);
  for (const [file, visitor, user] of changes) edits.replace(file, visitor, user);
  const from = join(root, accountsFiles);
  for (const file of filesIn(from)) edits.write(file, readFileSync(join(from, file), 'utf8'));
}

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => statSync(join(folder, file)).isFile());
