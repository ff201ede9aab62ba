import { type Incident, incidentKinds, type Profile, type SetUpKey, setUpKeys } from './figures';
import { all, nameOf, show, showMs } from './names';
import { meteorhacks, others, othersReadOn, references } from './others';
import { galaxy, performance, resources } from './page-figures';
import { alternative, proposed } from './page-methods';
import { image, isNoticed, list, noticedMs, sumOf } from './page-words';

/** The page of a run. Each figure in it comes from there, and each comparison is decided by its figures. */
export function pageOf(profile: Profile): string {
  const sections = [
    head(profile),
    objective(profile),
    proposed(profile),
    alternative(profile),
    performance(profile),
    resources(profile),
    galaxy(profile),
    examples(),
    ending(profile),
  ];
  return `${sections.flat().join('\n\n')}\n`;
}

function head(profile: Profile): string[] {
  const { at, machine, commit, host, tookSeconds, setUps, ownLoop, visitors } = profile;
  const day = at.slice(0, 16).replace('T', ' ');
  const { monolith, roles } = setUps;
  const ofMonolith = monolith.load.latency;
  const ofRoles = roles.load.latency;
  return [
    '# The profile: heavy work inside Meteor or beside it',
    `\`npm run profile\` wrote this page with every figure and picture in it: on ${day} UTC, at commit ${commit}, on ${host}, in ${show(tookSeconds)} s. Machine: ${machine.cores} cores (${machine.cpu}), ${show(machine.gigabytes)} GB, ${machine.system}, Node ${machine.node}. The process that measured was itself late by ${showMs(ownLoop.p99)} at the 99th percentile (${showMs(ownLoop.max)} at worst); smaller differences mean nothing. Real Meteor has other figures: [measure it yourself](#repeat-it).`,
    image(
      'latency',
      `How long ${visitors} visitors wait for a method call while the same tasks run, in one process and in two roles`,
    ),
    list([
      `**Under the same load** the slowest 1 % of the method calls take ${showMs(ofMonolith.p99)} or more in one process, and ${showMs(ofRoles.p99)} in two roles. The slowest call takes ${showMs(ofMonolith.max)} in one process (${isNoticed(ofMonolith.max)}) and ${showMs(ofRoles.max)} in two roles (${isNoticed(ofRoles.max)}).`,
      `**When a task crashes**, ${survival('one process', monolith.incidents.crash)}; ${survival('two roles', roles.incidents.crash)}.`,
      `**The price**: two roles and their workers take ${show(sumOf(roles.load, 'megabytes'))} MB under load, one process takes ${show(sumOf(monolith.load, 'megabytes'))} MB.`,
      advice(profile),
    ]),
  ];
}

function survival(name: string, { silenceMs, cutOff, lost }: Incident): string {
  const calls = lost > 0 ? `, and ${show(lost)} calls get none at all` : ', and no call is lost';
  const lines = cutOff > 0 ? `, ${show(cutOff)} connections break` : '';
  return `with ${name} nobody gets an answer for ${showMs(silenceMs)}${lines}${calls}`;
}

/** What follows, as far as the figures carry it. */
function advice({ setUps, machine }: Profile): string {
  const calm = setUpKeys.filter(key => setUps[key].load.latency.p99 <= noticedMs);
  const safe = calm.filter(key => incidentKinds.every(kind => isSurvived(setUps[key].incidents[kind])));
  const names = (keys: readonly SetUpKey[]) => all(keys.map(key => nameOf[key]));
  const first = `**By this run**, visitors notice nothing of the load with ${names(calm)}.`;
  const second = `Of these, visitors and tasks survive all three incidents with ${names(safe)}.`;
  return `${first} ${second} On ${machine.cores} cores all set-ups share what there is; a task that computes has to get its core from somebody.`;
}

function isSurvived({ cutOff, lost, bystanders, bystandersDone }: Incident): boolean {
  return cutOff === 0 && lost === 0 && bystandersDone === bystanders;
}

