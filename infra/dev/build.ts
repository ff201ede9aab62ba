import { join, relative } from 'node:path';
import { Bundler } from './bundling/bundler';
import { root } from './root';

/** Builds what runs on the Node host: server, browser and worker. */
async function build(): Promise<void> {
  const bundler = new Bundler(join(root, '.local', 'build'));
  await bundler.build().finally(() => bundler.stop());
  console.log(`Built ${[bundler.serverFile, bundler.clientFolder].map(path => relative(root, path)).join(', ')}`);
}

build().catch(error => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
