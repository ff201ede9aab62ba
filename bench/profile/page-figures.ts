import {
  type Growth,
  type Incident,
  type IncidentKind,
  incidentKinds,
  type Measured,
  type Percentiles,
  type Profile,
  type SetUpKey,
  setUpKeys,
} from './figures';
import { appsFor, containerSizes, headroom, pricesFrom } from './galaxy';
import { all, incidentNames, nameOf, show, showMs } from './names';
import { capital, compare, fourOf, image, list, sumOf, table } from './page-words';

// What the run has measured: performance, resources, and what that costs.

export function performance(profile: Profile): string[] {
  const { setUps, pair } = profile;
  const rows = (read: (measured: Measured) => Percentiles | undefined) => [
    ...setUpKeys.map(key => [nameOf[key], ...fourOf(read(setUps[key].quiet)), ...fourOf(read(setUps[key].load))]),
    ...(pair ? [[pairName(pair), ...fourOf(read(pair.quiet)), ...fourOf(read(pair.load))]] : []),
  ];
  const header = (what: string) => [what, 'p50', 'p95', 'p99', 'max', 'load: p50', 'p95', 'p99', 'max'];
  return [
    '## Performance',
    image(
      'percentiles',
      'p50, p95, p99 and the slowest of method latency, publication delay and event-loop delay, for each set-up',
    ),
    'In ms, without tasks and under load. Each visitor calls at a steady pace, so that a slow answer hides none behind it; an event loop that stands still counts once for each timer that it holds up.',
    table(
      header('method latency'),
      rows(({ latency }) => latency),
    ),
    table(
      header('publication delay'),
      rows(({ publication }) => publication),
    ),
    table(
      header('event-loop delay'),
      rows(({ loop }) => loop),
    ),
    ...(pair ? [pairNote(pair)] : []),
    judgement(profile),
    '### Tasks',
    `From the wish to the end, in ms, while the visitors call. The tasks of the bursts are among the shortest ones: they wait for each other.`,
    table(
      ['', 'task', 'asked for', 'done', 'p50', 'p95', 'p99', 'max'],
      setUpKeys.flatMap(key =>
        setUps[key].tasks.map(task => [
          nameOf[key],
          showMs(task.ms),
          show(task.added),
          show(task.done),
          ...fourOf(task.delay),
        ]),
      ),
    ),
    '### Growth',
    image('growth', 'Tasks a second and the p99 of method calls, by the number of workers, for each set-up'),
    `${profile.growthTasks} tasks of 20 ms at once, with all workers up, while the visitors call.`,
    table(
      ['', 'jobs roles', 'workers', 'tasks a second', 'call p99, ms', 'call max, ms', 'MB', 'processes'],
      profile.growth.map(growthRow),
    ),
    growthJudgement(profile),
  ];
}

const pairName = ({ host }: NonNullable<Profile['pair']>) => `two roles on ${host}`;

function pairNote({ host, url }: NonNullable<Profile['pair']>): string {
  return `The last row is the template’s own app at ${url}, on ${host}: its shortest task has 100 ms, and its event-loop delay is the highest of each half second.`;
}

function growthRow({ setUp, jobsRoles, workers, tasksPerSecond, latency, megabytes, processes }: Growth): string[] {
  const [roles, count] =
    setUp === 'roles'
      ? [show(jobsRoles), show(jobsRoles * workers)]
      : ['–', setUp === 'monolith' ? '–' : show(workers)];
  return [
    nameOf[setUp],
    roles,
    count,
    show(tasksPerSecond),
    show(latency.p99),
    show(latency.max),
    show(megabytes),
    show(processes),
  ];
}