function objective(profile: Profile): string[] {
  const { visitors, callEveryMs, stream, burst, loadSeconds, workers, heapMb, leaseMs, leak } = profile;
  const streamed = stream.map(({ ms, everyMs }) => `one of ${showMs(ms)} every ${show(everyMs / 1_000)} s`).join(', ');
  const rates = [
    ...stream.map(({ ms, everyMs }) => ms / everyMs),
    (burst.tasks * burst.ms) / (burst.everySeconds * 1_000),
  ];
  const share = 100 * rates.reduce((sum, one) => sum + one, 0);
  return [
    '## Objective',
    'The objective is to find a way to run scheduled and heavy work that fits a Meteor app: in separate worker instances, or inside one Meteor instance. It looks at performance (speed, latency), at resources (memory, threads, cores), at what the design implies (code reuse, caveats, distribution, horizontal and vertical scaling), and at risks. The outline of this analysis is older than this template; this page carries it out.',
    `Each set-up gets the same work. ${visitors} DDP clients are there, each with a live subscription and a method call every ${showMs(callEveryMs)}, whatever the last call took. For ${show(loadSeconds)} s visitors ask for tasks that compute, ${streamed}, and SyncedCron (a timer, with plain Node) adds ${burst.tasks} of ${showMs(burst.ms)} every ${burst.everySeconds} s. Together that is ${show(share)} % of one core. The code of the tasks is the same everywhere, each in one synchronous piece, and the length was calibrated on the idle machine. Then three things go wrong, one after the other: a task throws outside of its promise, ${leak.tasks} tasks leak ${leak.megabytes} MB each, and the process that runs or hands out the tasks is killed, with all that it has started.`,
    `Every process has a heap of ${heapMb} MB, and starts again as soon as it has ended. There are ${workers} workers where there are workers. The queue is Tandem's in all set-ups but the plain workers, with a lease of ${showMs(leaseMs)} (30 s by default) and without the thresholds of \`overload\`, so that one process is not held back. Only the place differs where tasks run.`,
  ];
}

function examples(): string[] {
  const sections = others.flatMap(({ name, does, likeHere, read }) => [
    `### ${name}`,
    does,
    `In the words of this page: ${likeHere}. Read: ${read.map(([what, url]) => `[${what}](${url})`).join(', ')}.`,
  ]);
  return [
    '## Examples: how others do it',
    `Read on ${othersReadOn}, in stored versions of public repositories; each link leads to the version that was read. None of it was measured here.`,
    ...sections,
    '### Meteorhacks’ articles',
    meteorhacks,
  ];
}

function ending({ host }: Profile): string[] {
  return [
    '## Backend stack',
    list([
      `**Meteor.js**: the code runs on Meteor 3, and was measured on ${host}, a small implementation of Meteor’s modules for development and tests ([decision 1](decisions/0001-two-hosts.md)). The two differ in memory and in the cost of a publication, and not in what an event loop is.`,
      '**Node.js**: one thread of JavaScript in each process.',
      '**MongoDB**: a replica set of one on the same machine, started for the run.',
    ]),
    '## References',
    list(references.map(([what, url]) => `[${what}](${url})`)),
    '## Repeat it',
    '```sh\nnpm run profile\n```',
    'It needs 2 cores, Linux, less than ten minutes, and a machine that does nothing else. `PROFILE_SECONDS` says how long the load lasts, `PROFILE_VISITORS` how many visitors there are, `PROFILE_OUT` where the page goes. The figures are in `docs/profile.json`; `PROFILE_PAGE_ONLY=1` writes page and pictures of them again.',
    'Against a pair that runs already, on Meteor for example, it measures the template’s own app as one more row:',
    '```sh\nPROFILE_WEB_URL=http://localhost:3000 PROFILE_MONGO_URL=mongodb://127.0.0.1:3001/meteor PROFILE_HOST="Meteor 3" npm run profile\n```',
  ];
}
