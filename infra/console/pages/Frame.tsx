import React, { useEffect, useRef, useState } from 'react';
import type { OperatorRole } from '../../settings';
import { type Act, RoleContext } from './ActionButton';
import { Keys } from './Keys';
import { Palette } from './Palette';
import { pageAt, pagesOf } from './pages';
import { addressOf, Link, useRoute } from './route';
import { reasonOf } from './session';
import type { useMe } from './state';
import { PausedContext, useView } from './view';

/** Around every page: the way to the others, what is wrong with the whole, and what became of the last action. */
export function Frame({ appTitle, me }: { appTitle: string; me: ReturnType<typeof useMe> }) {
  const route = useRoute();
  const page = pageAt(route.page);
  const role = me?.role ?? 'viewer';
  const [notice, setNotice] = useState('');
  const [isPaused, setPaused] = useState(false);
  const [isFinding, setFinding] = useState(false);
  const help = useRef<HTMLDialogElement>(null);
  const find = () => setFinding(true);
  const pause = () => setPaused(before => !before);
  const act: Act = (what, action) => {
    setNotice(`${what} …`);
    // What comes of it is to be seen.
    setPaused(false);
    return action().then(
      () => setNotice(`${what}: done`),
      error => setNotice(`${what}: ${reasonOf(error)}`),
    );
  };
  useEffect(() => {
    document.title = `${route.id ?? page?.title ?? 'Not found'} · ${appTitle} console`;
  }, [page, route.id, appTitle]);
  const main = useFocusOnMove(`${route.page}/${route.id ?? ''}`);
  return (
    <RoleContext.Provider value={role}>
      <Navigation current={route.page} role={role} />
      <section className="console-tools" aria-label="This page">
        {isPaused && <span>Paused: this page stays as it is.</span>}
        <button type="button" onClick={pause}>
          {isPaused ? 'Go on' : 'Pause'}
        </button>
        <button type="button" aria-keyshortcuts="Control+K" onClick={find}>
          Find
        </button>
        <button type="button" aria-keyshortcuts="?" onClick={() => help.current?.showModal()}>
          Keys
        </button>
      </section>
      <NoJobsRole />
      <PausedContext.Provider value={isPaused}>
        <main ref={main} tabIndex={-1}>
          {page ? <page.Page route={route} act={act} key={route.page} /> : <p>There is no such page.</p>}
        </main>
      </PausedContext.Provider>
      <Keys role={role} help={help} onFind={find} onPause={pause} />
      {isFinding && <Palette role={role} onClose={() => setFinding(false)} />}
      <p className={`console-notice${notice ? '' : ' empty'}`} role="status">
        <span>{notice}</span>
        {notice && (
          <button type="button" className="plain" aria-label="Close the message" onClick={() => setNotice('')}>
            ×
          </button>
        )}
      </p>
    </RoleContext.Provider>
  );
}

function Navigation({ current, role }: { current: string; role: OperatorRole }) {
  const nav = useRef<HTMLElement>(null);
  const tabs = pagesOf(role);
  const isThere = tabs.some(({ path }) => path === current);
  // On a phone the tabs are wider than the page.
  useEffect(() => {
    const tab = isThere && nav.current?.querySelector(`[href="${addressOf(current)}"]`);
    if (tab) tab.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current, isThere]);
  return (
    <nav ref={nav} className="console-nav" aria-label="Console">
      {tabs.map(({ path, title }) => (
        <Link key={path} to={addressOf(path)} current={path === current}>
          {title}
        </Link>
      ))}
    </nav>
  );
}

/** Nothing that is asked for will be done: that must not be found out by waiting. */
function NoJobsRole() {
  const { value } = useView('frame');
  if (!value || value.jobsRoles > 0) return null;
  return (
    <p className="console-banner" role="alert">
      No jobs role lives: tasks are kept, and nobody carries them out.
    </p>
  );
}

/** Somebody who follows a link by key or by ear starts to read where the new page begins. */
function useFocusOnMove(place: string) {
  const main = useRef<HTMLElement>(null);
  const before = useRef(place);
  useEffect(() => {
    if (before.current !== place) main.current?.focus({ preventScroll: true });
    if (before.current !== place) scrollTo(0, 0);
    before.current = place;
  }, [place]);
  return main;
}