/** Sentences that hold, whichever way the run went. */
function judgement({ setUps }: Profile): string {
  const { monolith, roles, pool, plain } = setUps;
  const one = (read: (measured: Measured) => number | undefined, what: string) => {
    const [a, b] = [read(monolith.load) ?? 0, read(roles.load) ?? 0];
    return `${capital(what)} at p99 is ${showMs(a)} in one process, ${compare(a, b)} the ${showMs(b)} of two roles.`;
  };
  const besides = [pool, plain].map(({ load }) => load.latency.p99);
  return [
    one(({ latency }) => latency.p99, 'the latency of a method'),
    one(({ publication }) => publication?.p99, 'the delay of a publication'),
    one(({ loop }) => loop?.p99, 'the delay of the event loop'),
    `A pool in the same process has a latency of ${showMs(besides[0]!)} and plain Node workers of ${showMs(besides[1]!)}, at p99.`,
  ].join(' ');
}

function growthJudgement({ growth, machine }: Profile): string {
  const of = (setUp: SetUpKey, workers: number) =>
    growth.find(one => one.setUp === setUp && one.workers === workers && one.jobsRoles === 1);
  const sentences = (['pool', 'roles', 'plain'] as const).flatMap(key => {
    const [one, two, four] = [of(key, 1), of(key, 2), of(key, 4)];
    if (!one || !two || !four) return [];
    const gain = (more: Growth, less: Growth) => `${show(more.tasksPerSecond / less.tasksPerSecond)} times`;
    return [
      `${capital(nameOf[key])}: two workers do ${gain(two, one)} as much as one, four ${gain(four, two)} as much as two.`,
    ];
  });
  return `${sentences.join(' ')} The database, the visitors and the web process share the ${machine.cores} cores with them: for tasks that compute, more workers than cores pay off on larger machines only.`;
}

export function resources(profile: Profile): string[] {
  const { setUps } = profile;
  return [
    '## Resource usage',
    image('resources', 'Memory and CPU under load, of each set-up and its parts'),
    'Resident memory at its highest, CPU in percent of one core, and what there is at most, under load. Linux counts pages that processes share for each of them.',
    table(
      ['', 'part', 'MB', 'CPU %', 'processes', 'threads'],
      setUpKeys.flatMap(key =>
        setUps[key].load.parts.map(({ part, megabytes, cpuPercent, processes, threads }) => [
          nameOf[key],
          part,
          show(megabytes),
          show(cpuPercent),
          show(processes),
          show(threads),
        ]),
      ),
    ),
    coresSentence(profile),
    '### What a start costs',
    'From the start of the process until it serves (a role: `/healthz` is fine; a plain worker: it looks for tasks). A process with a pool starts one worker at once, to see that both know the same tasks; it is part of the figure.',
    table(
      ['', 'part', 'ms', 'CPU ms', 'MB', 'threads'],
      setUpKeys.flatMap(key =>
        setUps[key].starts.map(({ part, ms, cpuMs, megabytes, threads }) => [
          nameOf[key],
          part,
          show(ms),
          show(cpuMs),
          show(megabytes),
          show(threads),
        ]),
      ),
    ),
    workerSentence(profile),
    '### What each survives',
    image(
      'incidents',
      'The longest time in which no visitor got an answer, for a crash, a leak and a kill in each set-up',
    ),
    table(
      [
        '',
        'incident',
        'lines cut',
        'calls lost',
        'no answer, ms',
        'slowest call, ms',
        'other tasks done',
        'last one after, ms',
        'ended and started again',
      ],
      incidentKinds.flatMap(kind => setUpKeys.map(key => incidentRow(key, kind, setUps[key].incidents[kind]))),
    ),
    survivalSentence(profile),
  ];
}

function coresSentence({ setUps, machine }: Profile): string {
  const all = setUpKeys.map(key => `${nameOf[key]} ${show(sumOf(setUps[key].load, 'cpuPercent'))} %`);
  const busy = setUpKeys.map(key => `${nameOf[key]} ${show(setUps[key].load.loopBusyPercent ?? 0)} %`);
  return `CPU in all: ${all.join(', ')}, of the ${machine.cores * 100} % that ${machine.cores} cores have. The web process’s event loop was busy for this share of the time: ${busy.join(', ')}. Most threads are V8’s and libuv’s and sleep; JavaScript runs on one thread in each process.`;
}

