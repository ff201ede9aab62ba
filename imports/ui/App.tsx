import React from 'react';
import { Announcer } from './components/Announcer';
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

function Page() {
  const tasks = useTasks();
  return (
    <>
      <Pulse tasks={tasks} />
      <div className="panels">
        {/* A panel for each domain. */}
        <Reports tasks={tasks} />
        <Notifications />
        <Pictures tasks={tasks} />
      </div>
      <Announcer tasks={tasks} />
    </>
  );
}
