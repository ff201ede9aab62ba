/**
 * The memory of a process that works for a queue that others have filled: `claims.ts` starts it. Its last line is the
 * figure as JSON.
 */
import { openTandem } from './peers/tandem';
import { treeUsage } from './process-usage';

const enough = 5_000;

async function measure({ url, database }: { url: string; database: string }): Promise<void> {
  const peer = await openTandem(url, 'inProcess', { database });
  let done = 0;
  await new Promise<void>(resolve => {
    void peer.work({ started: () => {}, done: () => ++done === enough && resolve() });
  });
  console.log(JSON.stringify({ megabytes: treeUsage(process.pid).megabytes }));
}

measure(JSON.parse(process.argv[2] ?? '{}')).then(
  () => process.exit(0),
  error => {
    console.error(error);
    process.exit(1);
  },
);
