/**
 * One measurement of one peer, in a process of its own, so that none finds what another has left: `main.ts` starts it.
 * Its last line is the figures as JSON.
 */
import { packagesIn } from './packages';
import { type PeerName, peers } from './peers';
import { type WorkloadName, workloads } from './workloads';

export interface MeasureRequest {
  peer: PeerName;
  workload: WorkloadName;
  url: string;
  /** Where the peers' packages are installed. */
  packages: string;
  sizes: Parameters<(typeof workloads)['batched']>[1];
}

async function measure({ peer: name, workload, url, packages, sizes }: MeasureRequest): Promise<void> {
  const peer = await peers[name].open({ url, load: await packagesIn(packages) });
  const figures = await workloads[workload](peer, sizes);
  await peer.close();
  console.log(JSON.stringify(figures));
}

measure(JSON.parse(process.argv[2] ?? '{}')).then(
  // Some leave timers and connections behind.
  () => process.exit(0),
  error => {
    console.error(error);
    process.exit(1);
  },
);
