import { architectures, type Diagram, mermaid, processes } from './diagrams';
import { type Incident, type Profile, type SetUpKey, setUpKeys } from './figures';
import { nameOf, show, showMs } from './names';
import { image, list, noticedMs, sumOf } from './page-words';

// The two methods that the page compares: how they work, what they imply and what they risk.

function diagram(key: SetUpKey, kind: 'architecture' | 'process', drawn: Record<SetUpKey, Diagram>): string[] {
  return [image(`${kind}-${key}`, drawn[key].title), `\`\`\`mermaid\n${mermaid(drawn[key])}\n\`\`\``];
}

export function proposed(profile: Profile): string[] {
  const { setUps, plainWorkerLines, workers, leaseMs } = profile;
  const { roles, plain, monolith } = setUps;
  return [
    '## Proposed method: SyncedCron or a vanilla Node application in separate worker instances',
    '### Description of the architecture',
    `**Two roles**: the same codebase starts twice. The web role serves people. The jobs role runs SyncedCron, claims tasks, and hands them to ${workers} worker processes without Meteor. A DDP link beside the database carries nudges and requests ([architecture](architecture.md)).`,
    ...diagram('roles', 'architecture', architectures),
    `**Plain Node workers**: the web role inserts documents, and ${workers} Node processes without Meteor look for them every tenth of a second. The program has ${plainWorkerLines} lines (\`bench/profile/plain-worker.ts\`): no lease, no retry, no time-out, no progress.`,
    ...diagram('plain', 'architecture', architectures),
    '### Process diagram',
    ...diagram('roles', 'process', processes),
    ...diagram('plain', 'process', processes),
    '### Design implications',
    list([
      '**Code reuse.** Roles share everything: one repository, one build, two settings files. Handlers import the app’s plain modules, and no Meteor. A plain worker shares only what does not import Meteor, and needs a build, a deployment and a driver connection of its own.',
      '**Caveats.** A handler is named, not passed: no closure crosses a process. Tasks and results are data. What a task needs travels through MongoDB, so the two sides must agree on its form while an old and a new version run side by side.',
      `**Distribution.** Any number of jobs roles may share a database: a claim is atomic, and a lease of ${showMs(leaseMs)} says when another one may take over. Files travel through the database, since the two sides share no disk.`,
      `**Horizontal scaling.** Web roles and jobs roles scale independently. ${growthSentence(profile)}`,
      '**Vertical scaling.** Workers use as many cores as there are. Where they share a machine with the web role, their lower priority (nice 10) leaves it the core that it needs.',
    ]),
    '### Risks',
    list([
      `**More processes, more memory.** ${evidence(`two roles ${show(sumOf(roles.load, 'megabytes'))} MB, plain workers ${show(sumOf(plain.load, 'megabytes'))} MB, one process ${show(sumOf(monolith.load, 'megabytes'))} MB under load`)}`,
      `**A task starts later, since it takes a way.** ${evidence(taskDelay(profile))}`,
      `**The jobs role dies with tasks in its hands.** ${evidence(`${tasksAfter('two roles', roles.incidents.kill)}; visitors: ${visitorsAfter(roles.incidents.kill)}`)}`,
      `**A plain worker has no lease.** What it held when it died stays “running”, as nobody looks. ${evidence(tasksAfter('plain Node workers', plain.incidents.kill))}`,
      `**The work still takes its share of the machine.** ${evidence(`on this one the p99 of two roles is ${showMs(roles.quiet.latency.p99)} without tasks and ${showMs(roles.load.latency.p99)} with them`)} A machine of its own for the jobs role takes that away.`,
      '**Two things to deploy.** The jobs role first, so that it knows every task that the new web role adds; `./deploy.sh` does it.',
    ]),
  ];
}

const evidence = (measured: string) => `Measured: ${measured}.`;

function taskDelay({ setUps }: Profile): string {
  const shortest = (key: SetUpKey) => setUps[key].tasks[0];
  const all = setUpKeys.flatMap(key => {
    const task = shortest(key);
    return task ? [`${nameOf[key]} ${showMs(task.delay.p50)}`] : [];
  });
  return `from the wish to the end of the shortest tasks, at the median, bursts included: ${all.join(', ')}`;
}

function tasksAfter(name: string, { bystanders, bystandersDone, bystandersMs }: Incident): string {
  const lost = bystanders - bystandersDone;
  if (lost > 0) return `with ${name} ${lost} of ${bystanders} tasks beside it were never done`;
  return `with ${name} all ${bystanders} tasks beside it were done, the last one after ${showMs(bystandersMs)}`;
}

function visitorsAfter({ silenceMs, cutOff, lost }: Incident): string {
  return `${cutOff} lines cut, ${lost} calls lost, ${showMs(silenceMs)} without any answer`;
}

