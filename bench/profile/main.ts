/**
 * `npm run profile`: the same work in one process, in a process with a pool, in two roles, and in plain Node workers
 * beside a web role. It takes some minutes on 2 cores, and the machine should do nothing else. It writes docs/profile.md,
 * docs/profile.json and docs/images/profile-*.svg.
 *
 * PROFILE_SECONDS (30): how long the load lasts. PROFILE_VISITORS (50). PROFILE_OUT (docs): the folder to write to.
 * `PROFILE_PAGE_ONLY=1` writes page and pictures of the figures that are there, and measures nothing.
 *
 * PROFILE_WEB_URL also measures the app of this template on a pair that runs already, on Meteor for example;
 * PROFILE_MONGO_URL names its database, for the delay of its publications, PROFILE_HOST its host, for the page.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../infra/dev/root';
import type { Profile } from './figures';
import { pageOf } from './page';
import { picturesOf } from './pictures';
import { profile } from './run';

const out = join(root, process.env.PROFILE_OUT ?? 'docs');
const dataFile = join(out, 'profile.json');
const size = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);

async function main(): Promise<void> {
  mkdirSync(join(out, 'images'), { recursive: true });
  if (!process.env.PROFILE_PAGE_ONLY) {
    const chosen = { seconds: size('PROFILE_SECONDS', 30), visitors: size('PROFILE_VISITORS', 50) };
    writeFileSync(dataFile, `${JSON.stringify(await profile(chosen, console.log))}\n`);
  }
  const figures = JSON.parse(readFileSync(dataFile, 'utf8')) as Profile;
  for (const [name, svg] of Object.entries(picturesOf(figures))) writeFileSync(join(out, 'images', name), svg);
  writeFileSync(join(out, 'profile.md'), pageOf(figures));
  console.log(`${join(out, 'profile.md')} is written; the run took ${figures.tookSeconds} s`);
}

main().then(
  // A run that failed may have left visitors behind, who would connect again for ever.
  () => process.exit(0),
  error => {
    console.error(error);
    process.exit(1);
  },
);
