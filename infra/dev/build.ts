/** `npm run build` and `npm run build:worker`. */
import { join, relative } from 'node:path';
import { buildWorker } from './bundling/build-worker';
import { Bundler, said } from './bundling/bundler';
import { root } from './root';

/** The bundles of the Node host: server, browser and worker. */
async function buildAll(): Promise<void> {
  const bundler = new Bundler(join(root, '.local', 'build'), { small: true });
  await bundler.build().finally(() => bundler.stop());
  console.log(`Built ${[bundler.serverFile, bundler.clientFolder].map(path => relative(root, path)).join(', ')}`);
}

/** The file that a jobs role forks. A deploy to Meteor needs no other build beforehand. */
async function buildOnlyWorker(): Promise<void> {
  const { file, buildId } = await buildWorker();
  console.log(`Built ${relative(root, file)} (${buildId.slice(0, 12)})`);
}

const build = process.argv.includes('--worker') ? buildOnlyWorker : buildAll;

build().catch(async error => {
  console.error(error instanceof Error ? await said(error) : error);
  process.exitCode = 1;
});
