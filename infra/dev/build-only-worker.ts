import { relative } from 'node:path';
import { buildWorker } from './bundling/build-worker';
import { said } from './bundling/bundler';
import { root } from './root';

/** Builds the file that a jobs role forks: all that a deploy to Meteor needs to be built beforehand. */
buildWorker().then(
  ({ file, buildId }) => console.log(`Built ${relative(root, file)} (${buildId.slice(0, 12)})`),
  async error => {
    console.error(await said(error));
    process.exitCode = 1;
  },
);