function workerSentence({ growth, workerStartMs }: Profile): string {
  const sentences = (['pool', 'roles', 'plain'] as const).flatMap(key => {
    const own = growth.filter(one => one.setUp === key && one.jobsRoles === 1);
    const [few, many] = [own[0], own.at(-1)];
    if (!few || !many || few === many) return [];
    const each = (many.megabytes - few.megabytes) / (many.workers - few.workers);
    return [`${nameOf[key]} ${show(each)} MB`];
  });
  const [one, two] = [1, 2].map(jobsRoles =>
    growth.find(step => step.setUp === 'roles' && step.workers === 1 && step.jobsRoles === jobsRoles),
  );
  const more =
    one && two ? ` A second jobs role with its worker takes ${show(two.megabytes - one.megabytes)} MB more.` : '';
  return `One more worker takes: ${sentences.join('; ')}. A worker of the pool starts in ${showMs(workerStartMs)}.${more} Idle workers end after a second by default (\`workers.keepAlive\`).`;
}

function incidentRow(key: SetUpKey, kind: IncidentKind, incident: Incident): string[] {
  const { cutOff, lost, silenceMs, latency, bystanders, bystandersDone, bystandersMs, restarts } = incident;
  const done = `${bystandersDone} of ${bystanders}`;
  const after = bystandersDone === bystanders ? show(bystandersMs) : '–';
  return [
    nameOf[key],
    incidentNames[kind],
    show(cutOff),
    show(lost),
    show(silenceMs),
    show(latency.max),
    done,
    after,
    restarts.join(', ') || '–',
  ];
}

function survivalSentence({ setUps }: Profile): string {
  const sentences = setUpKeys.map(key => {
    const of = (kinds: readonly IncidentKind[]) => all(kinds.map(kind => incidentNames[kind]));
    const visitors = incidentKinds.filter(
      kind => setUps[key].incidents[kind].cutOff === 0 && setUps[key].incidents[kind].lost === 0,
    );
    const tasks = incidentKinds.filter(
      kind => setUps[key].incidents[kind].bystandersDone === setUps[key].incidents[kind].bystanders,
    );
    return `**${capital(nameOf[key])}**: visitors survive ${of(visitors)}. The other tasks survive ${of(tasks)}.`;
  });
  return list(sentences);
}

export function galaxy(profile: Profile): string[] {
  const rows = setUpKeys.map(key => {
    const apps = appsFor(profile.setUps[key].load.parts);
    const sum = (plan: 'essential' | 'professional') => `$${apps.reduce((all, { size }) => all + size[plan], 0)}`;
    const says = apps.map(
      ({ part, megabytes, cpuPercent, size }) => `${part}: ${show(megabytes)} MB, ${show(cpuPercent)} % → ${size.name}`,
    );
    return [nameOf[key], says.join('<br>'), sum('essential'), sum('professional')];
  });
  return [
    '### Cost on Galaxy',
    `The smallest container whose memory is ${headroom} times what was measured under load, for each part, and its price a month (Essential and Professional plan). The prices are from [Galaxy’s page on billing](${pricesFrom.url}), read in a stored copy on ${pricesFrom.readOn}; look there before you decide.`,
    table(['', 'parts', 'Essential', 'Professional'], rows),
    table(
      ['container', 'MB', 'ECU', 'Essential', 'Professional'],
      containerSizes.map(({ name, megabytes, ecu, essential, professional }) => [
        name,
        show(megabytes),
        show(ecu),
        `$${essential}`,
        `$${professional}`,
      ]),
    ),
    'Memory decides here, since an ECU is not a core of this machine. Heavy computing needs ECUs as well: a container of its own for the jobs role lets you buy them for the work and not for the visitors, and only for the hours in which there is work. Real Meteor takes more memory than the Node host; a plain worker runs on Galaxy as a Node app, which has prices of its own.',
  ];
}