function growthSentence({ growth, growthTasks }: Profile): string {
  const step = (setUp: SetUpKey, workers: number, jobsRoles = 1) =>
    growth.find(one => one.setUp === setUp && one.workers === workers && one.jobsRoles === jobsRoles);
  const [one, two, four, split] = [step('roles', 1), step('roles', 2), step('roles', 4), step('roles', 1, 2)];
  if (!one || !two || !four || !split) return '';
  return `${growthTasks} tasks at once: ${show(one.tasksPerSecond)} a second with one worker, ${show(two.tasksPerSecond)} with two, ${show(four.tasksPerSecond)} with four, ${show(split.tasksPerSecond)} with two jobs roles of one worker each.`;
}

export function alternative(profile: Profile): string[] {
  const { setUps, stream, machine } = profile;
  const { monolith, pool } = setUps;
  const longest = Math.max(...stream.map(({ ms }) => ms));
  return [
    '## Alternative method: SyncedCron, all scheduled and running inside of one monolithic Meteor instance',
    '### Description of the architecture',
    "**One process**: methods, publications, SyncedCron and the tasks share one process and one event loop. In this template that is a role without `runJobs`, with task types that say `runsIn: 'role'`.",
    ...diagram('monolith', 'architecture', architectures),
    '**One process with a worker pool**, between the two methods: SyncedCron and the queue stay with the visitors, the tasks go into worker processes.',
    ...diagram('pool', 'architecture', architectures),
    '### Process diagram',
    ...diagram('monolith', 'process', processes),
    ...diagram('pool', 'process', processes),
    '### Example diagram of how this works with the event loop',
    image(
      'event-loop',
      'A trace of this run: which task ran when in which process, and which calls of visitors waited meanwhile',
    ),
    `The picture is a trace of this run, around the first task of ${showMs(longest)}. ${traceSentence(profile)}`,
    '### Sample application that demonstrates the issue',
    'It is in this repository: [bench/profile/app](../bench/profile/app) with `PROFILE_TASKS_IN=role` is the one process, without it the other set-ups. The template’s own page shows the good case: `npm start`, then push *Burn 4 workers*.',
    '### Design implications',
    list([
      '**Code reuse.** Nothing is in the way: a task may call whatever the app has, collections and methods included.',
      '**Caveats.** Each task must give the event loop back every few milliseconds, or be short. Nobody can stop one that does not.',
      '**Distribution.** Every instance runs everything. SyncedCron keeps each schedule to one instance; where its work runs is luck, and the visitors of that instance wait.',
      '**Horizontal scaling.** A second instance doubles both sides, the one that is needed and the other one.',
      `**Vertical scaling.** ${verticalSentence(profile)}`,
      `**With a pool** the computing leaves the event loop of the visitors: p99 ${showMs(pool.load.latency.p99)} under load, against ${showMs(monolith.load.latency.p99)} without it.`,
    ]),
    '### Risks',
    list([
      `**Everything is on one thread: not a good use of the machine.** ${evidence(`under load the process takes ${show(sumOf(monolith.load, 'cpuPercent'))} % of a core, and no more than 100 % of the ${machine.cores} cores’ ${machine.cores * 100} % is ever open to its JavaScript. ${verticalSentence(profile)}`.replace(/\.$/, ''))}`,
      `**A CPU-bound job blocks the entire app until it is complete.** ${evidence(`the slowest call takes ${showMs(monolith.load.latency.max)}, and the longest task ${showMs(longest)}. The event loop is up to ${showMs(monolith.load.loop?.max ?? 0)} late, and a change in the database reaches a visitor after up to ${showMs(monolith.load.publication?.max ?? 0)}`)}`,
      `**It leaks, and crashes all at once.** ${evidence(`a crash: ${visitorsAfter(monolith.incidents.crash)}. A leak: ${visitorsAfter(monolith.incidents.leak)}`)}`,
      `**A single point of failure.** ${evidence(`killed: ${visitorsAfter(monolith.incidents.kill)}. With a pool: ${visitorsAfter(pool.incidents.kill)}`)}`,
      '**No part of it scales by itself.** Two application servers and many workers, for instance, is a cluster that this design cannot be.',
    ]),
  ];
}

function traceSentence({ setUps }: Profile): string {
  const waiting = (key: SetUpKey) =>
    setUps[key].trace.calls.filter(([, sent, , answered]) => answered - sent > noticedMs);
  const longest = (key: SetUpKey) =>
    Math.max(0, ...setUps[key].trace.calls.map(([, sent, , answered]) => answered - sent));
  const of = (key: SetUpKey) =>
    `${waiting(key).length} of ${setUps[key].trace.calls.length} calls wait longer than ${showMs(noticedMs)}, the longest ${showMs(longest(key))}`;
  return `In one process ${of('monolith')}: the loop comes to them when the task has ended. In two roles ${of('roles')}.`;
}

function verticalSentence({ growth }: Profile): string {
  const best = (setUp: SetUpKey) =>
    Math.max(...growth.filter(one => one.setUp === setUp).map(one => one.tasksPerSecond));
  const [mono, pool] = [best('monolith'), best('pool')];
  return `One process does ${show(mono)} tasks a second, whatever the machine has; with a pool it does up to ${show(pool)}.`;
}
