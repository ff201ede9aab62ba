import React, { useEffect, useRef, useState } from 'react';
import type { VisitorTask } from '../api/tasks/schema';
import { Header } from './header/Header';
import { Notifications } from './notifications/Notifications';
import { Pictures } from './pictures/Pictures';
import { Pulse } from './pulse/Pulse';
import { Reports } from './reports/Reports';
import { useTasks } from './tasks';
import { useVisitor } from './visitor';

/** The one page of the sample. */
export function App() {
  const entered = useVisitor();
  return (
    <>
      <Header />
      <main>{entered ? <Page /> : <p className="opening">Opening …</p>}</main>
      <footer className="foot">
        <p>
          What you make here is yours alone: it belongs to this browser. Operators look at{' '}
          <a href="/console">the console</a>.
        </p>
      </footer>
    </>
  );
}

/** What an address shows that is not in `imports/pages.ts`. */
export function NoSuchPage() {
  return (
    <>
      <Header />
      <main className="nowhere">
        <h1>There is no such page.</h1>
        <p className="lead">
          <a href="/">To the start</a>
        </p>
      </main>
    </>
  );
}

function Page() {
  const tasks = useTasks();
  return (
    <>
      <Pulse tasks={tasks} />
      <div className="panels">
        {/* A panel for each domain. */}
        <Reports />
        <Notifications />
        <Pictures />
      </div>
      <Announcer tasks={tasks} />
    </>
  );
}

const nouns: Partial<Record<VisitorTask['taskType'], string>> = {
  buildReport: 'Report',
  makeThumbnails: 'Thumbnails',
};

const verdicts: Partial<Record<VisitorTask['state'], string>> = {
  running: 'being made',
  done: 'ready',
  failed: 'failed',
  cancelled: 'cancelled',
  rejected: 'rejected',
};

/** Tells people who listen to the page what the others see: that a task has begun or ended. */
function Announcer({ tasks }: { tasks: ReadonlyMap<string, VisitorTask> }) {
  const before = useRef<ReadonlyMap<string, VisitorTask>>(tasks);
  const [words, setWords] = useState('');
  useEffect(() => {
    const news = [...tasks.values()].filter(task => isNews(task, before.current.get(task._id))).map(sentence);
    before.current = tasks;
    if (news.length > 0) setWords(news.join(' '));
  }, [tasks]);
  return (
    <p className="unseen" role="status" aria-live="polite">
      {words}
    </p>
  );
}

function isNews(task: VisitorTask, before: VisitorTask | undefined): boolean {
  return before !== undefined && before.state !== task.state && task.taskType in nouns && task.state in verdicts;
}

function sentence({ taskType, state }: VisitorTask): string {
  return `${nouns[taskType]} ${verdicts[state]}.`;
}
